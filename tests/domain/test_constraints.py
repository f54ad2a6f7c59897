"""Constraints: whose spend counts towards which cap."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.constraints import Constraint, constraints, own_limit
from budget_guard.domain.holds import HoldState
from budget_guard.domain.observations import Observation, observe, observe_gone
from budget_guard.domain.policy import Budget
from budget_guard.domain.tally import Tally, spent
from budget_guard.domain.windows import Window
from tests.domain.builders import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONTHLY,
    NEVER,
    NOW,
    WEEKLY,
    a_budget,
    a_grant,
    a_reading,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
)


def only(budget: Budget, *observations: Observation, **rest: Any) -> Constraint:
    (found,) = constraints(Tally(facts_of(observations, policy_of(budget), **rest)))
    return found


def renamed(before: Observation, name: str, **rest: Any) -> Observation:
    reading = a_reading(name, before.reading.counters, hash=before.key.hash, **rest)
    return observe(before, reading)


def test_spend_is_the_sum_over_the_keys_that_a_budget_covers() -> None:
    found = only(
        a_budget(keys="a*", daily=100),
        seen("a1", counters(3)),
        seen("a2", counters(4)),
        seen("b", counters(50)),
    )
    assert found.spend == 7
    assert found.members == {"#a1", "#a2"}
    assert (found.left, found.fraction) == (93, Decimal("0.07"))


def test_each_window_of_a_budget_is_a_constraint_with_its_own_counter() -> None:
    budget = a_budget(daily=10, weekly=20, monthly=30)
    found = constraints(Tally(facts_of([seen("a", counters(1, 2, 3, 4))], policy_of(budget))))
    assert [(one.window, one.cap, one.spend) for one in found] == [
        (DAILY, 10, 1),
        (WEEKLY, 20, 2),
        (MONTHLY, 30, 3),
    ]


def test_byok_counts_where_the_budget_says_so() -> None:
    key = seen("a", counters(1, byok=5))
    assert only(a_budget(daily=10), key).spend == 1
    assert only(a_budget(daily=10, include_byok=True), key).spend == 6


def test_counters_of_an_earlier_instance_are_nothing_in_this_one() -> None:
    yesterday = seen("a", counters(5), at=NOW - DAY)
    assert only(a_budget(daily=10), yesterday).spend == 0
    assert only(a_budget(weekly=10), yesterday).spend == 5


@given(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=6))
def test_rule_1_whatever_a_key_was_called_it_counts_once(names: list[str]) -> None:
    known = seen(names[0], counters(5), hash="#k")
    for number, name in enumerate(names[1:], 1):
        known = renamed(known, name, at=NOW + number * MINUTE)
    found = only(a_budget(keys="a*", daily=100), known, now=NOW + HOUR)
    assert found.spend == (5 if any(name.startswith("a") for name in names) else 0)
    assert found.members == ({"#k"} if names[-1].startswith("a") else set())


def test_what_a_renamed_key_had_spent_stays_until_the_instance_ends() -> None:
    gone = renamed(seen("a", counters(5)), "b", at=NOW + MINUTE)
    later = observe(gone, replace(gone.reading, counters=counters(9), at=NOW + HOUR))
    assert only(a_budget(keys="a", daily=10), later).spend == 5
    assert only(a_budget(keys="a", daily=10), later, now=NOW + DAY).spend == 0
    assert only(a_budget(keys="a", weekly=10), later, now=NOW + DAY).spend == 5


def test_a_key_that_left_twice_counts_with_what_it_had_when_it_left_last() -> None:
    known = renamed(seen("a", counters(5)), "b", at=NOW + MINUTE)
    known = observe(known, a_reading("a", counters(7), hash="#a", at=NOW + 2 * MINUTE))
    known = observe(known, a_reading("b", counters(8), hash="#a", at=NOW + 3 * MINUTE))
    assert only(a_budget(keys="a", daily=10), known).spend == 8


def test_a_moved_key_leaves_its_spend_in_the_budget_of_its_workspace() -> None:
    moved = renamed(seen("a", counters(5)), "a", workspace="w2", at=NOW + MINUTE)
    left = only(a_budget(workspaces=("w1",), daily=10), moved)
    assert (left.spend, left.members) == (5, frozenset())
    joined = only(a_budget(workspaces=("w2",), daily=10), moved)
    assert (joined.spend, joined.members) == (5, {"#a"})


def test_a_key_that_joins_brings_its_whole_counters() -> None:
    joined = renamed(seen("b", counters(5)), "a", at=NOW + MINUTE)
    assert only(a_budget(keys="a", daily=10), joined).spend == 5


def test_a_deleted_keys_spend_stays_without_its_key() -> None:
    deleted = observe_gone(seen("a", counters(5)), NOW)
    found = only(a_budget(daily=10), deleted)
    assert (found.spend, found.members) == (5, frozenset())
    assert only(a_budget(daily=10), deleted, now=NOW + DAY).spend == 0


@pytest.mark.parametrize(
    ("state", "fence", "spend"),
    [
        (HoldState.GONE, limited(8), 8),
        (HoldState.GONE, limited(4), 5),
        (HoldState.GONE, limited(8, disabled=True), 5),
        (HoldState.GONE, limited(), 5),
        (HoldState.RELEASED, limited(8), 5),
    ],
)
def test_a_deleted_held_key_counts_with_what_its_fence_still_allowed(
    state: HoldState, fence: Any, spend: int
) -> None:
    deleted = observe_gone(seen("a", counters(5)), NOW)
    hold = held("a", fence, state=state)
    assert only(a_budget(daily=10), deleted, holds=[hold]).spend == spend


def test_the_exposure_of_a_deleted_key_counts_only_in_the_instance_it_was_deleted_in() -> None:
    deleted = observe_gone(seen("a", counters(5)), NOW)
    hold = held("a", limited(8), state=HoldState.GONE)
    tomorrow = {"holds": [hold], "now": NOW + DAY}
    assert only(a_budget(daily=10), deleted, **tomorrow).spend == 0
    assert only(a_budget(weekly=10), deleted, **tomorrow).spend == 8


def test_a_deleted_key_without_an_answered_fence_has_no_known_exposure() -> None:
    deleted = observe_gone(seen("a", counters(5)), NOW)
    hold = held("a", confirmed=None, state=HoldState.GONE)
    assert only(a_budget(daily=10), deleted, holds=[hold]).spend == 5
    assert only(a_budget(daily=10), deleted).spend == 5


def test_a_per_key_budget_is_one_budget_for_each_living_key() -> None:
    budget = a_budget(keys="a*", daily=10, per_key=True)
    keys = [seen("a1", counters(1)), seen("a2", counters(2)), seen("b", counters(3))]
    gone = observe_gone(seen("a3", counters(4)), NOW)
    left = renamed(seen("a4", counters(5)), "b4", at=NOW + MINUTE)
    found = constraints(Tally(facts_of([*keys, gone, left], policy_of(budget))))
    assert [(one.subject, one.members, one.spend) for one in found] == [
        ("#a1", {"#a1"}, 1),
        ("#a2", {"#a2"}, 2),
    ]


def test_a_grant_to_one_key_does_not_lift_a_cap_that_its_budget_shares_by_now() -> None:
    keys, grants = [seen("a"), seen("b")], [a_grant(20, key="#b")]
    assert only(a_budget(daily=10), *keys, grants=grants).cap == 10


def test_a_grant_lifts_its_budget_and_no_other() -> None:
    key = seen("a", counters(5))
    assert only(a_budget(daily=10), key, grants=[a_grant(20)]).cap == 30
    assert only(a_budget(daily=10), key, grants=[a_grant(20)]).base == 10
    assert only(a_budget(daily=10), key, grants=[a_grant(20, budget="other")]).cap == 10


def test_a_grant_on_a_per_key_budget_lifts_the_key_that_it_names() -> None:
    budget = a_budget(daily=10, per_key=True)
    keys, grants = [seen("a"), seen("b")], [a_grant(20, key="#b")]
    found = constraints(Tally(facts_of(keys, policy_of(budget), grants=grants)))
    assert [(one.subject, one.cap) for one in found] == [("#a", 10), ("#b", 30)]


def test_nothing_is_left_of_a_cap_that_is_exceeded_and_never_less() -> None:
    found = only(a_budget(daily=10), seen("a", counters(12)))
    assert (found.left, found.fraction) == (0, Decimal("1.2"))


def test_of_a_cap_of_zero_everything_is_spent() -> None:
    found = only(a_budget(daily=0), seen("a"))
    assert (found.left, found.fraction) == (0, 1)


def test_every_cap_fences_but_those_with_hold_never() -> None:
    one, two = seen("a"), seen("b")
    assert only(a_budget(daily=10), one).is_fencing
    assert only(a_budget(daily=10), one, two).is_fencing
    assert only(a_budget(daily=10), one, two).is_shared
    assert not only(a_budget(daily=10, hold=NEVER), one).is_fencing


def test_a_cap_holds_from_its_fraction_on() -> None:
    assert only(a_budget(daily=10), seen("a", counters(9))).holds
    assert not only(a_budget(daily=10), seen("a", counters("8.99"))).holds


def test_a_keys_own_limit_is_a_constraint_like_any_other_but_asks_for_no_hold() -> None:
    key = seen("a", counters(3, lifetime=50, byok=1), limited(20, DAILY, byok=True))
    own = own_limit(key, facts_of([key], policy_of()))
    assert own == Constraint(
        budget=None,
        window=DAILY,
        members=frozenset({"#a"}),
        cap=Decimal(20),
        base=Decimal(20),
        spend=Decimal(4),
        include_byok=True,
    )
    assert not own.holds
    assert own.is_fencing


def test_an_own_limit_for_ever_counts_the_lifetime() -> None:
    key = seen("a", counters(3, lifetime=50), limited(60), at=NOW - 40 * DAY)
    own = own_limit(key, facts_of([key], policy_of()))
    assert own is not None
    assert (own.window, own.spend, own.left) == (None, 50, 10)


def test_the_guards_fence_is_not_taken_for_the_keys_own_limit() -> None:
    key = seen("a", counters(3), limited(5))
    assert own_limit(key, facts_of([key], policy_of(), holds=[held("a")])) is None
    released = held("a", state=HoldState.RELEASED)
    own = own_limit(key, facts_of([key], policy_of(), holds=[released]))
    assert own is not None
    assert own.cap == 5


@pytest.mark.parametrize("window", [None, *Window])
def test_spend_is_the_matching_counter(window: Window | None) -> None:
    read = counters(1, 2, 3, 4)
    expected = {DAILY: 1, WEEKLY: 2, MONTHLY: 3, None: 4}[window]
    assert spent(read, NOW, window, include_byok=False, now=NOW) == expected


def test_a_reading_is_as_fresh_as_the_last_poll_of_its_workspace_unless_the_key_is_gone() -> None:
    key = seen("a", at=NOW - HOUR)
    facts = facts_of([key], policy_of())
    poll = facts.freshness["w1"]
    assert (facts.began(key), facts.read_at(key)) == (poll.began, poll.at)
    unpolled, gone = replace(facts, freshness={}), observe_gone(key, NOW)
    assert unpolled.began(key) == unpolled.read_at(key) == NOW - HOUR
    assert facts.began(gone) == facts.read_at(gone) == NOW - HOUR
    newer = seen("a", at=NOW + HOUR)
    assert facts.began(newer) == facts.read_at(newer) == NOW + HOUR
