"""Exposure: the most that a key can still spend, against spending it day by day."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.holds import (
    SETTLE,
    UNLIMITED,
    HoldState,
    Intent,
    Possible,
    Refusals,
    Replaced,
    exposure,
)
from budget_guard.domain.keys import Counters, Limit, Settings, Spent
from budget_guard.domain.windows import Window, end, same_instance, start
from tests.domain.builders import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONTHLY,
    NOW,
    WEEKLY,
    counters,
    held,
    limited,
    usd,
    utc,
)

AMOUNTS = st.integers(0, 60).map(Decimal)
SETTINGS = st.builds(
    Settings,
    st.builds(Limit, AMOUNTS, st.sampled_from([None, *Window])),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
POSSIBLE = st.builds(Possible, SETTINGS, extra=st.sampled_from([Decimal(0), Decimal(7)]))
MINUTES = st.integers(0, 120 * 24 * 60).map(lambda number: number * MINUTE)
MOMENTS = MINUTES.map(lambda minutes: utc("2026-10-20 00:00") + minutes)
SPENT = st.builds(Spent, st.integers(0, 40).map(Decimal), st.integers(0, 10).map(Decimal))
COUNTERS = st.builds(Counters, SPENT, st.fixed_dictionaries(dict.fromkeys(Window, SPENT)))
LATER = st.one_of(
    st.integers(0, 60 * 24).map(lambda minutes: minutes * MINUTE),
    st.integers(0, 40).map(lambda days: days * DAY),
)
type Spending = list[tuple[datetime, Decimal]]


def room(
    one: Possible, read: Counters, read_at: datetime, later: Spending, at: datetime
) -> Decimal:
    """Return what one limit lets a key spend at `at`, having spent `later` since it was read."""
    limit, byok = one.settings.limit, one.settings.include_byok
    stop = (limit.amount or Decimal(0)) + (one.extra if at < one.extra_until else 0)
    if limit.reset is None:
        used = read.lifetime.counted(include_byok=byok) + sum(cost for _, cost in later)
    else:
        shown = read.of(limit.reset).counted(include_byok=byok)
        used = shown if same_instance(limit.reset, read_at, at) else Decimal(0)
        used += sum(cost for when, cost in later if same_instance(limit.reset, when, at))
    return Decimal(0) if one.settings.disabled else max(Decimal(0), stop - used)


def spend_all(
    possible: Sequence[Possible], read: Counters, read_at: datetime, window: Window, now: datetime
) -> Decimal:
    """Return the most that a key can spend in `window` by taking all it can on each day.

    On the day of the reading the most generous of its possible limits is in force; then any one.
    """
    return max(spend_daily(possible, one, read, read_at, window, now) for one in possible)


def spend_daily(
    first: Sequence[Possible],
    then: Possible,
    read: Counters,
    read_at: datetime,
    window: Window,
    now: datetime,
) -> Decimal:
    later: Spending = []
    at = read_at
    while at < end(window, now):
        limits = first if at == read_at else [then]
        if at >= start(window, now):
            later.append((at, max(room(one, read, read_at, later, at) for one in limits)))
        at = end(DAILY, at)
    return sum((cost for _, cost in later), Decimal(0))


def within_its_instance(one: Possible, read_at: datetime) -> Possible:
    """Return `one` with its extra until the limit next resets, as OpenRouter is read to mean."""
    reset = one.settings.limit.reset
    return Possible(one.settings, one.extra, end(reset, read_at)) if reset else one


@given(POSSIBLE, COUNTERS, MOMENTS, LATER, st.sampled_from(list(Window)))
def test_the_exposure_of_one_limit_is_what_is_spent_by_taking_all_of_it_day_by_day(
    one: Possible, read: Counters, read_at: datetime, later: timedelta, window: Window
) -> None:
    only, now = within_its_instance(one, read_at), read_at + later
    most = exposure([only], read, read_at, window=window, byok=False, now=now)
    assert most == spend_all([only], read, read_at, window, now)


@given(
    st.lists(POSSIBLE, min_size=1, max_size=3), COUNTERS, MOMENTS, LATER, st.sampled_from(Window)
)
def test_rule_4a_whichever_limit_is_in_force_when_no_more_than_the_exposure_is_spent(
    some: list[Possible], read: Counters, read_at: datetime, later: timedelta, window: Window
) -> None:
    possible, now = [within_its_instance(one, read_at) for one in some], read_at + later
    most = exposure(possible, read, read_at, window=window, byok=False, now=now)
    assert spend_all(possible, read, read_at, window, now) <= most
    assert most >= max(
        exposure([one], read, read_at, window=window, byok=False, now=now) for one in possible
    )


@pytest.mark.parametrize("window", [None, *Window])
def test_a_key_without_a_limit_can_spend_without_end(window: Window | None) -> None:
    possible = [Possible(limited(1)), Possible(limited())]
    assert exposure(possible, counters(), NOW, window=window, byok=False, now=NOW) == UNLIMITED


def test_a_key_of_which_nothing_is_known_can_spend_without_end() -> None:
    assert exposure([], counters(), NOW, window=DAILY, byok=False, now=NOW) == UNLIMITED


def test_for_ever_a_limit_that_resets_allows_without_end_unless_it_is_nothing() -> None:
    for amount, most in (("5", UNLIMITED), ("0", usd(0))):
        possible = [Possible(limited(amount, DAILY))]
        assert exposure(possible, counters(), NOW, window=None, byok=False, now=NOW) == most


def test_for_ever_a_lifetime_limit_allows_what_remains_of_it() -> None:
    read = counters(3, lifetime=8, byok=1)
    for byok, most in ((False, 12), (True, 11)):
        possible = [Possible(limited(20, byok=byok))]
        assert exposure(possible, read, NOW, window=None, byok=False, now=NOW) == most


def test_midnights_still_to_come_in_the_window_bring_a_daily_limit_again() -> None:
    possible = [Possible(limited(10, DAILY))]
    most = exposure(possible, counters(4), NOW, window=WEEKLY, byok=False, now=NOW)
    assert most == 6 + 4 * 10  # a Wednesday: Thursday, Friday, Saturday, Sunday


def test_a_reading_of_yesterday_leaves_todays_limit_whole() -> None:
    possible = [Possible(limited(10, DAILY))]
    read_at = utc("2026-11-17 23:55")
    assert exposure(possible, counters(9), read_at, window=DAILY, byok=False, now=NOW) == 10
    assert (
        exposure(possible, counters(9), read_at, window=WEEKLY, byok=False, now=NOW) == 1 + 5 * 10
    )


def test_an_extra_counts_until_it_ends() -> None:
    one = Possible(limited(10), extra=usd(3), extra_until=NOW)
    assert (one.stop(NOW - MINUTE), one.stop(NOW)) == (13, 10)
    assert Possible(limited()).stop(NOW) == UNLIMITED


def test_possible_are_the_confirmed_settings_every_open_intent_and_what_was_just_replaced() -> None:
    confirmed, sent, old, older = limited(1), limited(2), limited(3), limited(4)
    hold = held(
        fence=confirmed,
        intents=(Intent("i1", sent, NOW, "why", "run"),),
        replaced=(
            Replaced(Possible(old), NOW - SETTLE + timedelta(seconds=1)),
            Replaced(Possible(older), NOW - SETTLE),
        ),
    )
    assert [one.settings for one in hold.possible(NOW)] == [confirmed, sent, old]


def test_what_was_replaced_stays_possible_for_120_seconds() -> None:
    assert timedelta(seconds=120) == SETTLE


def test_a_hold_without_an_answer_has_only_its_intents_as_possible() -> None:
    hold = held(confirmed=None)
    assert hold.possible(NOW) == ()
    assert not hold.is_held


@pytest.mark.parametrize("state", [HoldState.LET_GO, HoldState.RELEASED, HoldState.GONE])
def test_a_key_is_held_only_in_the_state_held(state: HoldState) -> None:
    assert held().is_held
    assert not held(state=state).is_held


@pytest.mark.parametrize(
    ("count", "lasted", "is_failure"),
    [
        (5, 10 * MINUTE, True),
        (4, HOUR, False),
        (50, 10 * MINUTE - timedelta(seconds=1), False),
    ],
)
def test_refusals_are_a_failure_after_five_in_a_row_over_ten_minutes(
    count: int, lasted: timedelta, is_failure: bool
) -> None:
    assert Refusals(count, NOW - lasted, NOW, "no", for_good=True).is_failure == is_failure


def test_a_weekly_limit_reaches_over_the_end_of_the_month() -> None:
    read_at = utc("2026-11-29 12:00")  # the Sunday before the Monday that is the 30th
    possible = [Possible(limited(10, WEEKLY))]
    most = exposure(possible, counters(2), read_at, window=MONTHLY, byok=False, now=read_at)
    assert most == 8 + 10
