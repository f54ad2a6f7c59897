"""From a rotation to people: what a threshold asks for is done once, a failure told until it is over."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from budget_guard.domain.alerts import Alert, Kind
from budget_guard.domain.decision import decide
from budget_guard.domain.due import due
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.policy import Budget, RotationRule
from budget_guard.use_cases.gathering import gather
from tests.domain.builders import ALWAYS, HOUR, MINUTE, a_budget, policy_of
from tests.use_cases.rotation.scene import Scene

LADDER = (Threshold(Decimal("0.9"), Severity.WARNING, Do.ROTATE),)
PROD = a_budget("prod", keys="prod*", hold=ALWAYS, daily=100, owner="ann", thresholds=LADDER)


def a_scene(budget: Budget = PROD) -> Scene:
    scene = Scene(replace(policy_of(budget), rotation=(RotationRule(),)))
    scene.adopt()
    scene.settle()
    return scene


def told(scene: Scene, *kinds: Kind) -> list[Alert]:
    return [one for one in scene.guard.inbox.alerts if one.kind in kinds]


def rotations(scene: Scene, cycles: int) -> Iterator[bool]:
    """Run the loop every five minutes; rotate what is due, and tell whether that came to its end."""
    for _ in range(cycles):
        scene.pass_(5 * MINUTE)
        scene.guard.cycle()
        for _ in due(decide(gather(scene.ledger, scene.guard.policy, scene.now))):
            yield scene.tried(f"due-{next(scene.runs)}")


@pytest.mark.parametrize("per_key", [False, True])
def test_a_threshold_rotates_its_key_exactly_once_and_people_are_told_once(per_key: bool) -> None:
    scene = a_scene(replace(PROD, per_key=per_key))
    assert list(rotations(scene, 3)) == []
    scene.use("92")
    assert list(rotations(scene, 30)) == [True]
    assert scene.lineage.current.hash != scene.first
    (alert,) = told(scene, Kind.ROTATION_DUE)
    (entry,) = alert.entries
    name = "prod-api, in prod," if per_key else "prod"
    assert entry.text == f"prod-api is being rotated: {name} spent 92.00 of 100.00 USD today"
    assert (entry.key, entry.owner) == (scene.first, "ann")
    assert told(scene, Kind.ROTATION_FAILED, Kind.STRAY, Kind.LINGERING, Kind.UNMANAGED) == []
    scene.check()


def test_the_next_day_it_is_rotated_again_if_it_comes_to_that_again() -> None:
    scene = a_scene()
    for _ in range(2):
        scene.use("92")
        assert list(rotations(scene, 3)) == [True]
        scene.pass_(13 * HOUR)
        scene.settle()
    assert len(told(scene, Kind.ROTATION_DUE)) == 2


def test_a_failure_is_told_once_and_its_end_when_a_later_rotation_has_succeeded() -> None:
    scene = a_scene()
    scene.use("92")
    scene.fail(status=400, method="POST", path="/keys", times=20)
    assert list(rotations(scene, 1)) == [False]
    scene.guard.faults.clear()
    assert list(rotations(scene, 6)) == []
    (failed,) = told(scene, Kind.ROTATION_FAILED)
    assert failed.severity is Severity.WARNING
    assert failed.entries[0].text.startswith("prod-api was not rotated: ")
    assert scene.tried("by hand")
    scene.settle()
    (resolved,) = told(scene, Kind.RESOLVED)
    assert resolved.closes == (failed.entries[0].incident,)
    scene.check_plaintexts()


def test_a_key_that_a_person_deleted_is_told_once_and_not_rotated() -> None:
    scene = a_scene()
    scene.use("92")
    scene.account.delete_key(scene.first)
    assert list(rotations(scene, 3)) == []
    (alert,) = told(scene, Kind.DELETED)
    assert alert.severity is Severity.CRITICAL
    assert told(scene, Kind.ROTATION_DUE) == []
