"""Killed at any call, or refused by any: at the end the right guardrail, and the first one back."""

from datetime import timedelta
from functools import cache

import pytest

from budget_guard.domain.alerts import Kind
from budget_guard.domain.audit import Audit
from budget_guard.sandbox.openrouter import Fault
from tests.simulation.guard import Switch
from tests.use_cases.restricting.scene import Scene


def story() -> Scene:
    """Return a scene in which one key has a guardrail, one has none, and both are near the limit."""
    scene = Scene(keys=("prod-a", "prod-b"))
    scene.account.guardrails.change(scene.cheap, {"allowed_providers": ["openai"]})
    scene.assign(scene.privacy, "prod-a")
    scene.spend(8, "prod-a")
    scene.guard.poll()
    return scene


def work(scene: Scene) -> None:
    scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)


def ends(scene: Scene) -> None:
    """Check that both are restricted at last, and that each gets back what it had."""
    for _ in range(4):
        scene.wait(1)
    assert [scene.has("prod-a"), scene.has("prod-b")] == [scene.cheap] * 2
    assert [scene.known(one).baseline for one in scene.keys] == [scene.privacy, None]
    ids = [one.id for name in scene.keys for one in audit(scene, name)]
    assert len(ids) == len(set(ids)) == 2
    scene.midnight()
    for _ in range(4):
        scene.wait(1)
    came_back(scene)


def came_back(scene: Scene) -> None:
    assert [scene.has("prod-a"), scene.has("prod-b")] == [scene.privacy, None]
    assert not any(one.is_ours for one in scene.guard.ledger.restrictions().values())
    assert not scene.alerts(Kind.OVERRIDE)
    assert not scene.alerts(Kind.RESTRICT_REFUSED)
    assert [len(audit(scene, one)) for one in scene.keys] == [2, 2]


def audit(scene: Scene, name: str) -> list[Audit]:
    return list(scene.guard.ledger.audit(scene.hash[name]))


class Once(Switch):
    """Kills one call of a whole chain of runs, counted through all of them."""

    def next_run(self) -> Switch:
        return Switch() if self.dead else self


@cache
def calls() -> tuple[str, ...]:
    """Return every call of an undisturbed restriction."""
    scene = story()
    scene.guard.switch = Once()
    work(scene)
    made = tuple(scene.guard.switch.calls)
    ends(scene)
    return made


@cache
def calls_back() -> tuple[str, ...]:
    """Return every call of an undisturbed way back."""
    scene = restricted()
    scene.guard.switch = Once()
    work(scene)
    made = tuple(scene.guard.switch.calls)
    came_back(scene)
    return made


def restricted() -> Scene:
    """Return the scene the day after: both are still restricted, and that is over."""
    scene = story()
    work(scene)
    now = scene.account.clock.now
    scene.account.clock.set(now.replace(hour=0, minute=1) + timedelta(days=1))
    scene.guard.poll()
    return scene


def test_the_story_makes_every_call_that_there_is() -> None:
    made = {one.split(": ")[1].split("(")[0] for one in (*calls(), *calls_back())}
    assert {"guardrails.assignments", "guardrails.named", "guardrails.guardrail"} <= made
    assert {"guardrails.assign", "guardrails.remove", "ledger.save", "ledger.forget"} <= made


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_both_are_restricted_at_last(after: bool) -> None:
    for at in range(len(calls())):
        scene = story()
        scene.guard.switch = killing = Once(at=at, after=after)
        work(scene)
        assert killing.dead
        ends(scene)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_on_the_way_back_both_get_what_they_had(after: bool) -> None:
    for at in range(len(calls_back())):
        scene = restricted()
        scene.guard.switch = killing = Once(at=at, after=after)
        work(scene)
        assert killing.dead
        for _ in range(6):
            scene.wait(1)
        came_back(scene)


@pytest.mark.parametrize("seconds", [20, 59])
def test_an_assignment_that_takes_effect_late_is_ours(seconds: int) -> None:
    scene = story()
    path = "/guardrails/*/assignments/keys"
    late = timedelta(seconds=seconds)
    scene.guard.faults.add(Fault(method="POST", path=path, late=late))
    work(scene)
    ends(scene)


def test_one_that_takes_effect_after_the_way_back_was_begun_does_not_stay() -> None:
    scene = story()
    path = "/guardrails/*/assignments/keys"
    scene.guard.faults.add(Fault(method="POST", path=path, late=timedelta(seconds=50)))
    work(scene)
    scene.deploy()
    for _ in range(6):
        scene.wait(1)
    assert [scene.has("prod-a"), scene.has("prod-b")] == [scene.privacy, None]
    assert not scene.alerts(Kind.OVERRIDE)
