"""The rules of sharing (design section 5: 4, 6, 7, 13) as properties, by their numbers."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from budget_guard.domain.claim import Move
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold as KeyHold
from budget_guard.domain.holds import Possible, Replaced
from budget_guard.domain.keys import Settings
from budget_guard.domain.observations import Freshness
from budget_guard.domain.policy import FLOOR
from budget_guard.domain.reach import reach
from budget_guard.domain.wishes import Fence
from tests.domain.accounts import accounts
from tests.domain.builders import (
    ALWAYS,
    MINUTE,
    NOW,
    OPEN,
    a_budget,
    counters,
    facts_of,
    limited,
    obeyed,
    policy_of,
    seen,
    usd,
)

TINY = Decimal("0.0001")


def exposures(plan: Plan, facts: Facts, place: int, *, settled: bool) -> Decimal:
    """Return what the keys that claim a constraint can spend of it: at most, or in the end."""
    total = usd(0)
    constraint = plan.sharing.constraints[place]
    for key, claim in plan.sharing.by_key.items():
        if place in claim.places and (
            limits := reach(facts.observations[key], facts.holds.get(key), facts)
        ):
            is_by_turns = not settled and is_reset_down(plan, key)
            one = limits.bounded(constraint) if is_by_turns else None
            total += limits.exposures(constraint)[settled] if one is None else one
    return total


def is_reset_down(plan: Plan, key: str) -> bool:
    """Tell whether a key's limit comes down to one that resets itself.

    Each counts alone then: a decrease is sent whatever the two come to by turns, day by day.
    """
    standing = plan.standings[key]
    is_native = isinstance(standing.want, Fence) and standing.want.limit.reset is not None
    return is_native and standing.allotment is not None and standing.allotment.move is Move.LOWER


def places(plan: Plan) -> set[int]:
    return {place for claim in plan.sharing.by_key.values() for place in claim.places}


def wished(plan: Plan) -> Facts:
    """Return the facts with the plan's wishes in the ledger: any of them may be sent by now."""
    return replace(plan.facts, wishes=plan.wishes)


@given(accounts())
def test_rule_4a_no_plan_takes_exposures_beyond_what_is_left_whichever_wishes_come_true(
    facts: Facts,
) -> None:
    plan = decide(facts)
    for place in places(plan):
        left = max(usd(0), plan.sharing.lefts[place])
        before = exposures(plan, facts, place, settled=False)
        assert exposures(plan, wished(plan), place, settled=False) <= max(left, before) + TINY


@given(accounts())
def test_rule_4a_once_a_plan_is_brought_about_every_constraint_holds(facts: Facts) -> None:
    plan = decide(facts)
    done = obeyed(plan)
    for place in places(plan):
        left = max(usd(0), plan.sharing.lefts[place])
        assert exposures(plan, done, place, settled=True) <= left + TINY


@given(accounts())
def test_rule_4c_keys_that_people_switched_off_are_due_nothing_where_others_share(
    facts: Facts,
) -> None:
    plan = decide(facts)
    for key in plan.sharing.by_key:
        off = facts.observations[key].reading.settings.disabled
        allotment = plan.standings[key].allotment
        assert allotment
        if off and any(one.is_shared for one in plan.sharing.of(key)):
            assert allotment.share == 0
            assert allotment.move is not Move.RAISE


@given(accounts())
def test_rule_4a_a_fence_counts_whether_people_have_its_key_on_or_off(facts: Facts) -> None:
    held = {key: one for key, one in facts.holds.items() if one.confirmed}
    off = replace(facts, holds={**facts.holds, **{key: switched_off(held[key]) for key in held}})
    for key in held:
        seen = facts.observations[key]
        assert reach(seen, off.holds[key], off) == reach(seen, facts.holds[key], facts)


def switched_off(hold: KeyHold) -> KeyHold:
    """Return a hold whose last fence was set while people had the key switched off."""
    assert hold.confirmed
    settings = replace(hold.confirmed.settings, disabled=True)
    return replace(hold, confirmed=replace(hold.confirmed, settings=settings))


@given(accounts())
def test_rule_6_raises_are_paid_with_what_was_free_before_the_decreases_of_the_plan(
    facts: Facts,
) -> None:
    plan = decide(facts)
    for place in places(plan):
        free = plan.sharing.lefts[place] - exposures(plan, facts, place, settled=False)
        raised = usd(0)
        for key, claim in plan.sharing.by_key.items():
            allotment = plan.standings[key].allotment
            if place in claim.places and allotment and allotment.move is Move.RAISE:
                limits = claim.reach
                assert limits
                counted = limits.exposures(plan.sharing.constraints[place])[0]
                raised += max(usd(0), allotment.headroom - counted)
        assert raised <= max(usd(0), free) + TINY


