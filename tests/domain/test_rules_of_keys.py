"""The rules of one key and of what may be done to it (design section 5) as properties."""

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from budget_guard.domain import decision, settling
from budget_guard.domain.alerts import Kind
from budget_guard.domain.claim import Move
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold as KeyHold
from budget_guard.domain.holds import Intent, Possible, Replaced
from budget_guard.domain.keys import Settings
from budget_guard.domain.policy import FLOOR, Mode
from budget_guard.domain.records import Approval, Freeze, Release
from budget_guard.domain.wishes import Disable, Fence, Restore
from tests.domain.accounts import accounts
from tests.domain.builders import (
    ALWAYS,
    DAILY,
    HOUR,
    MINUTE,
    NOW,
    WEEKLY,
    a_budget,
    a_reading,
    facts_of,
    limited,
    policy_of,
    seen,
)

SETTINGS = st.builds(
    limited,
    st.sampled_from([None, 3, 7, 12]),
    st.sampled_from([None, DAILY, WEEKLY]),
    byok=st.booleans(),
    disabled=st.booleans(),
)
INTENTS = st.lists(SETTINGS, max_size=3).map(
    lambda some: tuple(Intent(f"i{n}", one, NOW, "", "") for n, one in enumerate(some))
)
HOLDS = st.builds(
    KeyHold,
    st.just("#api"),
    SETTINGS,
    SETTINGS.map(Possible),
    st.just(NOW - HOUR),
    intents=INTENTS,
    replaced=st.lists(SETTINGS, max_size=2).map(
        lambda some: tuple(Replaced(Possible(one), NOW - MINUTE) for one in some)
    ),
    froze=st.booleans(),
)


def ours(hold: KeyHold) -> list[Settings]:
    """Return every setting of the guard that a reading of just now can show."""
    sent = [one.settings for one in hold.intents]
    was = [one.possible.settings for one in hold.replaced]
    confirmed = [hold.confirmed.settings] if hold.confirmed else []
    return [*confirmed, *sent, *(one for one in was if one != hold.baseline)]


@given(HOLDS, SETTINGS)
def test_rule_3_what_people_switched_off_stays_off(hold: KeyHold, read: Settings) -> None:
    for want in (Fence(limited(5).limit, include_byok=False), Restore()):
        goal = settling.target(want, hold, a_reading(settings=read))
        assert goal.disabled == (read.disabled and not hold.froze)
    assert settling.target(Disable(), hold, a_reading(settings=read)) == replace(
        read, disabled=True
    )


@given(HOLDS, SETTINGS)
def test_rule_8_a_restore_gives_each_field_of_the_guards_its_baseline_and_no_other(
    hold: KeyHold, read: Settings
) -> None:
    goal = settling.target(Restore(), hold, a_reading(settings=read))
    is_mine = any(read.limit == one.limit for one in ours(hold))
    assert goal.limit == (hold.baseline.limit if is_mine else read.limit)
    is_mine = any(read.include_byok == one.include_byok for one in ours(hold))
    assert goal.include_byok == (hold.baseline.include_byok if is_mine else read.include_byok)


@given(HOLDS, SETTINGS)
def test_rule_9_no_answer_makes_the_guard_forget_what_may_be_in_force(
    hold: KeyHold, answered: Settings
) -> None:
    answer = a_reading(settings=answered, at=NOW)
    possible = {one.settings for one in settling.confirm(hold, answer).possible(NOW)}
    assert {answered, *(one.settings for one in hold.possible(NOW))} <= possible


@given(HOLDS, SETTINGS)
def test_rule_10_a_person_wins_in_the_fields_that_none_of_the_guards_values_explain(
    hold: KeyHold, read: Settings
) -> None:
    found = settling.overridden(hold, a_reading(settings=read))
    limit = any(read.limit == one.limit for one in ours(hold))
    byok = any(read.include_byok == one.include_byok for one in ours(hold))
    is_on_again = hold.froze and hold.confirmed and hold.confirmed.settings.disabled
    if limit and byok and not (is_on_again and not read.disabled):
        assert found is None
    else:
        assert found is not None
        assert found.limit == (hold.baseline.limit if limit else read.limit)
        assert found.include_byok == (hold.baseline.include_byok if byok else read.include_byok)


