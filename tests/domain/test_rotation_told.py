"""What people hear of rotations: once, with whose key it is and what to do; of success nothing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from budget_guard.domain.alerts import Condition, Incident, Kind
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Settings
from budget_guard.domain.kin import Kin
from budget_guard.domain.ladder import Severity
from budget_guard.domain.lineage import Lineage, State, begun
from budget_guard.domain.observations import Observation, observe_gone
from budget_guard.domain.policy import Mode, RotationRule
from budget_guard.domain.records import Release
from budget_guard.domain.rotation import Rotation, Stage
from tests.domain.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_budget,
    counters,
    facts_of,
    policy_of,
    seen,
    usd,
)

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:openrouter/api/1f2e-Qx7Lmz"
PROD = a_budget("prod", keys="api*", daily=100, owner="ann", runbook="https://wiki")
OLD, NEW = seen("api", counters(1)), seen("api #2", counters(1))
LINEAGE = begun(ARN, "#api", "api", workspace="w1", at=NOW - 30 * DAY)


def a_rotation(stage: Stage = Stage.FAILED, *, age: timedelta = HOUR, **rest: Any) -> Rotation:
    told = {"failure": "OpenRouter answered 503 three times to POST /keys."} | rest
    return Rotation(
        secret=ARN,
        token="t",
        name="api #2",
        workspace="w1",
        old="#api",
        is_held=True,
        allowed=usd(9),
        began=NOW - age,
        run="r",
        stage=stage,
        **told,
    )


def facts(
    *rotations: Rotation,
    lineage: Lineage = LINEAGE,
    keys: Iterable[Observation] = (OLD, NEW),
    rule: RotationRule | None = None,
    now: datetime = NOW,
    incidents: Iterable[Incident] = (),
) -> Facts:
    policy = replace(policy_of(PROD), rotation=(rule or RotationRule(),))
    known = facts_of(keys, policy, now=now, incidents=incidents)
    return replace(known, kin=Kin({ARN: lineage}, rotations))


def told(of: Facts) -> tuple[Condition, ...]:
    return conditions(decide(of))


def opened(one: Condition) -> Incident:
    return Incident(one.id, one.kind, one.step, NOW, "event", one.entry)


def test_a_rotation_that_failed_is_told_with_what_goes_on_and_the_command_to_try_again() -> None:
    (found,) = told(facts(a_rotation(), keys=[OLD]))
    entry = found.entry
    assert (found.kind, found.severity) == (Kind.ROTATION_FAILED, Severity.WARNING)
    assert entry.text == "api was not rotated: OpenRouter answered 503 three times to POST /keys"
    assert entry.action == (
        "applications go on with the key that they have from the secret openrouter/api/1f2e"
    )
    assert (entry.todo or "").endswith('try again: budget-guard rotate #api --reason "..."')
    assert (entry.key, entry.key_name) == ("#api", "api")
    assert (entry.budget, entry.owner, entry.runbook) == ("prod", "ann", "https://wiki")


def test_what_was_put_off_is_said_once() -> None:
    put_off = a_rotation(failure="api was not rotated: the budgets file protects it.")
    (found,) = told(facts(put_off, keys=[OLD]))
    assert found.entry.text == "api was not rotated: the budgets file protects it"


def test_a_failure_without_a_word_is_told_all_the_same() -> None:
    (found,) = told(facts(a_rotation(failure=None), keys=[OLD]))
    assert found.entry.text == "api was not rotated: it is not known why"


def test_a_failure_lasts_until_a_later_rotation_has_succeeded() -> None:
    (failed,) = told(facts(a_rotation(), keys=[OLD]))
    again = a_rotation(Stage.CREATED, age=MINUTE, failure=None)
    assert told(facts(again, keys=[OLD], incidents=[opened(failed)])) == (failed,)
    assert told(facts(again, keys=[OLD])) == ()
    done = replace(again, stage=Stage.DONE)
    assert told(facts(done, keys=[OLD], incidents=[opened(failed)])) == ()


@pytest.mark.parametrize(
    ("stage", "minutes", "kinds"),
    [
        (Stage.CREATED, 90, []),
        (Stage.CREATED, 91, [Kind.ROTATION_STUCK]),
        (Stage.FAILING, 91, [Kind.ROTATION_STUCK]),
        (Stage.DONE, 91, []),
    ],
)
def test_a_rotation_is_stuck_when_it_was_not_taken_back_in_time(
    stage: Stage, minutes: int, kinds: list[Kind]
) -> None:
    found = told(facts(a_rotation(stage, age=minutes * MINUTE), keys=[OLD]))
    assert [one.kind for one in found] == kinds
    assert all("begun at 10:29 UTC" in one.entry.text for one in found)


def drained(age: timedelta, **rest: Any) -> Lineage:
    lineage = LINEAGE.moved_to("#api #2", NOW - age)
    return lineage.with_generation(replace(lineage.generations[0], **rest))


def test_an_old_key_in_use_after_a_day_is_told_with_how_to_cut_it_off() -> None:
    (found,) = told(facts(lineage=drained(DAY)))
    entry = found.entry
    assert (found.kind, found.severity, found.id) == (
        Kind.LINGERING,
        Severity.WARNING,
        "lingering/#api",
    )
    assert entry.text == (
        "api is still in use 24 hours after it was replaced (Tue 17 Nov 12:00 UTC)"
    )
    assert "force: true" in (entry.action or "")
    assert "openrouter/api/1f2e" in (entry.todo or "")
    assert (entry.todo or "").endswith('budget-guard retire #api --reason "..."')
    assert (entry.key, entry.key_name, entry.owner) == ("#api", "api", "ann")


def changed(known: Facts, **policy: Any) -> Facts:
    return replace(known, policy=replace(known.policy, **policy))


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"mode": Mode.OBSERVE}, "the budgets file says mode: observe"),
        ({"protect": frozenset({"#api"})}, "the budgets file keeps the guard off it"),
    ],
)
def test_where_no_word_disables_a_key_it_is_told_without_the_command(
    policy: dict[str, Any], why: str
) -> None:
    (found,) = told(changed(facts(lineage=drained(DAY)), **policy))
    assert found.entry.action == f"nothing: {why}"
    assert (found.entry.todo or "").endswith("read the secret openrouter/api/1f2e")


def test_when_every_key_is_released_an_old_one_is_told_at_once_with_the_command() -> None:
    known = facts(lineage=drained(MINUTE), rule=RotationRule(force=True))
    every = Release(None, NOW + DAY, "ann", "removal", NOW - MINUTE)
    for now in (changed(known, mode=Mode.RELEASE), replace(known, releases=[every])):
        (found,) = told(now)
        assert found.kind is Kind.LINGERING
        assert found.entry.text == (
            "api stays enabled beside its successor, each with its own limit"
        )
        assert found.entry.action == "nothing: a released key is disabled only at your word"
        assert (found.entry.todo or "").endswith('budget-guard retire #api --reason "..."')
    assert told(known) == ()
    assert told(replace(known, releases=[replace(every, until=NOW)])) == ()
    for off in (seen("api", counters(1), settings=Settings(disabled=True)), observe_gone(OLD, NOW)):
        by_hand = replace(known, observations={**known.observations, "#api": off})
        assert told(replace(by_hand, releases=[every])) == ()


def test_of_a_key_that_is_released_by_itself_no_cut_is_foretold() -> None:
    known = facts(lineage=drained(DAY), rule=RotationRule(force=True))
    word = Release("#api", NOW + DAY, "ann", "a demo", NOW - MINUTE)
    (found,) = told(replace(known, releases=[word]))
    assert "still in use 24 hours" in found.entry.text
    assert found.entry.action == "nothing: a released key is disabled only at your word"


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.RELEASE])
def test_where_no_key_is_rotated_a_failure_does_not_offer_to_try_again(mode: Mode) -> None:
    (found,) = told(changed(facts(a_rotation(), keys=[OLD]), mode=mode))
    assert found.entry.todo == (
        "see the last lines of the rotate log; while the budgets file says "
        f"mode: {mode}, no key is rotated"
    )


def test_before_that_once_cut_or_disabled_it_is_not_told() -> None:
    assert told(facts(lineage=drained(DAY - MINUTE))) == ()
    assert told(facts(lineage=drained(2 * DAY, cut="ann: it leaked"))) == ()
    gone = drained(2 * DAY).come_to("#api", State.DISABLED, NOW - HOUR)
    assert told(facts(lineage=gone)) == ()


def test_what_is_to_be_cut_off_by_force_is_told_in_good_time() -> None:
    force = RotationRule(force=True)
    assert told(facts(lineage=drained(11 * HOUR), rule=force)) == ()
    (found,) = told(facts(lineage=drained(12 * HOUR), rule=force))
    assert found.entry.action == "it is disabled at 00:00 UTC, in use or not (force: true)"


def test_a_key_that_a_person_deleted_under_rotation_is_critical_and_nothing_else_is_said() -> None:
    gone = observe_gone(OLD, NOW)
    (found,) = told(facts(a_rotation(), keys=[gone]))
    assert (found.kind, found.severity, found.id) == (
        Kind.DELETED,
        Severity.CRITICAL,
        "deleted/#api",
    )
    assert found.entry.text == (
        "api was deleted at OpenRouter: applications that read its secret get 401"
    )
    assert (found.entry.todo or "").endswith("budget-guard adopt --new NAME")


ASKED = LINEAGE.asking("api #2", NOW - HOUR)


@pytest.mark.parametrize(
    ("spent", "asked_ago", "is_told"),
    [
        (counters(), HOUR, False),
        (counters(1), HOUR, True),
        (counters(byok=1), HOUR, True),
        (counters(), 7 * HOUR, False),
        (counters(), 7 * HOUR + MINUTE, True),
    ],
)
def test_a_key_of_an_asked_name_is_told_once_the_guard_will_not_remove_it(
    spent: Any, asked_ago: timedelta, is_told: bool
) -> None:
    lineage = LINEAGE.asking("api #2", NOW - asked_ago)
    found = told(facts(lineage=lineage, keys=[OLD, seen("api #2", spent)]))
    assert [one.kind for one in found] == [Kind.STRAY] * is_told


def test_a_stray_key_is_told_as_one_that_may_be_a_persons() -> None:
    (found,) = told(facts(lineage=ASKED, keys=[OLD, NEW]))
    assert (found.severity, found.id) == (Severity.WARNING, "stray/#api #2")
    assert found.entry.text == "api #2 is named as if it came of a rotation of api, and did not"
    assert (found.entry.key, found.entry.budget) == ("#api #2", "prod")


def test_a_key_of_an_asked_name_in_another_workspace_is_no_stray() -> None:
    assert told(facts(lineage=ASKED, keys=[OLD, seen("api #2", workspace="w2")])) == ()


def test_a_key_that_a_rotation_has_just_made_or_that_is_gone_is_no_stray() -> None:
    made = a_rotation(Stage.CREATED, new="#api #2")
    assert told(facts(made, lineage=ASKED)) == ()
    assert told(facts(lineage=ASKED, keys=[OLD, observe_gone(NEW, NOW)])) == ()


def test_a_lineage_that_was_rotated_is_silence() -> None:
    assert told(facts(a_rotation(Stage.DONE), lineage=drained(HOUR))) == ()


def test_an_unmanaged_lineage_is_told_once_by_its_present_key() -> None:
    known = facts(lineage=drained(HOUR))
    unmanaged = replace(known, policy=replace(known.policy, budgets=()))
    assert [one.id for one in told(unmanaged)] == ["unmanaged/#api #2"]
