"""Which keys the guard may touch: scope, protection by name, another guard (rules 12 and 16)."""

from dataclasses import replace

import pytest

from budget_guard.domain.alerts import Kind
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.holds import Hold as KeyHold
from budget_guard.domain.keys import Settings, Spent
from budget_guard.domain.observations import HourMark
from budget_guard.domain.records import Approval
from budget_guard.domain.wishes import Restore
from tests.domain.builders import (
    ALWAYS,
    HOUR,
    NOW,
    a_budget,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
    usd,
)

EACH = policy_of(a_budget("each", daily=10, hold=ALWAYS, per_key=True))
STRANGE = [seen(f"k{number}", counters(1), limited(f"12.{number}00001")) for number in range(5)]


def kinds(plan: Plan) -> dict[Kind, str]:
    return {one.kind: one.entry.text for one in conditions(plan)}


def test_fences_that_this_guard_never_wrote_are_another_guards_and_left_alone() -> None:
    plan = decide(facts_of([*STRANGE, seen("mine")], EACH))
    assert set(plan.wishes) == {"#mine"}
    assert kinds(plan)[Kind.SECOND].startswith("5 keys have fences that this guard never wrote")


def test_three_of_them_may_be_people_with_a_taste_for_parts_of_a_cent() -> None:
    plan = decide(facts_of([*STRANGE[:3], seen("mine")], EACH))
    assert len(plan.wishes) == 4
    assert Kind.SECOND not in kinds(plan)


def test_the_guards_own_fences_confirmed_or_sent_or_just_replaced_are_not_strange() -> None:
    holds = [held(one.key.name, one.reading.settings) for one in STRANGE]
    assert Kind.SECOND not in kinds(decide(facts_of(STRANGE, EACH, holds=holds)))


@pytest.mark.parametrize("settings", [limited("12.34"), limited("12.345678", None, disabled=True)])
def test_a_limit_in_whole_cents_is_a_persons_and_a_switch_makes_no_difference(
    settings: Settings,
) -> None:
    keys = [seen(f"k{number}", counters(1), settings) for number in range(5)]
    strange = decide(facts_of(keys, EACH)).strange
    assert bool(strange) is (settings != limited("12.34"))


def test_a_key_out_of_scope_is_no_business_of_the_guard_and_given_back_if_it_was() -> None:
    policy = replace(EACH, scope=("mine-*",))
    here, there = seen("a", workspace="mine-1"), seen("b", workspace="theirs")
    once = seen("c", workspace="theirs")
    plan = decide(facts_of([here, there, once], policy, holds=[held("c", limited(10))]))
    assert set(plan.wishes) == {"#a", "#c"}
    assert plan.wishes["#c"].want == Restore(for_good=True)
    assert [one.members for one in plan.constraints] == [{"#a"}]
    assert Kind.UNMANAGED not in kinds(plan)


def test_a_name_only_proposes_protection_and_a_persons_word_gives_it() -> None:
    policy = replace(EACH, protect_names=("ci-*",))
    facts = facts_of([seen("ci-release"), seen("api")], policy)
    plan = decide(facts)
    assert set(plan.wishes) == {"#ci-release", "#api"}
    assert "ci-release is proposed" in kinds(plan)[Kind.PROTECT_PROPOSED]
    word = Approval(policy, NOW - HOUR, "ann", "a release key", frozenset({"#ci-release"}))
    protected = decide(replace(facts, approvals=(word,)))
    assert set(protected.wishes) == {"#api"}
    assert Kind.PROTECT_PROPOSED not in kinds(protected)


def test_who_takes_the_name_from_the_file_takes_the_protection_with_it() -> None:
    word = Approval(EACH, NOW - HOUR, "ann", "a release key", frozenset({"#ci-release"}))
    plan = decide(replace(facts_of([seen("ci-release")], EACH), approvals=(word,)))
    assert set(plan.wishes) == {"#ci-release"}


def test_a_cap_that_leaves_its_keys_less_than_a_request_needs_is_told_once_a_budget() -> None:
    keys = [seen(f"k{number}") for number in range(5)]
    thin = a_budget("thin", daily=3, weekly=4, monthly=50)
    plan = decide(facts_of(keys, policy_of(thin)))
    assert kinds(plan)[Kind.TOO_THIN] == (
        "thin has 3.00 USD today for 5 keys, 0.60 USD each: too thin to hold"
    )
    assert len([one for one in conditions(plan) if one.kind is Kind.TOO_THIN]) == 1


def test_what_keys_that_cannot_be_held_will_spend_is_not_given_away() -> None:
    """Rule 4c: a protected key goes on as it did, until the next evaluation."""
    burning = seen("b", counters(20, lifetime=320))
    marks = (HourMark(NOW - HOUR, Spent(usd(320 - 16))),)
    policy = policy_of(a_budget(daily=100, hold=ALWAYS), protect=["#b"])
    plan = decide(facts_of([seen("a"), replace(burning, hours=marks)], policy))
    headroom = plan.standings["#a"].headroom
    assert headroom == 76  # 100 - 20 spent - a quarter of 16 an hour


def test_fences_of_a_workspace_out_of_sight_count_as_far_as_they_reach() -> None:
    """Rule 13: OpenRouter down is not "spend 0"."""
    hold = KeyHold("#b", limited(), held("b", limited(330)).confirmed, NOW - HOUR)
    blind = seen("b", counters(0, lifetime=300), limited(330), workspace="w2")
    facts = facts_of([seen("a"), blind], policy_of(a_budget(daily=100, hold=ALWAYS)), holds=[hold])
    stale = replace(facts.freshness["w2"], at=NOW - HOUR, began=NOW - HOUR)
    plan = decide(replace(facts, freshness={**facts.freshness, "w2": stale}))
    assert plan.standings["#a"].headroom == 70
    assert "#b" not in plan.wishes
