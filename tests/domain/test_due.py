"""Keys that a threshold or a leak asks to rotate: once, of those that can be, and people are told."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Condition, Incident, Kind
from budget_guard.domain.announcing import announce
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.due import Due, due
from budget_guard.domain.facts import Facts
from budget_guard.domain.kin import Kin
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.lineage import Lineage, begun
from budget_guard.domain.observations import Observation, observe_gone
from budget_guard.domain.policy import Budget, Mode, RotationRule
from budget_guard.domain.records import Freeze
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.signals.signal import Signal, Signals
from tests.domain.builders import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    NOW,
    a_budget,
    a_release,
    counters,
    facts_of,
    limited,
    policy_of,
    seen,
    usd,
)

LADDER = (
    Threshold(Decimal("0.8"), Severity.WARNING),
    Threshold(Decimal("0.9"), Severity.WARNING, Do.ROTATE),
)
PROD = a_budget("prod", keys="prod*", daily=100, owner="ann", thresholds=LADDER)
KINDS = (Kind.ROTATION_DUE, Kind.ROTATION_PROPOSED)


def asking(do: Do, budget: Budget = PROD) -> Budget:
    return replace(budget, thresholds=(replace(LADDER[1], do=do),))


def lineage_of(key: str, *, age: timedelta = DAY) -> Lineage:
    return begun(f"openrouter/{key}", f"#{key}", key, workspace="w1", at=NOW - age)


def a_rotation(began: Any, stage: Stage, key: str = "prod-api") -> Rotation:
    return Rotation(
        secret=f"openrouter/{key}",
        token="t",
        name=f"{key} #2",
        workspace="w1",
        old=f"#{key}",
        is_held=True,
        allowed=usd(9),
        began=began,
        run="r",
        stage=stage,
    )


def facts(
    *keys: Observation,
    budget: Budget = PROD,
    lineages: Iterable[Lineage] = (lineage_of("prod-api"),),
    rotations: Iterable[Rotation] = (),
    rule: RotationRule | None = None,
    mode: Mode = Mode.ENFORCE,
    **rest: Any,
) -> Facts:
    policy = replace(policy_of(budget, mode=mode), rotation=(rule or RotationRule(),))
    kin = Kin({one.secret: one for one in lineages}, tuple(rotations))
    return replace(facts_of(keys, policy), kin=kin, **rest)


def asked(of: Facts) -> list[Condition]:
    return [one for one in conditions(decide(of)) if one.kind in KINDS]


def told(of: Facts) -> Facts:
    """Return the facts after people were told of them."""
    alerts, _ = announce(conditions(decide(of)), of.incidents, of.now)
    opened = {one.id: one for alert in alerts for one in alert.opens}
    return replace(of, incidents={**of.incidents, **opened})


def names(of: Facts) -> list[str]:
    return [one.name for one in due(decide(of))]


REACHED = seen("prod-api", counters(92))


def test_a_threshold_makes_its_key_due_once_people_were_told_of_it() -> None:
    before = facts(REACHED)
    assert due(decide(before)) == ()
    why = "prod spent 92.00 of 100.00 USD today"
    assert due(decide(told(before))) == (Due("openrouter/prod-api", "prod-api", why),)


@pytest.mark.parametrize("spent", ["0", "89.99"])
def test_below_the_threshold_nothing_is_due(spent: str) -> None:
    assert asked(facts(seen("prod-api", counters(spent)))) == []


def test_it_is_told_whose_key_why_and_what_becomes_of_the_old_one() -> None:
    (found,) = asked(facts(REACHED))
    assert (found.kind, found.severity, found.id) == (
        Kind.ROTATION_DUE,
        Severity.INFO,
        "rotation/prod/*/daily/2026-11-18/900",
    )
    entry = found.entry
    assert entry.text == "prod-api is being rotated: prod spent 92.00 of 100.00 USD today"
    assert (entry.key, entry.budget, entry.owner) == ("#prod-api", "prod", "ann")
    assert (entry.spent, entry.cap, entry.resets_at) == (usd(92), usd(100), NOW + 12 * HOUR)
    assert entry.action == (
        "a new key takes its place in the secret openrouter/prod-api; the old one goes on until "
        "nobody uses it"
    )


def test_where_old_keys_are_cut_off_it_is_told_after_how_long() -> None:
    rule = replace(AT_ONCE, force=True, drain_max=90 * MINUTE)
    (found,) = asked(facts(REACHED, rule=rule))
    assert (found.entry.action or "").endswith(
        "goes on until nobody uses it, 90 minutes at most (force: true)"
    )


def test_a_proposal_has_the_command_and_nothing_is_due() -> None:
    of = facts(REACHED, budget=asking(Do.PROPOSE))
    (found,) = asked(of)
    assert (found.kind, found.severity) == (Kind.ROTATION_PROPOSED, Severity.WARNING)
    assert found.entry.text == (
        "rotating prod-api is proposed: prod spent 92.00 of 100.00 USD today"
    )
    assert found.entry.todo == (
        'if it may have leaked: budget-guard rotate #prod-api --reason "..."'
    )
    assert names(told(of)) == []


def test_a_ladder_that_only_alerts_or_restricts_asks_for_no_rotation() -> None:
    assert asked(facts(REACHED, budget=replace(PROD, thresholds=LADDER[:1]))) == []
    assert asked(facts(REACHED, budget=asking(Do.RESTRICT))) == []


SEVERAL = [seen(f"prod-{n}", counters(23)) for n in range(5)]


def test_a_budget_of_several_keys_is_one_line_and_each_of_them_is_due() -> None:
    lineages = [lineage_of(f"prod-{n}") for n in range(4)]
    of = facts(*SEVERAL, lineages=lineages)
    (found,) = asked(of)
    assert found.entry.text == (
        "prod-0, prod-1, prod-2 and 1 more are being rotated: prod spent 115.00 of 100.00 USD today"
    )
    assert (found.entry.key, found.entry.budget) == (None, "prod")
    assert names(told(of)) == ["prod-0", "prod-1", "prod-2", "prod-3"]
    (proposed,) = asked(replace(of, policy=facts(budget=asking(Do.PROPOSE)).policy))
    assert (proposed.entry.todo or "").count("; then: budget-guard rotate #prod-") == 2


@pytest.mark.parametrize(
    ("count", "who"),
    [(1, "prod-0 is"), (2, "prod-0 and prod-1 are"), (3, "prod-0, prod-1 and prod-2 are")],
)
def test_up_to_three_keys_are_named(count: int, who: str) -> None:
    (found,) = asked(facts(*SEVERAL, lineages=[lineage_of(f"prod-{n}") for n in range(count)]))
    assert found.entry.text.startswith(f"{who} being rotated: ")


def test_a_budget_per_key_asks_for_those_that_reached_it() -> None:
    keys = [REACHED, seen("prod-web", counters(10))]
    lineages = [lineage_of("prod-api"), lineage_of("prod-web")]
    of = facts(*keys, budget=replace(PROD, per_key=True), lineages=lineages)
    assert [one.id for one in asked(of)] == ["rotation/prod/#prod-api/daily/2026-11-18/900"]
    assert names(told(of)) == ["prod-api"]


def threshold(of: Facts) -> str:
    (found,) = [one for one in conditions(decide(of)) if one.id.startswith("prod/")]
    return found.entry.action or ""


def test_keys_without_a_secret_are_named_by_the_threshold_and_nothing_is_asked() -> None:
    one = facts(REACHED, lineages=())
    assert asked(one) == []
    assert threshold(one).endswith(
        "; not rotated: prod-api; it has no secret here (budget-guard adopt #prod-api), its fence "
        "does the work"
    )
    many = facts(*SEVERAL, lineages=[lineage_of("prod-0")], budget=replace(PROD, hold=NEVER))
    assert threshold(many).endswith(
        "; not rotated: prod-1, prod-2, prod-3 and 1 more; they have no secret here "
        "(budget-guard adopt KEY), only alerts follow"
    )


def test_keys_that_no_rule_is_for_are_named_by_the_threshold() -> None:
    assert threshold(facts(REACHED, rule=RotationRule(keys=("other",)))).endswith(
        "; not rotated: prod-api; no rule under rotation: fits, its fence does the work"
    )


@pytest.mark.parametrize(
    "of",
    [
        facts(REACHED),
        facts(seen("prod-api", counters(92), limited(disabled=True)), lineages=()),
        facts(REACHED, lineages=(), mode=Mode.OBSERVE),
        facts(REACHED, lineages=(), budget=replace(PROD, thresholds=LADDER[:1])),
    ],
)
def test_a_threshold_says_nothing_of_that_where_nothing_was_asked_or_all_is_done(of: Facts) -> None:
    assert "not rotated" not in threshold(of)


FROZEN = Freeze("#prod-api", NOW + HOUR, "ann", "why", NOW - HOUR)


def ending(ahead: timedelta) -> Observation:
    key = seen("prod-api")
    return replace(key, reading=replace(key.reading, key=replace(key.key, expires_at=NOW + ahead)))


@pytest.mark.parametrize(
    ("age", "ahead", "is_due"),
    [
        (29 * DAY, DAY, True),
        (29 * DAY, DAY + MINUTE, False),
        (29 * DAY, timedelta(), False),
        (3 * HOUR, HOUR, True),
        (2 * HOUR, HOUR + MINUTE, False),
    ],
)
def test_a_key_is_due_before_its_own_end_comes(
    age: timedelta, ahead: timedelta, is_due: bool
) -> None:
    known = facts(ending(ahead), lineages=[lineage_of("prod-api", age=age)])
    assert [one.name for one in due(decide(known))] == ["prod-api"] * is_due
    assert not due(decide(facts(ending(ahead), lineages=[])))


@pytest.mark.parametrize(
    "of",
    [
        facts(REACHED, mode=Mode.OBSERVE),
        facts(REACHED, mode=Mode.RELEASE),
        facts(REACHED, rule=RotationRule(keys=("other",))),
        facts(seen("prod-api", counters(92), limited(disabled=True))),
        facts(observe_gone(REACHED, NOW)),
        facts(REACHED, freezes=(FROZEN,)),
        facts(REACHED, releases=(a_release("#prod-api"),)),
        facts(REACHED, freshness={}),
        replace(
            facts(REACHED), policy=replace(facts(REACHED).policy, protect=frozenset({"#prod-api"}))
        ),
        replace(facts(REACHED), policy=replace(facts(REACHED).policy, scope=("w2",))),
    ],
)
def test_what_the_guard_may_not_rotate_now_is_not_asked_for(of: Facts) -> None:
    assert asked(of) == []
    assert names(told(of)) == []


def test_it_is_not_due_again_once_its_key_is_younger() -> None:
    of = told(facts(REACHED))
    moved = lineage_of("prod-api").moved_to("#new", NOW + MINUTE)
    new = seen("prod-api #2", hash="#new")
    after = replace(
        of,
        now=NOW + 5 * MINUTE,
        observations={**of.observations, "#new": new},
        kin=Kin({moved.secret: moved}),
    )
    assert [one.id for one in asked(after)] == [one.id for one in asked(of)]
    assert names(after) == []
    assert names(replace(after, kin=of.kin)) == ["prod-api"]


@pytest.mark.parametrize(
    ("began", "stage", "is_due"),
    [
        (NOW + MINUTE, Stage.FAILED, False),
        (NOW - MINUTE, Stage.FAILED, False),
        (NOW - 2 * MINUTE, Stage.FAILED, True),
        (NOW - 2 * MINUTE, Stage.CREATED, False),
        (NOW - HOUR, Stage.DONE, True),
    ],
)
def test_it_is_not_due_while_a_rotation_is_open_or_after_one_began_since(
    began: Any, stage: Stage, is_due: bool
) -> None:
    of = told(facts(REACHED, rotations=[a_rotation(began, stage)]))
    assert bool(names(of)) == is_due
    other = told(facts(REACHED, rotations=[a_rotation(began, stage, "prod-web")]))
    assert names(other) == ["prod-api"]


def test_a_key_adopted_after_the_threshold_was_reached_is_left_alone() -> None:
    of = told(facts(REACHED, seen("prod-web"), lineages=[lineage_of("prod-api")]))
    late = lineage_of("prod-web", age=-MINUTE)
    kin = Kin({**of.kin.lineages, late.secret: late})
    assert names(replace(of, now=NOW + 5 * MINUTE, kin=kin)) == ["prod-api"]


def test_what_was_told_lasts_until_the_window_ends_whatever_becomes_of_the_spend() -> None:
    of = told(facts(REACHED))
    below = replace(of, policy=facts(budget=a_budget("prod", daily=500, thresholds=LADDER)).policy)
    assert [one.id for one in asked(below)] == [one.id for one in asked(of)]
    assert names(below) == []
    assert names(replace(of, now=NOW + DAY)) == []
    assert asked(replace(of, now=NOW + DAY)) == []


def leaking(key: str = "prod-api", **rest: Any) -> Facts:
    signal = Signal(
        f"unusual/#{key}/cost",
        Kind.UNUSUAL,
        f"{key}: 0.042 USD a request; most by large 9.00 USD; owner ann",
        Decimal(1),
        Decimal(4),
        key=f"#{key}",
        key_name=key,
    )
    found = Signals(NOW, NOW, (signal, replace(signal, id="mix/x", kind=Kind.MIX_SHIFTED)))
    quiet = seen("prod-api", counters(1))
    return facts(quiet, **({"signals": found} | rest))


AT_ONCE = RotationRule(on_leak=Do.ROTATE)


def test_a_suspected_leak_is_proposed_or_due_as_its_rule_says() -> None:
    (proposed,) = asked(leaking())
    assert (proposed.kind, proposed.id) == (
        Kind.ROTATION_PROPOSED,
        "rotation/unusual/#prod-api/cost",
    )
    assert proposed.entry.text == (
        "rotating prod-api is proposed: it may have leaked, at 0.042 USD a request"
    )
    assert (proposed.entry.owner, proposed.entry.spent) == ("ann", None)
    assert names(told(leaking())) == []
    (rotated,) = asked(leaking(rule=AT_ONCE))
    assert rotated.entry.text == (
        "prod-api is being rotated: it may have leaked, at 0.042 USD a request"
    )
    assert names(told(leaking(rule=AT_ONCE))) == ["prod-api"]


def test_a_leak_of_a_key_without_lineage_or_rule_is_only_told_as_before() -> None:
    assert asked(leaking(lineages=())) == []
    assert asked(leaking("other")) == []
    assert asked(leaking(rule=RotationRule(keys=("other",)))) == []


def test_a_suspicion_lasts_as_the_signal_does_and_through_silence_of_costs() -> None:
    of = told(leaking(rule=AT_ONCE))
    moved = lineage_of("prod-api").moved_to("#new", NOW + MINUTE)
    draining = replace(of, kin=Kin({moved.secret: moved}))
    for later in (draining, replace(draining, now=NOW + 5 * HOUR)):
        assert [one.id for one in asked(later)] == ["rotation/unusual/#prod-api/cost"]
        assert names(later) == []
    assert asked(replace(draining, signals=Signals(NOW, NOW))) == []


@dataclass
class Days:
    """A key whose guard tells people and rotates it, or fails to, as the facts of each hour say."""

    facts: Facts
    lineage: Lineage
    begun: list[Any] = field(default_factory=list)

    def hour(self, spent: int, does: Stage, *, fresh: bool) -> None:
        was, now = self.facts, self.facts.now + HOUR
        reading = replace(was.observations["#prod-api"].reading, counters=counters(spent), at=now)
        polled = facts_of([REACHED], was.policy, now=now).freshness if fresh else {}
        observations = {"#prod-api": Observation(reading)}
        for one in self.lineage.generations[1:]:
            observations[one.hash] = seen(f"prod-api #{one.number}", at=now, hash=one.hash)
        self.facts = replace(was, now=now, observations=observations, freshness=polled)
        self.tell()
        for _ in due(decide(self.facts)):
            self.begun.append(now)
            if does is Stage.DONE:
                self.lineage = self.lineage.moved_to(f"#{len(self.begun)}", now)
            kin = Kin({self.lineage.secret: self.lineage}, (a_rotation(now, does),))
            self.facts = replace(self.facts, kin=kin)

    def tell(self) -> None:
        plan: Plan = decide(self.facts)
        alerts, silently = announce(conditions(plan), self.facts.incidents, self.facts.now)
        over = {one.id for one in silently} | {one for alert in alerts for one in alert.closes}
        kept = {key: one for key, one in self.facts.incidents.items() if key not in over}
        opened: dict[str, Incident] = {one.id: one for alert in alerts for one in alert.opens}
        self.facts = replace(self.facts, incidents={**kept, **opened})


HOURS = st.tuples(st.integers(0, 120), st.sampled_from([Stage.DONE, Stage.FAILED]), st.booleans())


@given(st.lists(HOURS, max_size=60), st.booleans())
def test_whatever_happens_a_threshold_rotates_a_key_at_most_once_a_day(
    hours: list[Any], per_key: bool
) -> None:
    budget = replace(PROD, per_key=per_key)
    days = Days(facts(REACHED, budget=budget, incidents={}), lineage_of("prod-api", age=9 * DAY))
    for spent, does, fresh in hours:
        days.hour(spent, does, fresh=fresh)
    dates = [one.date() for one in days.begun]
    assert len(dates) == len(set(dates))


def test_each_day_that_comes_to_the_threshold_rotates_the_key_again() -> None:
    days = Days(facts(REACHED, incidents={}), lineage_of("prod-api", age=9 * DAY))
    for _ in range(59):
        days.hour(95, Stage.DONE, fresh=True)
    assert [one.date() - NOW.date() for one in days.begun] == [0 * DAY, DAY, 2 * DAY]
