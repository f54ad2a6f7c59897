"""The ordinary loop tends lineages: each part by itself, and nothing is asked for twice."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from budget_guard.domain.due import Due
from budget_guard.domain.errors import ManagementKeyError, RotationFailed, VaultError
from budget_guard.domain.policy import Mode, RotationRule
from budget_guard.domain.rotation import Stage
from budget_guard.domain.upkeep import AGAIN, needs_upkeep
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.rotating import Rotating
from budget_guard.use_cases.rotation.steps import Step, rotate
from budget_guard.use_cases.rotation.tending import Done, Tended, What, tend
from tests.domain.builders import DAY, HOUR, MINUTE
from tests.simulation.guard import Killed, Switch
from tests.use_cases.rotation.scene import SECRET, Scene, a_scene

LEAK = Due(SECRET, "prod-api", "its spend is out of profile")


def leak(_: object) -> tuple[Due, ...]:
    return (LEAK,)


@pytest.fixture
def scene() -> Scene:
    """A key whose schedule is the policy's already."""
    scene = a_scene()
    tend(scene.rotating())
    return scene


def started(scene: Scene) -> list[str]:
    """Let the loop see a leak; return the versions that Secrets Manager was asked for in all."""
    tend(scene.rotating(), leak)
    return [token for _, token in scene.vault.rotations]


def under(mode: Mode, scene: Scene) -> Rotating:
    to = scene.rotating()
    return replace(to, policy=replace(to.policy, mode=mode))


def needs(scene: Scene) -> bool:
    to = scene.rotating()
    return needs_upkeep(gather(to.ledger, to.policy, to.now), ())


def whats(report: Tended) -> list[What]:
    return [one.what for one in report.done]


def test_a_secret_is_put_on_the_policys_schedule_and_only_once() -> None:
    scene = a_scene()
    assert needs(scene)
    assert tend(scene.rotating()).done == (Done(What.SCHEDULED, "prod-api", "every 30 days"),)
    assert scene.vault.schedules == {SECRET: 30 * DAY}
    assert not needs(scene)
    scene.vault.schedules.clear()
    assert tend(scene.rotating()) == Tended()
    assert not scene.vault.schedules


def test_another_interval_is_another_schedule_and_no_rule_is_none(scene: Scene) -> None:
    scene.rule = RotationRule(every=7 * DAY)
    tend(scene.rotating())
    assert scene.vault.schedules == {SECRET: 7 * DAY}
    scene.rule = RotationRule(keys=("dev-*",))
    assert needs(scene)
    (done,) = tend(scene.rotating()).done
    assert done.why == "no rule of the budgets file is for it"
    assert not scene.vault.schedules
    assert scene.lineage.every is None
    assert not needs(scene)


def test_what_is_due_is_asked_for_once_until_the_rotation_is_on_record(scene: Scene) -> None:
    (token,) = started(scene)
    scene.pass_(3 * MINUTE)
    assert started(scene) == [token]
    scene.rotate(token)
    assert scene.rotation.stage is Stage.DONE
    assert scene.lineage.current.hash != scene.first
    assert started(scene) == [token]
    scene.check()


def test_who_asks_at_the_same_time_asks_for_the_same(scene: Scene) -> None:
    one, other = scene.rotating(), scene.rotating()
    tend(one, leak)
    tend(other, leak)
    assert len(scene.vault.rotations) == 1


def test_what_the_service_gave_up_unrecorded_is_asked_for_by_the_same_version(scene: Scene) -> None:
    (token,) = started(scene)
    scene.vault.drop_pending(SECRET, token)
    assert started(scene) == [token]


def test_what_was_begun_since_the_facts_were_gathered_is_not_asked_for(scene: Scene) -> None:
    def begun_meanwhile(_: object) -> tuple[Due, ...]:
        scene.rotate("by-schedule", Step.CREATE)
        scene.vault.drop_pending(SECRET, "by-schedule")
        return (LEAK,)

    assert tend(scene.rotating(), begun_meanwhile) == Tended()
    assert not scene.vault.rotations


