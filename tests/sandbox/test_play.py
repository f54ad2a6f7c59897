"""The evening that is played: when it opens, and what it writes down."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.policy import Mode
from budget_guard.domain.windows import Window, end, start
from budget_guard.sandbox.cast import story
from budget_guard.sandbox.play import BEFORE_MIDNIGHT, COSTS, COSTS_BEGIN, opening, write_story
from budget_guard.sandbox.stage import Set
from infra.schedules import expressions
from tests.sandbox.rehearsal import rehearse


@given(st.dates(date(2024, 1, 1), date(2040, 12, 31)))
def test_it_opens_before_a_midnight_that_ends_a_day_and_nothing_else(today: date) -> None:
    opens = opening(today)
    midnight = end(Window.DAILY, opens)
    assert opens.date() >= today
    assert midnight - opens == BEFORE_MIDNIGHT
    assert start(Window.WEEKLY, opens) == start(Window.WEEKLY, midnight)
    assert start(Window.MONTHLY, opens) == start(Window.MONTHLY, midnight)


def test_the_storys_budgets_file_is_right_and_protects_a_key(tmp_path: Path) -> None:
    opens = datetime(2026, 11, 18, 22, 1, tzinfo=UTC)
    hashes = {role.name: f"{number:064x}" for number, role in enumerate(story(opens))}
    policy = yaml_file.load(write_story(tmp_path, hashes))
    assert policy.mode is Mode.ENFORCE
    assert policy.protect == {hashes["prod-checkout"]}


@pytest.mark.parametrize("today", [date(2026, 11, 23), date(2026, 12, 1), date(2027, 1, 1)])
def test_whatever_the_day_caps_hold_and_the_owner_hears(today: date, tmp_path: Path) -> None:
    """A Monday, whose day before is of another week, and the first days of a month and a year."""
    opens = opening(today)
    assert opens.date() == today
    played = rehearse(Set(opens, story(opens), write_story), tmp_path, with_people=True)
    assert played.judged.is_good
    heard = [one for one in played.told if f" of {today:%A}'s spend, against the 4 " in one]
    assert len(heard) == 2


def test_costs_are_polled_at_the_minutes_of_the_stacks_schedule() -> None:
    first, every = (one // timedelta(minutes=1) for one in (COSTS_BEGIN, COSTS))
    _, expression = expressions(5)["Costs"]
    assert expression == f"cron({first}/{every} * * * ? *)"
