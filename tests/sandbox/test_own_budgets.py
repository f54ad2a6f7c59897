"""Anybody's budgets, rehearsed: the keys that are cast for them put their caps to the test."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from budget_guard.cli.sandbox import own
from tests.sandbox.rehearsal import Rehearsed, rehearse

OPENS = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
SHARED = """
budgets:
  - name: crew
    keys: ["crew-*"]
    cap: {daily: 20}
    hold: HOLD
"""
OVERLAPPING = """
budgets:
  - name: crew
    keys: ["crew-*"]
    cap: {daily: 20, monthly: 25}
    hold: always
  - name: both
    keys: ["crew-*", "band-*"]
    cap: {daily: 30, weekly: 32}
    hold: always
  - name: each
    keys: ["band-*"]
    per_key: true
    cap: {daily: 9}
"""


def played(text: str, folder: Path) -> Rehearsed:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    stage = folder / "stage"
    stage.mkdir()
    return rehearse(own(path, OPENS), stage, with_people=False)


@pytest.mark.parametrize("hold", ["always", "90%"])
def test_a_shared_cap_is_put_to_the_test_and_holds(hold: str, tmp_path: Path) -> None:
    evening = played(SHARED.replace("HOLD", hold), tmp_path)
    today = evening.rows[0]
    assert len(today.hashes) == 2
    assert today.promised
    assert today.cap - Decimal("0.05") < today.spent == today.cap + today.in_flight
    assert evening.on.account.books.refused
    assert all(row.holds for row in evening.rows)


def test_a_shared_cap_that_is_only_watched_is_overrun_and_breaks_no_promise(tmp_path: Path) -> None:
    today = played(SHARED.replace("HOLD", "never"), tmp_path).rows[0]
    assert today.over > 0
    assert (today.promised, today.holds) == (False, True)


def test_caps_that_overlap_in_several_windows_hold(tmp_path: Path) -> None:
    evening = played(OVERLAPPING, tmp_path)
    assert {row.budget for row in evening.rows if row.promised} == {"crew", "both", "each"}
    assert [row for row in evening.rows if not row.holds] == []


def test_no_signal_is_asked_for_and_costs_are_read_all_the_same(tmp_path: Path) -> None:
    evening = played(OVERLAPPING, tmp_path)
    assert evening.judged.hearing is None
    assert evening.judged.is_good
    assert len(evening.on.costs_polled) > 7
    signals = evening.on.ledger.signals()
    assert signals
    assert signals.found == ()