def test_a_rotation_that_was_begun_while_the_loop_looked_is_not_taken_back(scene: Scene) -> None:
    scene.rotate("left", Step.CREATE)
    scene.pass_(2 * HOUR)
    anew = replace(scene.rotation, token="anew", began=scene.now)
    scene.switch = Switch(meanwhile={3: [lambda: scene.ledger.save(anew)]})
    tend(scene.rotating())
    assert "acquire" in scene.switch.calls[3]
    assert scene.rotation == anew


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_what_is_due_is_rotated_once(after: bool) -> None:
    for at in count():
        scene = a_scene()
        scene.switch = Switch(at=at, after=after)
        try:
            tend(scene.rotating(), leak)
        except Killed:
            scene.switch = Switch()
            scene.pass_(7 * MINUTE)
            (token,) = started(scene)
            scene.rotate(token)
            assert len(scene.lineage.generations) == 2
            assert scene.vault.schedules == {SECRET: 30 * DAY}
        else:
            break
    assert at > 10


def test_a_rotation_that_the_schedule_began_is_not_begun_again(scene: Scene) -> None:
    scene.vault.rotate_now(SECRET, "by-schedule")
    assert started(scene) == ["by-schedule"]
    scene.rotate("by-schedule", Step.CREATE)
    assert started(scene) == ["by-schedule"]


def test_a_rotation_that_failed_is_asked_for_again_an_hour_later(scene: Scene) -> None:
    (first,) = started(scene)
    scene.fail(method="POST", path="/keys", status=400)
    with pytest.raises(RotationFailed):
        scene.rotate(first)
    scene.guard.faults.clear()
    scene.pass_(AGAIN - 10 * MINUTE)
    assert started(scene) == [first]
    scene.pass_(15 * MINUTE)
    scene.guard.cycle()
    first, second = started(scene)
    assert second != first
    scene.rotate(second)
    scene.check()


def test_a_key_that_cannot_be_rotated_now_is_not_in_the_way_of_the_next_rotation(
    scene: Scene,
) -> None:
    (first,) = started(scene)
    scene.account.patch_key(scene.first, {"disabled": True})
    scene.refused(first, "disabled")
    scene.refused(first, "disabled")
    scene.account.patch_key(scene.first, {"disabled": False})
    scene.pass_(AGAIN)
    scene.settle()
    assert len(started(scene)) == 2
    scene.rotate(scene.vault.rotations[-1][1])
    scene.check()


def test_a_failure_of_one_part_keeps_no_other_and_is_reported(scene: Scene) -> None:
    scene.rotate()
    scene.pass_(2 * HOUR)
    scene.guard.cycle()
    scene.rule = RotationRule(every=7 * DAY)
    scene.fail(method="GET", path="/keys/*", status=500, times=99)
    report = tend(scene.rotating(), leak)
    assert whats(report) == [What.SCHEDULED, What.STARTED]
    assert any("500" in one for one in report.problems)


def test_a_secret_that_is_gone_keeps_no_key_from_being_retired(scene: Scene) -> None:
    scene.rotate()
    old = scene.first
    for _ in range(8):
        scene.pass_(5 * MINUTE)
        scene.guard.cycle()
        tend(scene.rotating())
    scene.rule = RotationRule(every=7 * DAY)
    del scene.vault._secrets[SECRET]
    scene.pass_(8 * DAY)
    scene.settle()
    report = tend(scene.rotating())
    assert [(one.what, one.name, one.key) for one in report.done] == [
        (What.DELETED, "prod-api", old)
    ]
    (problem,) = report.problems
    assert "no such secret" in problem


def test_without_a_management_key_nothing_else_is_tried(scene: Scene) -> None:
    scene.rotate()
    scene.pass_(HOUR)
    scene.rule = RotationRule(every=7 * DAY)
    scene.fail(method="GET", path="/keys/*", status=401, times=99)
    with pytest.raises(ManagementKeyError):
        tend(scene.rotating())
    assert scene.vault.schedules == {SECRET: 30 * DAY}