@given(accounts())
def test_rule_7_fences_come_down_only_where_the_invariant_or_somebody_short_needs_it(
    facts: Facts,
) -> None:
    plan = decide(facts)
    moves = {key: one.allotment for key, one in plan.standings.items() if one.allotment}
    lowered = {key for key, one in moves.items() if one.move is Move.LOWER}
    short = any(
        one.is_short and moves[key].share - one.allowed > usd("0.01")
        for key, one in plan.sharing.by_key.items()
    )
    over = any(
        exposures(plan, facts, place, settled=True) > plan.sharing.lefts[place] + TINY / 10
        for place in places(plan)
    )
    assert not lowered or short or over


@given(accounts())
def test_rule_7_an_account_in_which_nobody_spends_comes_to_rest(facts: Facts) -> None:
    plan = decide(facts)
    for _ in range(6):
        plan = decide(obeyed(plan))
    assert not plan.wishes


@given(accounts())
def test_rule_13_nothing_is_decided_of_a_workspace_that_is_stale(facts: Facts) -> None:
    old = {name: Freshness(name, NOW - 60 * MINUTE, NOW - 60 * MINUTE) for name in facts.freshness}
    plan = decide(replace(facts, freshness=old))
    assert plan.wishes == facts.wishes


def test_rule_7_one_who_ran_dry_is_raised_when_the_decrease_of_another_has_settled() -> None:
    """The runaway's way through two runs: donors first, then money that is free."""
    dry = KeyHold("#run", OPEN, Possible(limited(350)), NOW - 60 * MINUTE, portion=usd(50))
    rich = KeyHold("#calm", OPEN, Possible(limited(350)), NOW - 60 * MINUTE, portion=usd(50))
    run = seen("run", counters(50, lifetime=350), limited(350))
    calm = seen("calm", counters(0, lifetime=300), limited(350))
    facts = facts_of([run, calm], policy_of(a_budget(daily=100, hold=ALWAYS)), holds=[dry, rich])
    first = decide(facts)
    assert set(first.wishes) == {"#calm"}
    lowered = first.wishes["#calm"].want
    assert isinstance(lowered, Fence)
    assert lowered.limit.amount == usd("300.495049")  # 50 left, shared 100 to 1

    confirmed = replace(
        rich,
        confirmed=Possible(Settings(lowered.limit)),
        confirmed_at=NOW,
        replaced=(Replaced(Possible(limited(350)), NOW),),
        portion=usd("0.495049"),
    )
    after = replace(facts, holds={"#run": dry, "#calm": confirmed}, wishes={})
    assert "#run" not in decide(after).wishes, "nothing is free before the decrease has settled"
    later = NOW + 5 * MINUTE
    fresh = {name: Freshness(name, later, later) for name in facts.freshness}
    second = decide(replace(after, now=later, freshness=fresh))
    raised = second.wishes["#run"].want
    assert isinstance(raised, Fence)
    assert raised.limit.amount == usd("399.504950")


def test_rule_7_fifty_keys_whose_fences_are_getting_low_are_raised_a_few_at_a_time() -> None:
    names = [f"k{number:02}" for number in range(50)]
    keys = [seen(name, counters(0, lifetime=300), limited("301.5")) for name in names]
    holds_ = [
        KeyHold(f"#{name}", OPEN, Possible(limited(usd("301.5"))), NOW - 60 * MINUTE)
        for name in names
    ]
    plan = decide(facts_of(keys, policy_of(a_budget(daily=1000, hold=ALWAYS)), holds=holds_))
    assert len(plan.wishes) == 3


def test_rule_4b_a_weight_is_what_was_spent_or_twice_the_last_portion_of_a_key_that_ran_dry() -> (
    None
):
    dry = KeyHold("#a", OPEN, Possible(limited(100)), NOW - 60 * MINUTE, portion=usd(7))
    facts = facts_of(
        [seen("a", counters(0, lifetime=100), limited(100)), seen("b")],
        policy_of(a_budget(daily=100, hold=ALWAYS)),
        holds=[dry],
    )
    claims = decide(facts).sharing.by_key
    assert (claims["#a"].weight, claims["#b"].weight) == (usd(14), FLOOR)


def test_rule_6_a_fence_that_must_count_byok_from_now_on_gives_nobody_more_than_before() -> None:
    spent, calm = seen("spent", counters(7, lifetime=105)), seen("calm", counters(0, lifetime=100))
    since = NOW - 30 * MINUTE
    holds = [
        KeyHold("#spent", OPEN, Possible(limited(105)), since, portion=usd(5)),
        KeyHold("#calm", OPEN, Possible(limited(105)), since, portion=usd(5)),
    ]
    both = policy_of(
        a_budget("one", daily=10, hold=ALWAYS),
        a_budget("two", daily=10, hold=ALWAYS, include_byok=True),
    )
    standings = decide(facts_of([spent, calm], both, holds=holds)).standings
    assert standings["#spent"].headroom == 0
    assert (standings["#calm"].headroom or usd(9)) <= 3
