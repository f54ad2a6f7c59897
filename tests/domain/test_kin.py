"""Generations of one key: budgets count them together, by the name they began with."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from budget_guard.domain import reasons
from budget_guard.domain.conditions import conditions
from budget_guard.domain.constraints import guardrail_cap, own_limit
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Cap, State
from budget_guard.domain.observations import Former, Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.wishes import Fence
from tests.domain.builders import (
    ALWAYS,
    DAILY,
    DAY,
    HOUR,
    NOW,
    WEEKLY,
    a_budget,
    a_grant,
    a_key,
    a_lineage_of,
    a_release,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
    usd,
)

OLD = seen("api", counters(20, 25, 30, 35), limited(40))
NEW = seen("api #2", counters(5, 5, 5, 5), limited(10))
EACH = a_budget("each", keys="api", hold=ALWAYS, daily=100, per_key=True)
HOLDS = (held("api", limited(40)), held("api #2", limited(10)))


def lineage(*budgets: Budget, seen: tuple[Observation, ...] = (OLD, NEW), **rest: Any) -> Facts:
    facts = facts_of(seen, policy_of(*budgets), **({"holds": HOLDS} | rest))
    return a_lineage_of(facts, "#api", "#api #2")


def plan(*budgets: Budget, **rest: Any) -> Plan:
    return decide(lineage(*budgets, **rest))


def test_a_budget_covers_the_successor_of_a_key_by_the_name_it_took_over() -> None:
    (one,) = plan(a_budget(keys="api", hold=ALWAYS, daily=100)).constraints
    assert (one.members, one.spend) == (frozenset({"#api", "#api #2"}), usd(25))
    alone = decide(facts_of((OLD, NEW), policy_of(a_budget(keys="api", daily=100))))
    assert alone.constraints[0].members == frozenset({"#api"})


def test_a_generation_that_a_person_named_otherwise_is_covered_by_that() -> None:
    renamed = replace(NEW, reading=replace(NEW.reading, key=replace(NEW.key, name="other")))
    (one,) = plan(a_budget(keys="api", hold=ALWAYS, daily=100), seen=(OLD, renamed)).constraints
    assert one.members == frozenset({"#api"})


def test_a_budget_for_each_key_has_one_for_all_generations_named_by_the_one_in_use() -> None:
    (one,) = plan(EACH).constraints
    assert (one.members, one.spend, one.subject) == (
        frozenset({"#api", "#api #2"}),
        usd(25),
        "#api #2",
    )
    gone = replace(OLD, gone_at=NOW)
    (one,) = plan(EACH, seen=(gone, NEW)).constraints
    # Deleted, it may have spent up to its fence, unseen.
    assert (one.members, one.spend) == (frozenset({"#api #2"}), usd(25 + 5))


def test_what_the_generations_may_spend_never_exceeds_what_is_left_to_them_together() -> None:
    found = plan(EACH)
    room = sum((one.headroom or Decimal() for one in found.standings.values()), start=Decimal())
    assert room <= usd(100 - 25)
    assert set(found.standings) == {"#api", "#api #2"}


def test_of_a_new_day_the_key_in_use_gets_more_than_the_one_it_replaced() -> None:
    idle = (replace(OLD, reading=replace(OLD.reading, counters=counters())), NEW)
    shares = plan(EACH, seen=idle, holds=[]).standings
    assert (shares["#api"].headroom or 0) * 3 < (shares["#api #2"].headroom or 0)


def test_a_lineage_is_one_key_to_whoever_reads_of_it() -> None:
    (one,) = plan(a_budget(keys="api", hold=ALWAYS, daily=100)).constraints
    assert (len(one.members), one.keys) == (2, 1)
    told = [str(one.reason) for one in plan(EACH).standings.values()]
    assert not any("2 keys" in one for one in told)


def test_an_incident_goes_on_when_the_key_is_rotated() -> None:
    nearly = a_budget("each", keys="api", hold=ALWAYS, daily=24, per_key=True)
    before = decide(facts_of((OLD,), policy_of(nearly), holds=HOLDS[:1]))
    (old,) = [one.id for one in conditions(before) if one.entry.spent]
    (new,) = [one for one in conditions(plan(nearly)) if one.entry.spent]
    assert new.id == old
    assert new.entry.key == "#api #2"


def test_a_grant_to_a_key_is_its_successors_too() -> None:
    grant = a_grant(50, budget="each", key="#api")
    (one,) = plan(EACH, grants=[grant]).constraints
    assert one.cap == usd(150)


def test_its_own_limit_is_one_for_all_generations_whatever_openrouter_counts() -> None:
    own = limited(50, DAILY)
    holds = [held("api", limited(40), baseline=own), held("api #2", limited(10), baseline=own)]
    facts = replace(lineage(), holds={one.key: one for one in holds})
    found = own_limit(facts.observations["#api #2"], facts)
    assert found
    assert (found.members, found.spend, found.left) == (
        frozenset({"#api", "#api #2"}),
        usd(25),
        usd(25),
    )
    # No budget holds them, but alone the second would be given the whole limit anew.
    standings = decide(facts).standings
    assert all(isinstance(one.want, Fence) for one in standings.values())
    assert sum(one.headroom or 0 for one in standings.values()) <= usd(25)


def test_a_limit_for_ever_counts_generations_that_nobody_can_read_any_more() -> None:
    facts = replace(lineage(), holds={})
    (known,) = facts.kin.lineages.values()
    (first, second) = known.generations
    spent = replace(first, state=State.DELETED, spent=OLD.reading.counters.lifetime)
    kin = Kin({known.secret: known.with_generation(spent)})
    only = replace(NEW, reading=replace(NEW.reading, settings=limited(100)))
    facts = replace(facts, kin=kin, observations=kin.introduced({second.hash: only}))
    found = own_limit(facts.observations[second.hash], facts)
    assert found
    assert found.spend == usd(35 + 5)


def test_a_limit_that_resets_is_given_back_when_only_one_generation_is_left_to_spend_of_it() -> (
    None
):
    own = limited(50, WEEKLY)
    last_week = replace(OLD, reading=replace(OLD.reading, at=NOW - 8 * DAY), gone_at=NOW - 8 * DAY)
    holds = {"#api #2": held("api #2", limited(10), baseline=own)}
    facts = replace(lineage(seen=(last_week, NEW)), holds=holds)
    wants = [one.want for one in decide(facts).standings.values()]
    assert not any(isinstance(one, Fence) for one in wants)


def capped(*all_seen: Observation, off: State | None = None) -> Facts:
    """Return a lineage whose guardrail has a budget of 50 USD a day, BYOK counted."""
    facts = lineage(seen=all_seen)
    (known,) = facts.kin.lineages.values()
    known = replace(known, cap=Cap(usd(50), DAILY, include_byok=True))
    if off:
        known = known.come_to("#api", off, NOW)
    return replace(facts, kin=Kin({known.secret: known}))


def test_the_budget_of_their_guardrail_is_one_for_all_generations_whatever_openrouter_counts() -> (
    None
):
    facts = capped(OLD, NEW)
    (one, *_) = decide(facts).sharing.constraints
    assert (one.cap, one.spend, one.window, one.include_byok) == (usd(50), usd(25), DAILY, True)
    standings = decide(facts).standings
    assert standings.keys() == {"#api", "#api #2"}
    assert sum(one.headroom or 0 for one in standings.values()) <= usd(25)
    reason = reasons.fenced(one, "api", usd(10), NOW)
    assert reason.startswith("api, by its guardrail, spent 25.00 of 50.00 USD today")


@pytest.mark.parametrize("off", [State.DISABLED, State.DELETED])
def test_it_is_left_to_openrouter_when_no_other_generation_can_spend_of_it_or_has(
    off: State,
) -> None:
    idle = seen("api", counters(0, 25, 30, 35), limited(40))
    assert guardrail_cap("#api #2", capped(OLD, NEW, off=off))
    assert guardrail_cap("#api #2", capped(idle, NEW))
    assert guardrail_cap("#api #2", capped(idle, NEW, off=off)) is None
    assert guardrail_cap("#api", lineage()) is None
    assert guardrail_cap("#other", capped(OLD, NEW)) is None


ROTATION = Rotation(
    secret="secret-api",
    token="t",
    name="api #2",
    workspace="w1",
    old="#api",
    is_held=True,
    allowed=usd(40),
    began=NOW - HOUR,
    run="r",
    stage=Stage.CREATED,
    new="#api #2",
)


def test_while_a_rotation_divides_money_a_key_is_not_raised_though_it_is_short() -> None:
    holds = [held("api", limited("35.2")), held("api #2", limited(10))]
    budget = a_budget(keys="api", hold=ALWAYS, daily=100)
    short = replace(OLD, reading=replace(OLD.reading, settings=limited("35.2")))
    facts = facts_of((short, NEW), policy_of(budget), holds=holds)
    during = decide(a_lineage_of(facts, "#api", rotations=[ROTATION]))
    assert during.constraints[0].members == frozenset({"#api", "#api #2"})
    assert not during.wishes
    assert decide(a_lineage_of(facts, "#api", "#api #2")).wishes


def test_while_a_rotation_divides_money_a_key_is_lowered_where_a_cap_needs_that() -> None:
    budget = a_budget(keys="api", hold=ALWAYS, daily=30)
    facts = facts_of((OLD, NEW), policy_of(budget), holds=HOLDS)
    wishes = decide(a_lineage_of(facts, "#api", rotations=[ROTATION])).wishes
    assert wishes
    assert all(one.urgent for one in wishes.values())


def test_while_a_rotation_divides_money_no_key_is_given_back_but_at_a_persons_word() -> None:
    facts = facts_of((OLD, NEW), policy_of(a_budget(keys="x", daily=1)), holds=HOLDS)
    during = a_lineage_of(facts, "#api", rotations=[ROTATION])
    assert not decide(during).wishes
    assert len(decide(a_lineage_of(facts, "#api", "#api #2")).wishes) == 2
    released = replace(during, releases=[a_release("#api")])
    assert list(decide(released).wishes) == ["#api"]


@pytest.mark.parametrize(
    ("name", "where", "is_namesake"),
    [
        ("api", {}, True),
        ("api #7", {}, True),
        ("api #2 #3", {}, False),
        ("web", {}, False),
        ("api", {"workspace": "w2"}, False),
        ("api #2", {"hash": "#api #2"}, False),
    ],
)
def test_a_lineage_is_found_whose_successors_are_named_as_another_key_s_would_be(
    name: str, where: dict[str, str], is_namesake: bool
) -> None:
    facts = lineage()
    (known,) = facts.kin.lineages.values()
    found = facts.kin.namesake(a_key(name, **({"hash": "#new"} | where)), facts.observations)
    assert found == (known if is_namesake else None)
    assert facts.kin.namesake(a_key("api", hash="#new"), {}) is None
    gone = {"#api #2": replace(NEW, gone_at=NOW)}
    assert facts.kin.namesake(a_key("api", hash="#new"), gone) is None


def test_a_lineage_has_the_name_that_its_key_was_given_last() -> None:
    facts = lineage()
    renamed = replace(NEW, reading=replace(NEW.reading, key=a_key("web", hash="#api #2")))
    known = {"#api #2": renamed}
    assert facts.kin.namesake(a_key("api", hash="#new"), known) is None
    assert facts.kin.namesake(a_key("web", hash="#new"), known)


def test_a_lineage_follows_its_key_s_name_and_workspace() -> None:
    (known,) = lineage().kin.lineages.values()
    moved = known.following(a_key("web #9", workspace="w2"))
    assert (moved.name, moved.workspace, moved.next_name) == ("web", "w2", "web #3")
    assert known.following(a_key("api #2")) == known


def test_kin_of_a_key_without_lineage_is_itself() -> None:
    kin = Kin()
    assert (kin.root("#a"), kin.current("#a"), kin.hashes("#a")) == ("#a", "#a", ("#a",))
    assert lineage().kin.count(["#api", "#api #2", "#web"]) == 2


def test_a_limit_that_a_person_gave_one_generation_alone_binds_that_one_too() -> None:
    less = replace(held("api", limited(40)), baseline=limited(2))
    facts = lineage(EACH, holds=(less, held("api #2", limited(10))))
    old = replace(OLD, reading=replace(OLD.reading, counters=counters(1, 1, 1, 1)))
    facts = replace(facts, observations={**facts.observations, "#api": old})
    want = decide(facts).standings["#api"].want
    assert isinstance(want, Fence)
    assert want.limit.amount is not None
    assert want.limit.amount <= 2


def test_what_a_generation_spent_before_a_person_renamed_it_stays_in_its_budget() -> None:
    was = NEW.key
    other = replace(NEW, reading=replace(NEW.reading, key=replace(NEW.key, name="other")))
    renamed = replace(other, former=(Former(was, counters(5, 5, 5, 5), NOW),))
    (one,) = plan(a_budget(keys="api", hold=ALWAYS, daily=100), seen=(OLD, renamed)).constraints
    assert (one.members, one.spend) == (frozenset({"#api"}), usd(25))


def test_a_generation_keeps_the_name_of_its_lineage_when_that_comes_to_have_another() -> None:
    facts = lineage(a_budget(keys="api", hold=ALWAYS, daily=100))
    (secret, line), *_ = facts.kin.lineages.items()
    kin = Kin({secret: replace(line, name="other")}, facts.kin.rotations)
    assert [kin.named(one).key.known_as for one in (OLD, NEW)] == ["api", "api"]
    assert replace(line, name="other").next_name == "other #3"
