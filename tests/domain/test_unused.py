"""Keys that nobody seems to need: only those of which that is known."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from budget_guard.domain.keys import Spent
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import begun
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.unused import Unused, unused
from tests.domain.builders import DAY, HOUR, NOW, a_budget, counters, limited, seen, usd

OLD = (NOW - 200 * DAY).date()
FIRST = HourMark(NOW - 100 * DAY, Spent(usd(7)))


def a_key_of(*marks: HourMark, name: str = "api", ever: int = 7, **who: Any) -> Observation:
    spent = counters(lifetime=ever)
    made = {"created_on": OLD} | who
    return replace(seen(name, spent, at=NOW - 50 * DAY, **made), hours=marks or (FIRST,))


def found(
    *keys: Observation,
    spenders: tuple[str, ...] = (),
    costs_since: datetime | None = None,
    kin: Kin | None = None,
) -> list[str]:
    people = People({one.key.hash: one for one in keys}, (a_budget(owner="ann"),), kin or Kin())
    return [one.name for one in unused(people, {*spenders}, costs_since, NOW)]


def later(days: int) -> HourMark:
    return HourMark(NOW - days * DAY, Spent(usd(9)))


def test_a_key_is_told_with_its_owner_its_age_and_its_last_spend() -> None:
    one = a_key_of(FIRST, later(40), ever=9)
    people = People({one.key.hash: one}, (a_budget(owner="ann"),))
    (told,) = unused(people, set(), None, NOW)
    last = (NOW - 40 * DAY).date()
    assert told == Unused("#api", "api", "ann", OLD, last, usd(9))


@pytest.mark.parametrize(
    ("one", "is_told"),
    [
        (a_key_of(), True),
        (a_key_of(FIRST, later(30)), True),
        (a_key_of(FIRST, later(29)), False),
        (a_key_of(created_on=(NOW - 30 * DAY).date()), True),
        (a_key_of(created_on=(NOW - 29 * DAY).date()), False),
        (a_key_of(created_on=None), True),
        (a_key_of(expires_at=NOW), False),
        (a_key_of(expires_at=NOW + HOUR), True),
        (replace(a_key_of(), gone_at=NOW - DAY), False),
    ],
)
def test_a_key_is_unused_that_is_enabled_and_older_than_its_last_spend_by_a_month(
    one: Observation, is_told: bool
) -> None:
    assert bool(found(one)) is is_told


def test_a_disabled_key_needs_nobody_any_more() -> None:
    off = a_key_of()
    assert not found(replace(off, reading=replace(off.reading, settings=limited(disabled=True))))


def test_counters_of_this_month_are_spend_those_of_another_are_not() -> None:
    spent = counters(lifetime=7, monthly=1)
    for at, is_told in ((NOW - DAY, False), (NOW - 40 * DAY, True)):
        one = a_key_of()
        reading = replace(one.reading, counters=spent, at=at)
        assert bool(found(replace(one, reading=reading))) is is_told


def test_a_key_that_costs_tell_of_is_used() -> None:
    assert found(a_key_of(), a_key_of(name="job"), spenders=("#api",)) == ["job"]


@pytest.mark.parametrize(
    ("costs_since", "ever", "created_on", "is_told"),
    [
        (None, 7, OLD, False),
        (NOW - 29 * DAY, 7, OLD, False),
        (NOW - 30 * DAY, 7, OLD, True),
        (None, 0, OLD, True),
        (None, 0, None, False),
    ],
)
def test_a_key_that_was_just_seen_first_is_told_only_where_its_past_is_known(
    costs_since: datetime | None, ever: int, created_on: Any, is_told: bool
) -> None:
    first = HourMark(NOW - timedelta(hours=2), Spent(usd(ever)))
    one = a_key_of(first, ever=ever, created_on=created_on)
    assert bool(found(one, costs_since=costs_since)) is is_told


def line_of(*keys: str) -> Kin:
    """Return the lineage of some keys, the last of which is in use."""
    lineage = begun("secret", keys[0], "api", workspace="w1", at=NOW - 100 * DAY)
    for one in keys[1:]:
        lineage = lineage.moved_to(one, NOW - 3 * DAY)
    return Kin({"secret": lineage})


YOUNG = a_key_of(
    HourMark(NOW - 3 * DAY, Spent()), name="api #2", ever=0, created_on=(NOW - 3 * DAY).date()
)


def test_a_lineage_is_unused_since_before_its_last_rotation_and_told_as_one() -> None:
    old, kin = a_key_of(FIRST, later(40), ever=9), line_of("#api", "#api #2")
    people = People({one.key.hash: one for one in (YOUNG, old)}, (a_budget(keys="api"),), kin)
    (told,) = unused(people, set(), None, NOW)
    last = (NOW - 40 * DAY).date()
    assert told == Unused("#api #2", "api", None, OLD, last, usd(9))
    assert found(old, YOUNG) == ["api"]


@pytest.mark.parametrize(
    ("old", "new", "spenders"),
    [
        (a_key_of(FIRST, later(20)), YOUNG, ()),
        (a_key_of(), a_key_of(FIRST, later(2), name="api #2", ever=9), ()),
        (a_key_of(), YOUNG, ("#api",)),
        (a_key_of(), YOUNG, ("#api #2",)),
        (a_key_of(created_on=(NOW - 10 * DAY).date()), YOUNG, ()),
        (a_key_of(), replace(YOUNG, gone_at=NOW), ()),
    ],
)
def test_a_lineage_is_used_while_any_of_its_keys_is(
    old: Observation, new: Observation, spenders: tuple[str, ...]
) -> None:
    kin = line_of("#api", "#api #2")
    assert found(old, new, kin=kin, spenders=spenders) == []
    assert found(a_key_of(), YOUNG, kin=kin) == ["api"]


def test_the_longest_unused_come_first() -> None:
    keys = (
        a_key_of(FIRST, later(40), name="b"),
        a_key_of(FIRST, later(60), name="c"),
        a_key_of(name="a"),
    )
    assert found(*keys) == ["a", "c", "b"]
