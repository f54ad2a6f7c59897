"""The budget of a key's guardrail, that OpenRouter counts for each key apart, and rotations."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.lineage import Cap
from budget_guard.domain.policy import Budget, Hold
from budget_guard.domain.windows import Window
from budget_guard.use_cases.rotation.retiring import retire
from tests.domain.builders import AT_90, HOUR, NEVER, a_budget, usd
from tests.use_cases.rotation.scene import Scene, a_scene

DAILY_20 = {"limit_usd": 20, "reset_interval": "daily"}
UNBOUNDED = Decimal("Infinity")


def watched(hold: Hold, **fields: Any) -> Budget:
    """Return a budget that does not hold the key."""
    return a_budget("prod", keys="prod*", hold=hold, daily=1000, **fields)


def scene_of(budget: Budget, guardrail: dict[str, Any] | None = DAILY_20) -> Scene:
    """Return a scene whose key has a guardrail, and spent 8 USD."""
    scene = a_scene(budget)
    if guardrail is not None:
        assign(scene, made(scene, "own", guardrail), scene.first)
    scene.use("8")
    scene.settle()
    return scene


def made(scene: Scene, name: str, budget: dict[str, Any]) -> str:
    return str(scene.account.guardrails.create({"name": name, **budget})["id"])


def assign(scene: Scene, guardrail: str, *keys: str) -> None:
    scene.account.guardrails.keys.assign(guardrail, list(keys), scene.now)


def lefts(scene: Scene) -> list[Decimal]:
    return [scene.left(one) for one in scene.usable()]


def drain(scene: Scene) -> None:
    """Let the old key go out of use."""
    for _ in range(2):
        scene.settle()
        retire(scene.rotating())
        scene.pass_(HOUR)
    scene.settle()
    assert scene.usable() == [scene.lineage.current.hash]


def tomorrow(scene: Scene) -> None:
    midnight = scene.now.replace(hour=0, minute=1) + timedelta(days=1)
    scene.account.clock.set(midnight)
    scene.settle()


@pytest.mark.parametrize("hold", [NEVER, AT_90])
def test_what_is_left_of_it_is_left_to_all_generations_together_whatever_the_guard_decides(
    hold: Hold,
) -> None:
    scene = scene_of(watched(hold))
    for number in range(3):
        scene.rotate(f"token-{number}")
        for _ in range(2):
            scene.settle()
            assert sum(lefts(scene)) + scene.spent() <= 20
        scene.use("0.5")
    assert sum(lefts(scene)) + scene.spent() > 19


def test_it_is_the_guards_until_one_key_alone_has_spent_of_it_in_a_window() -> None:
    scene = scene_of(watched(NEVER))
    scene.rotate()
    drain(scene)
    assert lefts(scene)[0] + scene.spent() <= 20
    tomorrow(scene)
    assert lefts(scene) == [UNBOUNDED]


def test_two_keys_in_use_share_that_of_the_next_day_too() -> None:
    scene = scene_of(watched(NEVER))
    scene.rotate()
    scene.settle()
    tomorrow(scene)
    assert len(lefts(scene)) == 2
    assert 0 < sum(lefts(scene)) <= 20


@pytest.mark.parametrize("amount", [50, 9])
def test_what_a_person_assigns_meanwhile_counts_from_the_next_look_on(amount: int) -> None:
    scene = scene_of(watched(NEVER))
    scene.rotate()
    scene.settle()
    theirs = made(scene, "theirs", {"limit_usd": amount, "reset_interval": "daily"})
    assign(scene, theirs, *scene.usable())
    retire(scene.rotating())
    assert scene.lineage.cap == Cap(usd(amount), Window.DAILY, include_byok=False)
    scene.settle()
    assert sum(lefts(scene)) + scene.spent() <= amount


def test_both_keys_get_their_own_back_when_a_person_takes_the_budget_away() -> None:
    scene = scene_of(watched(NEVER))
    scene.rotate()
    scene.settle()
    assign(scene, made(scene, "theirs", {}), *scene.usable())
    retire(scene.rotating())
    scene.settle()
    assert lefts(scene) == [UNBOUNDED, UNBOUNDED]


def test_a_guardrail_without_a_budget_is_not_asked_for_again() -> None:
    scene = scene_of(watched(NEVER), {})
    scene.rotate()
    scene.settle()
    rotating = scene.rotating()
    scene.switch.calls.clear()
    retire(rotating)
    assert not [one for one in scene.switch.calls if "guardrail" in one]
    assert lefts(scene) == [UNBOUNDED, UNBOUNDED]


def test_that_of_a_restriction_is_for_all_generations_while_it_lasts() -> None:
    step = Threshold(usd("0.005"), Severity.WARNING, Do.RESTRICT, "cheap")
    scene = scene_of(watched(NEVER), None)
    made(scene, "cheap", DAILY_20)
    scene.rotate()
    restricted = replace(scene.guard.policy, budgets=(watched(NEVER, thresholds=(step,)),))
    scene.guard.change_policy(restricted)
    scene.settle()
    retire(scene.rotating())
    assert scene.lineage.cap == Cap(usd(20), Window.DAILY, include_byok=False)
    scene.settle()
    assert sum(lefts(scene)) + scene.spent() <= 20
    tomorrow(scene)
    retire(scene.rotating())
    scene.settle()
    assert scene.lineage.cap is None
    assert set(lefts(scene)) == {UNBOUNDED}
