"""A key out of its usual range: only upwards, only with money, only with a history."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Kind, Unit
from budget_guard.domain.costs import CostHour
from budget_guard.domain.signals.habits import range_of, unusual
from budget_guard.domain.signals.rules import Unusual
from budget_guard.domain.signals.shapes import DayHabits, Usual, habits_of
from budget_guard.domain.signals.signal import Signal
from tests.domain.builders import DAY, HOUR, NOW
from tests.domain.signals.hours import PEOPLE, TODAY, an_hour, midnight

RULES = Unusual()


def days(count: int = 7, usd: int = 10, requests: int = 100, key: str = "s1") -> list[DayHabits]:
    """Return habits of a key that spends `usd` with so many requests in every hour."""
    found = list[DayHabits]()
    for back in range(1, count + 1):
        day = TODAY - back * DAY
        told = [
            an_hour(midnight(day) + hour * HOUR, {(key, "small"): usd}, requests)
            for hour in range(24)
        ]
        found += habits_of(day, told, NOW)
    return found


def recent(usd: int, requests: int, hours: int = 3, key: str = "s1") -> list[CostHour]:
    return [
        an_hour(NOW - hour * HOUR, {(key, "large"): usd}, requests) for hour in range(1, hours + 1)
    ]


def found(
    now: list[CostHour], before: list[DayHabits], rules: Unusual = RULES
) -> tuple[Signal, ...]:
    return unusual(now, before, PEOPLE, rules)


def test_a_key_as_it_was_is_not_told_of() -> None:
    assert found(recent(10, 100), days()) == ()


def test_dearer_requests_are_told_with_old_and_new_price_the_owner_and_the_models() -> None:
    (signal,) = found(recent(40, 100), days())
    assert (signal.id, signal.kind) == ("unusual/#s1/cost", Kind.UNUSUAL)
    assert (signal.before, signal.after) == (Decimal("0.1"), Decimal("0.4"))
    assert signal.unit is Unit.USD_PER_REQUEST
    assert (signal.owner, signal.key, signal.key_name) == ("search", "#s1", "s1")
    assert signal.contributors == (("large", Decimal(120)),)
    assert signal.text == (
        "s1: 0.40 USD a request in 3 hours, usually 0.10 (up to 0.16); most by large 120.00 USD; "
        "owner search"
    )


def test_more_requests_are_told_as_such() -> None:
    (signal,) = found(recent(100, 1000), days())
    assert signal.id == "unusual/#s1/requests"
    assert "1000 requests an hour in 3 hours, usually 100 (up to 160)" in signal.text


@pytest.mark.parametrize(("usd", "requests"), [(15, 100), (16, 100), (15, 150), (16, 160)])
def test_within_its_range_a_key_may_spend_what_it_likes(usd: int, requests: int) -> None:
    assert found(recent(usd, requests), days()) == ()


def test_fewer_and_cheaper_requests_are_nobodys_worry() -> None:
    assert found(recent(1, 100), days()) == ()
    assert found(recent(1, 10), days()) == ()


def test_one_hour_of_three_counts_as_a_third() -> None:
    (signal,) = found(recent(100, 1000, hours=1), days())
    assert signal.after == Decimal(1000) / 3
    assert signal.unit is Unit.REQUESTS_PER_HOUR


@pytest.mark.parametrize(("history", "is_told"), [(0, False), (2, False), (3, True)])
def test_a_key_without_a_history_is_not_judged(history: int, is_told: bool) -> None:
    assert bool(found(recent(40, 100), days(history))) == is_told


@pytest.mark.parametrize(("least", "is_told"), [(31, False), (30, True)])
def test_little_money_is_not_told(least: int, is_told: bool) -> None:
    assert bool(found(recent(40, 100), days(), Unusual(6, Decimal(least)))) == is_told


def test_a_key_whose_hash_nobody_knows_cannot_be_frozen() -> None:
    hour = an_hour(NOW - HOUR, {("s1", "large"): 900}, 100)
    (row,) = hour.models
    nameless = [CostHour("w1", hour.hour, hour.at, (replace(row, key="?old"),), ())]
    habits = [
        DayHabits(one.day, "?", one.at, tuple(replace(each, key="?old") for each in one.keys))
        for one in days()
    ]
    (signal,) = found(nameless, habits)
    assert (signal.key, signal.key_name, signal.owner) == (None, "old", None)
    assert signal.todo == "see what its job does"


usuals = st.builds(
    lambda median, mad, above: Usual(Decimal(median), Decimal(mad), Decimal(median + above)),
    st.integers(1, 1000),
    st.integers(0, 1000),
    st.integers(0, 1000),
)


@given(st.lists(usuals, min_size=3, max_size=7), st.integers(2, 100))
def test_nothing_that_ever_was_is_out_of_range(past: list[Usual], times: int) -> None:
    found = range_of(past, times)
    assert all(one.most < found.top for one in past)
    assert range_of(past, times + 1).top >= found.top
