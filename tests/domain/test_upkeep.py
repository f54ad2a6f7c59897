"""When `rotate` is started by the loop: for what no step of a rotation does, and not in vain."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.domain import upkeep
from budget_guard.domain.due import Due
from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Settings
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Lineage, State, begun
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.policy import Mode, RotationRule
from budget_guard.domain.records import Release
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.upkeep import AGAIN, PATIENCE, SOON, to_start, unrecorded
from tests.domain.builders import DAY, HOUR, MINUTE, NOW, counters, facts_of, policy_of, seen

ARN = "arn:secret"
RULE = RotationRule(keys=("prod*",), every=30 * DAY, delete_after=7 * DAY)
LINEAGE = replace(begun(ARN, "#1", "prod", workspace="w1", at=NOW - DAY), every=30 * DAY)
OFF = Settings(disabled=True)
ROTATION = Rotation(
    secret=ARN,
    token="version",
    name="prod #2",
    workspace="w1",
    old="#1",
    is_held=True,
    allowed=Decimal(1),
    began=NOW - PATIENCE,
    run="run",
    stage=Stage.DONE,
)
DUE = Due(ARN, "prod", "it has spent 90 %")


def facts(
    lineage: Lineage | None = LINEAGE,
    *rotations: Rotation,
    observed: Iterable[Observation] = (),
    rules: tuple[RotationRule, ...] = (RULE,),
    mode: Mode = Mode.ENFORCE,
) -> Facts:
    policy = replace(policy_of(mode=mode), rotation=rules)
    kin = Kin({lineage.secret: lineage} if lineage else {}, rotations)
    return replace(facts_of([seen("prod", hash="#1"), *observed], policy), kin=kin)


def needs_upkeep(known: Facts, *asked: Due) -> bool:
    return upkeep.needs_upkeep(known, asked)


def left(state: State, *, since: timedelta = DAY) -> Lineage:
    return LINEAGE.moved_to("#2", NOW - since).come_to("#1", state, NOW - since)


def test_without_lineages_or_where_all_is_well_nobody_is_started() -> None:
    assert not needs_upkeep(facts(None))
    assert not needs_upkeep(facts(LINEAGE))
    assert not needs_upkeep(facts(LINEAGE, ROTATION))


@pytest.mark.parametrize("stage", [Stage.BEGUN, Stage.PROVEN, Stage.FAILING])
def test_a_rotation_is_taken_up_when_nobody_can_be_at_it_any_more(stage: Stage) -> None:
    half_done = replace(ROTATION, stage=stage)
    assert needs_upkeep(facts(LINEAGE, half_done))
    assert not needs_upkeep(facts(LINEAGE, replace(half_done, began=NOW - PATIENCE + MINUTE)))


@pytest.mark.parametrize(("left", "is_soon"), [("1", True), ("1.01", False), (None, False)])
def test_it_is_taken_up_soon_where_the_old_key_runs_dry(left: str | None, is_soon: bool) -> None:
    half_done = replace(ROTATION, stage=Stage.INTENT, began=NOW - SOON)
    burning = (HourMark(NOW - HOUR, counters(0).lifetime),)
    last = seen("prod", counters(6), hash="#1").reading
    left_to_it = None if left is None else Decimal(left)
    old = Observation(replace(last, limit_remaining=left_to_it), hours=burning)
    known = facts(LINEAGE, half_done, observed=[old])
    assert needs_upkeep(known) is is_soon
    just_begun = replace(half_done, began=NOW - SOON + MINUTE)
    assert not needs_upkeep(facts(LINEAGE, just_begun, observed=[old]))


def test_a_key_on_its_way_out_is_looked_at() -> None:
    assert needs_upkeep(facts(left(State.DRAINING)))


def test_of_released_keys_only_those_that_people_want_disabled_are_looked_at() -> None:
    draining = left(State.DRAINING)
    cut = draining.with_generation(replace(draining.generations[0], cut="ann: it leaked"))
    every = Release(None, NOW + DAY, "ann", "removal", NOW - HOUR)
    for lineage, is_needed in ((draining, False), (cut, True)):
        assert needs_upkeep(facts(lineage, mode=Mode.RELEASE)) is is_needed
        assert needs_upkeep(replace(facts(lineage), releases=[every])) is is_needed
    assert not needs_upkeep(facts(cut, mode=Mode.OBSERVE))


def test_a_key_that_is_off_is_looked_at_when_its_time_has_come() -> None:
    off = [seen("prod", hash="#1", settings=OFF)]
    assert not needs_upkeep(facts(left(State.DISABLED), observed=off))
    assert needs_upkeep(facts(left(State.DISABLED, since=7 * DAY), observed=off))
    assert not needs_upkeep(facts(left(State.DELETED, since=9 * DAY)))


def test_a_key_that_was_off_is_looked_at_when_somebody_changed_it() -> None:
    gone = replace(seen("prod", hash="#1", settings=OFF), gone_at=NOW)
    assert needs_upkeep(facts(left(State.DISABLED), observed=[seen("prod", hash="#1")]))
    assert needs_upkeep(facts(left(State.DISABLED), observed=[gone]))
    not_read_since = facts(left(State.DISABLED, since=-MINUTE), observed=[seen("prod", hash="#1")])
    assert not needs_upkeep(not_read_since)


def test_a_key_under_a_name_that_was_asked_for_is_looked_for() -> None:
    asked = LINEAGE.asking("prod #2", NOW - HOUR)
    lost = seen("prod #2", hash="#lost")
    assert needs_upkeep(facts(asked, observed=[lost]))
    assert not needs_upkeep(facts(LINEAGE, observed=[lost]))
    assert not needs_upkeep(facts(asked, observed=[replace(lost, gone_at=NOW)]))
    assert not needs_upkeep(
        facts(asked.moved_to("#lost", NOW - DAY).come_to("#1", State.DELETED, NOW), observed=[lost])
    )


def test_a_key_of_an_asked_name_in_another_workspace_is_nobody_s_that_was_lost() -> None:
    asked = LINEAGE.asking("prod #2", NOW)
    assert not needs_upkeep(facts(asked, observed=[seen("prod #2", hash="#lost", workspace="w2")]))


def test_the_key_of_a_rotation_that_goes_on_is_not_lost() -> None:
    asked = LINEAGE.asking("prod #2", NOW)
    rotation = replace(ROTATION, stage=Stage.CREATED, new="#new", began=NOW)
    assert not needs_upkeep(facts(asked, rotation, observed=[seen("prod #2", hash="#new")]))


def test_who_was_used_is_a_persons_and_starts_nobody() -> None:
    asked = LINEAGE.asking("prod #2", NOW - HOUR)
    used = seen("prod #2", counters(1), hash="#used")
    known = facts(asked, observed=[used])
    assert unrecorded(known.kin, known.observations) == (used,)
    assert not needs_upkeep(known)


@pytest.mark.parametrize("rules", [(), (replace(RULE, every=7 * DAY),)])
def test_another_schedule_in_the_budgets_file_is_brought_to_the_secret(
    rules: tuple[RotationRule, ...],
) -> None:
    assert needs_upkeep(facts(LINEAGE, rules=rules))
    open_ = replace(ROTATION, stage=Stage.CREATED, began=NOW)
    assert not needs_upkeep(facts(LINEAGE, open_, rules=rules))


def test_a_key_that_never_had_a_schedule_needs_none_without_a_rule() -> None:
    assert not needs_upkeep(facts(replace(LINEAGE, every=None), rules=()))


def test_under_observe_nothing_is_done_and_under_release_only_what_was_left_half_done() -> None:
    leaving, half_done = left(State.DRAINING), replace(ROTATION, stage=Stage.BEGUN)
    assert not needs_upkeep(facts(leaving, half_done, mode=Mode.OBSERVE))
    assert not needs_upkeep(facts(leaving, mode=Mode.RELEASE))
    assert needs_upkeep(facts(leaving, half_done, mode=Mode.RELEASE))


def test_what_is_due_is_started_once_the_last_rotation_is_an_hour_ago() -> None:
    assert to_start([DUE], facts(LINEAGE)) == (DUE,)
    for stage in (Stage.DONE, Stage.FAILED):
        last = replace(ROTATION, stage=stage, began=NOW - AGAIN)
        assert to_start([DUE], facts(LINEAGE, last)) == (DUE,)
        assert not to_start([DUE], facts(LINEAGE, replace(last, began=NOW - AGAIN + MINUTE)))
    assert not to_start([DUE], facts(LINEAGE, replace(ROTATION, stage=Stage.BEGUN)))


def test_who_is_under_no_rule_or_of_no_lineage_is_never_started() -> None:
    assert not to_start([DUE], facts(LINEAGE, rules=()))
    assert not to_start([DUE], facts(None))


def test_what_is_due_starts_somebody_only_where_it_can_be_begun() -> None:
    assert needs_upkeep(facts(LINEAGE), DUE)
    assert not needs_upkeep(facts(LINEAGE, replace(ROTATION, began=NOW)), DUE)
    assert not needs_upkeep(facts(LINEAGE, mode=Mode.OBSERVE), DUE)
