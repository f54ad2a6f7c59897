"""Fences: if a key spends all that its fence allows, no cap of it is ever exceeded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from budget_guard.domain.answered import allows_more, corrected, extra
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.fences import Measure, lifetime_fence, native_fence
from budget_guard.domain.keys import Counters, Spent
from budget_guard.domain.money import CENT, MICRO, NOISE, ZERO
from budget_guard.domain.windows import Window, end, start
from budget_guard.domain.wishes import Fence
from tests.domain.builders import (
    DAILY,
    DAY,
    MONTHLY,
    NOW,
    WEEKLY,
    Amount,
    a_reading,
    counters,
    limited,
    usd,
    utc,
)

DAYS = 70


def fence(constraints: Sequence[Constraint], headroom: Decimal, measure: Measure) -> Fence:
    byok = any(one.include_byok for one in constraints)
    native = native_fence(constraints, headroom, measure)
    return native or lifetime_fence(headroom, measure.counters, include_byok=byok)


def a_constraint(
    cap: Amount, window: Window | None, spend: Amount = 0, *, byok: bool = False, lift: Amount = 0
) -> Constraint:
    return Constraint(
        budget=None,
        window=window,
        members=frozenset({"#api"}),
        cap=usd(cap) + usd(lift),
        base=usd(cap),
        spend=usd(spend),
        include_byok=byok,
    )


def headroom_of(constraints: list[Constraint]) -> Decimal:
    return min(one.left for one in constraints)


def fence_of(constraints: list[Constraint], read: Counters, at: datetime = NOW) -> Fence:
    return fence(constraints, headroom_of(constraints), Measure(read, at, at))


AMOUNTS = st.decimals(0, 400, places=2).filter(lambda amount: amount.is_finite())
CAPS = st.one_of(st.sampled_from([usd(one) for one in (0, 10, 50, 70, 300, 310, 60)]), AMOUNTS)
SPENT = st.builds(Spent, AMOUNTS.map(lambda one: one / 4), AMOUNTS.map(lambda one: one / 16))


@st.composite
def grown_counters(draw: st.DrawFn) -> Counters:
    """Counters of which a longer window's are never less than a shorter one's of the same day."""
    day, week, month, ever = (draw(SPENT) for _ in range(4))

    def plus(*parts: Spent) -> Spent:
        return Spent(sum((p.credits for p in parts), ZERO), sum((p.byok for p in parts), ZERO))

    windows = {DAILY: day, WEEKLY: plus(day, week), MONTHLY: plus(day, month)}
    return Counters(plus(day, week, month, ever), windows)


@st.composite
def a_key_with_caps(draw: st.DrawFn) -> tuple[list[Constraint], Counters]:
    read = draw(grown_counters())
    windows = draw(st.lists(st.sampled_from([*Window, *Window, None]), min_size=1, max_size=4))
    found = []
    for window in windows:
        byok = draw(st.booleans())
        spend = read.of(window).counted(include_byok=byok)
        found.append(a_constraint(draw(CAPS), window, spend, byok=byok))
    return found, read


class Spender:
    """A key that spends all it may, from a day on, counted by a calendar of its own."""

    def __init__(self, wall: Fence, read: Counters, at: datetime, *, on_byok: bool) -> None:
        self.wall, self.at, self.on_byok = wall, at, on_byok
        self.spent = {window: [read.of(window)] for window in (None, *Window)}

    def counter(self, window: Window | None, *, byok: bool) -> Decimal:
        return sum((one.counted(include_byok=byok) for one in self.spent[window]), ZERO)

    def take_all(self) -> None:
        limit, byok = self.wall.limit, self.wall.include_byok
        room = (limit.amount or ZERO) - self.counter(limit.reset, byok=byok)
        if room > 0 and (byok or not self.on_byok):
            cost = Spent(byok=room) if self.on_byok else Spent(credits=room)
            for bought in self.spent.values():
                bought.append(cost)

    def next_day(self) -> None:
        self.at = start(DAILY, self.at) + DAY
        if self.at.weekday() == 0:
            self.spent[WEEKLY] = []
        if self.at.day == 1:
            self.spent[MONTHLY] = []
        self.spent[DAILY] = []


def assert_within_caps(
    constraints: list[Constraint], read: Counters, at: datetime, wait: int, *, on_byok: bool
) -> None:
    spender = Spender(fence_of(constraints, read, at), read, at, on_byok=on_byok)
    for day in range(DAYS):
        if day >= wait:
            spender.take_all()
        for one in constraints:
            is_first = one.window is None or spender.at < end(one.window, at)
            allowed = max(one.cap, one.spend) if is_first else one.base
            assert spender.counter(one.window, byok=one.include_byok) <= allowed + NOISE
        spender.next_day()


MOMENTS = st.integers(0, 60 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@settings(max_examples=300, deadline=None)
@given(a_key_with_caps(), MOMENTS, st.integers(0, 45), st.booleans())
@example(([a_constraint(40, MONTHLY), a_constraint(50, WEEKLY)], counters()), NOW, 12, False)
@example(([a_constraint(10, DAILY), a_constraint(50, WEEKLY)], counters()), NOW, 0, False)
@example(([a_constraint(10, DAILY), a_constraint(300, MONTHLY)], counters()), NOW, 0, False)
@example(([a_constraint(10, WEEKLY), a_constraint(50, MONTHLY)], counters()), NOW, 0, False)
def test_rule_5_who_spends_all_that_the_fence_allows_never_exceeds_a_cap(
    key: tuple[list[Constraint], Counters], at: datetime, wait: int, on_byok: bool
) -> None:
    assert_within_caps(*key, at, wait, on_byok=on_byok)


@given(a_key_with_caps(), MOMENTS)
def test_rule_5_the_fence_gives_a_key_its_headroom_at_once_but_for_a_cent(
    key: tuple[list[Constraint], Counters], at: datetime
) -> None:
    constraints, read = key
    found = fence_of(constraints, read, at)
    used = read.of(found.limit.reset).counted(include_byok=found.include_byok)
    assert found.limit.amount is not None
    assert max(ZERO, found.limit.amount - used) >= headroom_of(constraints) - CENT


@given(a_key_with_caps(), MOMENTS)
def test_rule_5_a_fence_counts_byok_if_any_cap_of_its_key_does(
    key: tuple[list[Constraint], Counters], at: datetime
) -> None:
    constraints, read = key
    assert fence_of(constraints, read, at).include_byok == any(
        one.include_byok for one in constraints
    )


@given(st.decimals(0, 100, places=9), st.decimals(0, 100, places=9))
def test_a_lifetime_fence_is_rounded_down_to_a_millionth(used: Decimal, left: Decimal) -> None:
    lasting = a_constraint(used + left, None, used)
    amount = fence_of([lasting], counters(used)).limit.amount
    assert amount is not None
    assert amount == amount.quantize(MICRO)
    assert amount == MICRO or 0 <= used + left - amount < MICRO


def test_a_key_that_was_never_used_is_stopped_at_a_millionth() -> None:
    stopped = fence_of([a_constraint(0, DAILY)], counters())
    assert stopped == Fence(limited("0.000001").limit, include_byok=False)


def test_a_stopped_key_is_fenced_at_what_it_has_spent_in_its_lifetime() -> None:
    caps = [a_constraint(5, DAILY, 7), a_constraint(6, WEEKLY, 7)]
    stopped = fence_of(caps, counters(7, lifetime=120))
    assert stopped.limit == limited(120).limit


def test_the_lifetime_counter_is_fenced_with_byok_where_byok_counts() -> None:
    read = counters(3, lifetime=50, byok=2)
    both = [a_constraint(20, DAILY, 5, byok=True), a_constraint(9, MONTHLY, 3)]
    assert fence_of(both, read) == Fence(limited(50 + 2 + 6).limit, include_byok=True)


def test_a_single_cap_that_was_not_touched_needs_no_guard_at_midnight() -> None:
    assert fence_of([a_constraint(100, DAILY)], counters()).limit == limited(100, DAILY).limit


@pytest.mark.parametrize("window", Window)
def test_a_single_cap_is_native_whatever_was_spent_of_it(window: Window) -> None:
    only = a_constraint(100, window, 91)
    assert fence_of([only], counters(91, lifetime=500)).limit == limited(100, window).limit


@pytest.mark.parametrize(
    ("inner", "outer", "instances"),
    [(DAILY, WEEKLY, 7), (DAILY, MONTHLY, 31), (WEEKLY, MONTHLY, 6), (MONTHLY, WEEKLY, 2)],
)
def test_a_native_fence_needs_room_for_all_its_instances_in_each_longer_window(
    inner: Window, outer: Window, instances: int
) -> None:
    # Of the longer window nothing is spent, and as much is left as the few days to come need.
    monday = utc("2026-11-30 01:00") if outer is WEEKLY else utc("2026-12-01 01:00")
    enough = [a_constraint(10, inner), a_constraint(10 * instances, outer)]
    short = [a_constraint(10, inner), a_constraint(10 * instances - 1, outer)]
    assert fence_of(enough, counters(), monday).limit == limited(10, inner).limit
    assert fence_of(short, counters(), monday).limit.reset is not inner


def test_a_native_fence_needs_the_money_of_this_week_for_the_days_to_come() -> None:
    # On Wednesday: 10 today and 4 x 10 until Sunday.
    for spent, reset in ((50, DAILY), ("50.01", None)):
        caps = [a_constraint(10, DAILY), a_constraint(100, WEEKLY, spent)]
        read = counters(0, weekly=spent)
        assert fence_of(caps, read).limit.reset is reset


def test_a_lifetime_limit_of_the_keys_own_rules_out_a_native_fence() -> None:
    caps = [a_constraint(10, DAILY), a_constraint(1000, None, 3)]
    assert fence_of(caps, counters(0, lifetime=3)).limit == limited(13).limit


def test_a_grant_is_fenced_by_the_lifetime_counter_and_not_given_every_day() -> None:
    lifted = [a_constraint(10, DAILY, 9, lift=5)]
    assert fence_of(lifted, counters(9)).limit == limited(15).limit


def test_of_two_caps_in_a_window_the_lower_is_the_native_fence() -> None:
    caps = [a_constraint(30, DAILY), a_constraint(10, DAILY)]
    assert fence_of(caps, counters()).limit == limited(10, DAILY).limit


def test_counters_of_yesterday_do_not_count_against_todays_native_fence() -> None:
    yesterday = Measure(counters(9), NOW - DAY, NOW)
    only = a_constraint(10, DAILY, 0)
    assert fence([only], usd(10), yesterday).limit == limited(10, DAILY).limit


WANTED = Fence(limited(110).limit, include_byok=False)


@pytest.mark.parametrize(
    ("remaining", "is_more"), [("10", False), ("10.01", False), ("10.011", True), (None, False)]
)
def test_an_answer_that_leaves_over_a_cent_more_than_wanted_allows_more(
    remaining: str | None, is_more: bool
) -> None:
    answer = a_reading("api", counters(100), limited(110), remaining=remaining)
    assert allows_more(WANTED, answer) == is_more


def test_an_answer_below_zero_never_allows_more() -> None:
    answer = a_reading("api", counters(120), limited(110), remaining=-10)
    assert not allows_more(WANTED, answer)
    assert allows_more(WANTED, a_reading("api", counters(120), limited(110), remaining=1))


def test_what_was_spent_since_the_observation_is_not_due_any_more() -> None:
    answer = a_reading("api", counters(104), limited(110), remaining="6.02")
    assert allows_more(WANTED, answer)


def test_byok_is_due_where_the_fence_counts_it() -> None:
    wanted = Fence(limited(110).limit, include_byok=True)
    answer = a_reading("api", counters(100, byok=4), limited(110, byok=True), remaining=7)
    assert allows_more(wanted, answer)
    assert not allows_more(WANTED, answer)


@pytest.mark.parametrize(
    ("limit", "remaining", "more"),
    [
        (110, "10", 0),
        (110, "10.01", 0),
        (110, "12", 2),
        (110, "0", 0),
        (110, "-1", 0),
        (90, "3", 13),
        (None, None, 0),
        (None, "3", 0),
        (110, None, 0),
    ],
)
def test_extra_is_what_remains_beyond_the_limit_minus_its_counter(
    limit: int | None, remaining: str | None, more: int
) -> None:
    answer = a_reading("api", counters(100), limited(limit), remaining=remaining)
    assert extra(answer) == more


def test_extra_counts_from_the_window_of_the_limit_and_with_byok_where_that_counts() -> None:
    read = counters(5, lifetime=100, byok=2)
    daily = a_reading("api", read, limited(10, DAILY, byok=True), remaining=4)
    assert extra(daily) == 1


def test_the_second_try_sends_the_limit_as_openrouter_was_seen_to_count_it() -> None:
    # 110 was sent with 100 spent, and 110 remain: it counts from the change.
    answer = a_reading("api", counters(100), limited(110), remaining=110)
    assert corrected(WANTED, answer) == Fence(limited(10).limit, include_byok=False)


def test_the_second_try_keeps_the_window_and_byok_and_is_never_zero() -> None:
    wanted = Fence(limited(5, DAILY).limit, include_byok=True)
    answer = a_reading("api", counters(5), limited(5, DAILY, byok=True), remaining=5)
    assert corrected(wanted, answer) == Fence(limited(MICRO, DAILY).limit, include_byok=True)


@given(st.decimals(0, 90, places=4), st.decimals(0, 300, places=4))
def test_the_second_try_leaves_what_is_due_where_the_count_stays_as_it_was(
    used: Decimal, remaining: Decimal
) -> None:
    answer = a_reading("api", counters(used), limited(110), remaining=remaining)
    counted_from = usd(110) - remaining
    amount = corrected(WANTED, answer).limit.amount
    assert amount is not None
    assert amount == MICRO or -NOISE <= (110 - used) - (amount - counted_from) <= MICRO