@given(accounts())
def test_rule_11_what_nobody_approved_stops_and_releases_few_keys_at_once(facts: Facts) -> None:
    plan = decide(facts)
    assert len(sudden(plan)) <= max(3, len(facts.observations) / 4)
    word = Approval(facts.policy, NOW, "ann", "meant")
    assert decide(replace(facts, approvals=(word,))).held_back is None


def sudden(plan: Plan) -> set[str]:
    """Return the keys that a plan would newly stop for good, or give back."""
    found = {key for key, one in plan.wishes.items() if isinstance(one.want, Restore)}
    for key, standing in plan.standings.items():
        allotment = standing.allotment
        is_new = allotment and allotment.move in (Move.FIRST, Move.LOWER)
        is_on = not standing.seen.reading.settings.disabled
        if allotment and is_new and is_on and allotment.headroom == allotment.share == 0:
            found.add(key)
    return found


@given(accounts())
def test_rule_12_observe_changes_nothing_and_release_gives_everything_back(facts: Facts) -> None:
    watching = replace(facts, policy=replace(facts.policy, mode=Mode.OBSERVE))
    assert not decide(watching).wishes
    leaving = replace(facts.policy, mode=Mode.RELEASE)
    word = Approval(leaving, NOW, "ann", "removal")
    plan = decide(replace(facts, policy=leaving, approvals=(word,), wishes={}))
    held = {key for key, hold in facts.holds.items() if is_ours(hold)}
    assert {key: one.want for key, one in plan.wishes.items()} == dict.fromkeys(
        held, Restore(for_good=True)
    )


@given(accounts())
def test_rule_12_a_protected_key_is_only_ever_given_back(facts: Facts) -> None:
    policy = replace(facts.policy, protect=frozenset({"#a1"}))
    plan = decide(replace(facts, policy=policy, approvals=(Approval(policy, NOW, "ann", "yes"),)))
    assert "#a1" not in plan.sharing.by_key
    if wish := plan.wishes.get("#a1"):
        assert wish.want == Restore(for_good=True)


@given(accounts())
def test_rule_15_a_budget_is_too_thin_where_a_fencing_cap_leaves_a_key_less_than_the_floor(
    facts: Facts,
) -> None:
    plan = decide(facts)
    thin = {
        one.budget.name
        for one in plan.constraints
        if one.budget and one.members and 0 < one.base / len(one.members) < FLOOR
    }
    assert thin == {one.entry.budget for one in conditions(plan) if one.kind is Kind.TOO_THIN}


@given(st.integers(0, 8), st.integers(0, 3))
def test_rule_16_more_than_three_fences_of_another_guard_are_told_and_left_alone(
    strange: int, mine: int
) -> None:
    keys = [seen(f"s{n}", settings=limited(f"9.{n}00001")) for n in range(strange)]
    keys += [seen(f"m{n}") for n in range(mine)]
    assume(keys)
    plan = decide(facts_of(keys, policy_of(a_budget(daily=99, hold=ALWAYS))))
    is_told = Kind.SECOND in {one.kind for one in conditions(plan)}
    assert is_told is (strange > 3)
    assert len(plan.wishes) == (mine if strange > 3 else mine + strange)


def test_rule_12_what_a_person_froze_is_disabled_and_what_was_given_back_later_is_not() -> None:
    freeze = Freeze("#a", NOW + 60 * MINUTE, "ann", "a leak", NOW - 2 * MINUTE)
    facts = facts_of([seen("a"), seen("b")], policy_of(a_budget(daily=10, hold=ALWAYS)))
    plan = decide(replace(facts, freezes=(freeze,)))
    assert plan.wishes["#a"].want == Disable()
    assert plan.wishes["#a"].urgent
    release = Release("#a", NOW + 60 * MINUTE, "bob", "it was ours", NOW - MINUTE)
    undone = decide(replace(facts, freezes=(freeze,), releases=(release,)))
    assert "#a" not in undone.wishes
    assert not isinstance(undone.standings.get("#a"), Restore)


def test_each_rule_of_the_design_names_its_place_and_has_its_property() -> None:
    told = {int(number) for number in re.findall(r"\b(\d+)", decision.__doc__ or "")}
    rules = set(range(1, 17))
    assert rules <= told
    here = Path(__file__).parent
    tests = "".join(one.read_text(encoding="utf-8") for one in here.glob("test_*.py"))
    assert {int(number) for number in re.findall(r"def test_rule_(\d+)", tests)} == rules
