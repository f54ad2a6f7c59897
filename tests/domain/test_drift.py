"""What a look at a key's guardrail tells: ours, not yet, or a person's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from budget_guard.domain.drift import (
    Slot,
    is_overridden,
    is_too_soon,
    let_go,
    settled,
    touched,
)
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.restriction import LOOK, Restriction, Sent
from tests.domain.builders import MINUTE, NOW, utc

SENT = Sent("a", "cheap", NOW, "spent", "run")
BACK = replace(SENT, id="b", guardrail="own")
OURS = Restriction("#api", baseline="own", placed="cheap", placed_at=NOW, names={"cheap": "Cheap"})


def slot(guardrail: str | None, minutes: int = 3) -> Slot:
    at = NOW + minutes * MINUTE
    return Slot(guardrail, at, at)


def test_what_was_sent_and_is_there_is_placed_and_answered() -> None:
    known, sent = settled(Restriction("#api", baseline="own", sent=(SENT,), tries=2), slot("cheap"))
    assert sent is SENT
    assert (known.placed, known.sent, known.tries) == ("cheap", (), 0)
    assert known.placed_at == slot("cheap").at


def test_what_was_sent_to_give_it_back_and_is_there_leaves_nothing_of_ours() -> None:
    known, sent = settled(replace(OURS, sent=(BACK,)), slot("own"))
    assert sent is BACK
    assert not known.is_ours
    assert not is_overridden(known, slot("own"))


@pytest.mark.parametrize(("minutes", "stays"), [(1, True), (2, False)])
def test_what_was_sent_and_is_not_there_may_come_for_two_minutes(
    minutes: int, *, stays: bool
) -> None:
    known, sent = settled(replace(OURS, placed=None, sent=(SENT,)), slot("own", minutes))
    assert sent is None
    assert known.is_ours == stays
    assert known.is_settled(None, NOW) is False


def test_what_is_open_keeps_a_key_from_being_settled() -> None:
    looked = replace(OURS, wanted="cheap", looked_at=NOW)
    assert looked.is_settled("cheap", NOW + LOOK - timedelta(seconds=1))
    assert not looked.is_settled("cheap", NOW + LOOK)
    assert not looked.is_settled("other", NOW)
    assert not replace(looked, sent=(BACK,)).is_settled("cheap", NOW)


def test_an_older_one_that_comes_late_is_ours_all_the_same() -> None:
    both = replace(OURS, placed=None, sent=(SENT, replace(SENT, id="c", guardrail="other")))
    known, sent = settled(both, slot("cheap", 1))
    assert sent is SENT
    assert known.placed == "cheap"
    assert [one.id for one in known.sent] == ["c"]


def test_another_one_there_is_a_persons_but_only_once_ours_has_settled() -> None:
    assert is_too_soon(OURS, slot("theirs", 1))
    assert not is_too_soon(OURS, slot("theirs", 2))
    assert not is_too_soon(OURS, slot("cheap", 1))
    assert is_overridden(OURS, slot("theirs"))
    assert not is_overridden(OURS, slot("cheap"))


def test_theirs_is_what_comes_back_and_stays_until_midnight() -> None:
    known = let_go(OURS, slot(None), OnOverride.RESPECT)
    assert (known.baseline, known.placed) == (None, None)
    assert known.let_go_until == utc("2026-11-19 00:00")
    assert known.override
    assert known.override.change == "guardrail Cheap became none"
    again = let_go(OURS, slot("theirs"), OnOverride.REAPPLY)
    assert (again.reapplied, again.let_go_until) == (1, None)


def test_before_the_first_touch_what_is_there_is_what_comes_back() -> None:
    assert touched(Restriction("#api", baseline="old"), slot("own")).baseline == "own"
    assert touched(OURS, slot("cheap")).baseline == "own"
