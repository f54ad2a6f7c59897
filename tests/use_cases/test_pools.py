"""What a pool shows adds up to the last digit, in accounts of every shape."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.keys import Spent
from budget_guard.domain.money import NOISE, ZERO
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.use_cases.pools import Pool, pools
from tests.domain.builders import (
    ALWAYS,
    NOW,
    OPEN,
    a_budget,
    a_reading,
    a_release,
    counters,
    limited,
    obeyed,
    plan_of,
)

NAMES = ("a-one", "a-two", "b-one", "b-two", "b-off", "c-own")
CENTS = st.integers(0, 6000).map(lambda cents: Decimal(cents) / 100)


def seen(name: str, spent: Decimal, burnt: Decimal) -> Observation:
    """Return a key that spent so much, `burnt` of it in the last hour."""
    settings = limited(disabled=True) if name == "b-off" else OPEN
    if name == "c-own":
        settings = limited(25)
    mark = HourMark(NOW - timedelta(hours=1), Spent(spent - min(spent, burnt)))
    return Observation(a_reading(name, counters(spent), settings), (mark,))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    keys = [seen(name, draw(CENTS), draw(CENTS)) for name in NAMES]
    budgets = (
        a_budget("a", keys="a-*", daily=draw(CENTS), hold=ALWAYS),
        a_budget("b", keys="b-*", daily=draw(CENTS), weekly=draw(CENTS), hold=ALWAYS),
        a_budget("all", monthly=draw(CENTS) * 3, hold=ALWAYS),
        a_budget("each", keys="*-one", per_key=True, daily=draw(CENTS), hold=ALWAYS),
    )
    releases = (a_release("#a-two"),) if draw(st.booleans()) else ()
    plan = plan_of(keys, *budgets, releases=releases)
    return decide(obeyed(plan)) if draw(st.booleans()) else plan


def is_near(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= NOISE


@given(plans())
def test_what_is_left_is_cap_less_spent_and_shares_are_parts_of_it(plan: Plan) -> None:
    for key in plan.sharing.by_key:
        for pool in pools(key, plan):
            assert pool.left == max(ZERO, pool.cap - pool.spent)
            assert pool.left - pool.taken == pool.shared
            assert sum(one.share for one in pool.portions) <= pool.shared + NOISE
            assert is_near(pool.held + pool.free, pool.shared) or not bounded(pool)


@given(plans())
def test_of_the_pool_that_binds_a_key_all_is_due_to_somebody_by_weight(plan: Plan) -> None:
    for key in plan.sharing.by_key:
        binding, *others = pools(key, plan)
        assert binding.binds
        assert not any(one.binds for one in others)
        mine = next(one for one in binding.portions if one.key == key)
        if not mine.is_bound_here:
            assert (mine.share, mine.bound_by) == (ZERO, "it is off")
            continue
        assert is_near(sum((one.share for one in binding.portions), ZERO), binding.shared)
        split = binding.shared - binding.elsewhere
        assert is_near(split * mine.weight / binding.weights, mine.share)


def bounded(pool: Pool) -> bool:
    return all(one.may_spend is not None for one in pool.portions)


def test_a_key_that_cannot_be_held_is_named_with_why_and_counted() -> None:
    plan = plan_of(
        [seen("a-one", Decimal(10), Decimal(4)), seen("a-two", Decimal(20), Decimal(8))],
        a_budget("a", daily=100, hold=ALWAYS),
        releases=(a_release("#a-two"),),
    )
    (pool,) = pools("#a-one", plan)
    assert [(one.name, one.why) for one in pool.others] == [("a-two", "released")]
    assert (pool.left, pool.taken, pool.shared) == (Decimal(70), Decimal(2), Decimal(68))
