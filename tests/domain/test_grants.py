"""Grants: extra money while they last, and what was spent of it afterwards."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.grants import lifted, settle
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window
from tests.domain.builders import DAILY, DAY, HOUR, MONTHLY, NOW, WEEKLY, a_grant, usd, utc


def cap_of(*grants: Grant, spend: int, now: datetime = NOW, window: Window = DAILY) -> Decimal:
    return lifted(usd(100), window, grants, spend=usd(spend), now=now)


def test_without_a_grant_the_cap_is_the_cap() -> None:
    assert cap_of(spend=130) == 100


def test_while_a_grant_lasts_its_amount_is_added_in_every_window_it_touches() -> None:
    grant = a_grant(20)
    for window in Window:
        assert cap_of(grant, spend=0, window=window) == 120


def test_a_grant_begins_and_ends_at_its_moments() -> None:
    grant = a_grant(20, NOW, NOW + HOUR)
    assert cap_of(grant, spend=150) == 120
    assert cap_of(a_grant(20, NOW + HOUR, NOW + 2 * HOUR), spend=150) == 100
    assert cap_of(a_grant(20, NOW - HOUR, NOW), spend=100) == 100


@pytest.mark.parametrize(
    ("spend", "cap"), [(80, 100), (100, 100), (107, 107), (120, 120), (150, 120)]
)
def test_what_was_spent_of_a_grant_stays_granted_when_it_ended(spend: int, cap: int) -> None:
    ended = a_grant(20, NOW - 2 * HOUR, NOW - HOUR)
    assert cap_of(ended, spend=spend) == cap


def test_what_is_spent_after_a_grant_was_settled_is_not_granted() -> None:
    ended = settle(a_grant(20, NOW - 2 * HOUR, NOW - HOUR), {DAILY: usd(107)})
    assert cap_of(ended, spend=119) == 107


def test_each_window_keeps_its_own_settled_spend() -> None:
    ended = settle(a_grant(20, NOW - 2 * HOUR, NOW - HOUR), {DAILY: usd(107), WEEKLY: usd(90)})
    assert cap_of(ended, spend=119, window=WEEKLY) == 100
    assert cap_of(ended, spend=119, window=MONTHLY) == 119


def test_settling_changes_nothing_else_of_a_grant() -> None:
    grant = a_grant(20)
    settled = settle(grant, {DAILY: usd(1)})
    assert settled.settled == {DAILY: 1}
    assert (settled.id, settled.amount, settled.ends) == (grant.id, grant.amount, grant.ends)


def test_grants_that_last_together_add_up() -> None:
    assert cap_of(a_grant(20), a_grant(5, NOW - 2 * HOUR), spend=0) == 125


def test_a_grant_on_top_of_an_ended_one_adds_to_what_stayed_granted() -> None:
    ended = settle(a_grant(20, NOW - 2 * HOUR, NOW - HOUR), {DAILY: usd(110)})
    for grants in ([ended, a_grant(5)], [a_grant(5), ended]):
        assert cap_of(*grants, spend=112) == 115


def test_of_two_ended_grants_the_later_stays_on_top_of_the_earlier() -> None:
    first = settle(a_grant(20, NOW - 4 * HOUR, NOW - 3 * HOUR), {DAILY: usd(110)})
    second = settle(a_grant(20, NOW - 2 * HOUR, NOW - HOUR), {DAILY: usd(125)})
    assert cap_of(second, first, spend=140) == 125


def test_a_grant_over_midnight_lifts_both_days_and_counts_only_in_the_window_it_ended_in() -> None:
    grant = a_grant(20, utc("2026-11-17 22:00"), utc("2026-11-18 02:00"))
    assert cap_of(grant, spend=0, now=utc("2026-11-17 23:00")) == 120
    assert cap_of(grant, spend=0, now=utc("2026-11-18 01:00")) == 120
    assert cap_of(grant, spend=115, now=utc("2026-11-18 03:00")) == 115
    assert cap_of(grant, spend=115, now=utc("2026-11-19 00:00")) == 100


def test_a_grant_that_ended_with_the_window_leaves_nothing_in_the_next() -> None:
    grant = a_grant(20, utc("2026-11-17 22:00"), utc("2026-11-18 00:00"))
    assert cap_of(grant, spend=115, now=utc("2026-11-18 00:00")) == 100
    assert cap_of(grant, spend=115, now=utc("2026-11-18 00:00"), window=WEEKLY) == 115


GRANTS = st.lists(
    st.builds(
        lambda amount, begins, lasts: a_grant(
            amount, NOW + begins * HOUR, NOW + (begins + lasts) * HOUR
        ),
        st.integers(1, 50),
        st.integers(-30, 10),
        st.integers(1, 40),
    ),
    max_size=4,
)


@given(GRANTS, st.integers(0, 300), st.sampled_from(Window))
def test_rule_2_a_cap_is_never_below_its_base_nor_above_all_grants_together(
    grants: list[Grant], spend: int, window: Window
) -> None:
    cap = cap_of(*grants, spend=spend, window=window)
    amounts = [grant.amount for grant in grants]
    assert 100 <= cap <= 100 + sum(amounts)


@given(GRANTS, st.integers(0, 300))
def test_rule_2_the_end_of_grants_never_takes_a_cap_below_what_was_spent_within_it(
    grants: list[Grant], spend: int
) -> None:
    ends = [grant.ends for grant in grants if grant.ends > NOW]
    lasting = cap_of(*grants, spend=spend, window=MONTHLY)
    after = max(ends, default=NOW) + DAY
    if spend <= lasting:
        assert cap_of(*grants, spend=spend, now=after, window=MONTHLY) >= min(
            Decimal(spend), lasting
        )