def test_a_lineage_that_somebody_rotates_just_now_is_quietly_left_alone(scene: Scene) -> None:
    scene.rule = RotationRule(every=7 * DAY)
    scene.ledger.acquire(Lease(f"rotate/{SECRET}", "a step", scene.now + MINUTE), now=scene.now)
    assert tend(scene.rotating()) == Tended()
    assert scene.vault.schedules == {SECRET: 30 * DAY}


def test_the_service_may_test_the_function_while_its_schedule_is_set(scene: Scene) -> None:
    scene.ledger.acquire(Lease(f"rotate/{SECRET}", "the loop", scene.now + MINUTE), now=scene.now)
    rotate(Step.TEST, SECRET, "a-test", scene.rotating())


def test_under_observe_nothing_is_done_and_under_release_only_what_was_left_half_done(
    scene: Scene,
) -> None:
    scene.rotate("left", Step.CREATE)
    scene.pass_(HOUR + MINUTE)
    scene.settle()
    scene.rule = RotationRule(every=7 * DAY)
    assert tend(under(Mode.OBSERVE, scene), leak) == Tended()
    report = tend(under(Mode.RELEASE, scene), leak)
    assert [(one.what, one.why) for one in report.done] == [
        (What.ENDED, "taken back: nobody went on with it")
    ]
    assert scene.usable() == [scene.first]
    assert scene.vault.schedules == {SECRET: 30 * DAY}


def test_old_keys_go_by_the_loop_and_then_nobody_is_started_any_more(scene: Scene) -> None:
    scene.rotate()
    seen: list[What] = []
    for _ in range(10):
        scene.pass_(5 * MINUTE)
        scene.guard.cycle()
        seen += whats(tend(scene.rotating()))
    assert seen == [What.DISABLED]
    scene.settle()
    assert not needs(scene)
    scene.pass_(timedelta(days=7))
    scene.settle()
    assert needs(scene)
    assert whats(tend(scene.rotating())) == [What.DELETED]
    scene.settle()
    assert not needs(scene)
    scene.check()


def test_a_key_that_was_lost_is_removed_and_a_persons_is_named() -> None:
    scene = a_scene()
    scene.ledger.save(scene.lineage.asking("prod-api #2", scene.now))
    scene.account.create_key({"name": "prod-api #2"})
    theirs = scene.account.create_key({"name": "prod-api #2"})[1]["hash"]
    scene.spend(theirs, "0.5")
    scene.settle()
    assert needs(scene)
    report = tend(scene.rotating())
    assert [(one.what, one.name) for one in report.done[:2]] == [
        (What.REMOVED, "prod-api #2"),
        (What.DOUBTFUL, "prod-api #2"),
    ]
    scene.settle()
    assert not needs(scene)


def test_what_secrets_manager_refuses_is_reported(scene: Scene) -> None:
    def gone(_: object) -> tuple[Due, ...]:
        del scene.vault._secrets[SECRET]
        return (LEAK,)

    (problem,) = tend(scene.rotating(), gone).problems
    assert str(VaultError(problem)) == problem
    assert "no such secret" in problem


def test_under_release_an_old_key_is_disabled_at_a_persons_word_alone(scene: Scene) -> None:
    scene.rotate()
    scene.pass_(HOUR)
    scene.guard.cycle()
    for _ in range(2):
        assert tend(under(Mode.RELEASE, scene)) == Tended()
        scene.pass_(HOUR)
    (old,) = scene.lineage.draining
    scene.ledger.save(scene.lineage.with_generation(replace(old, cut="ann: it leaked")))
    assert tend(under(Mode.OBSERVE, scene)) == Tended()
    assert whats(tend(under(Mode.RELEASE, scene))) == [What.DISABLED]
    assert scene.account.get_key(scene.first)["disabled"]
