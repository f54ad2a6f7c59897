"""A restricted key is rotated: the new one is restricted too, and gets back what the old one had."""

from dataclasses import replace
from datetime import timedelta

import pytest

from budget_guard.domain.alerts import Kind
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.restriction import Sent
from budget_guard.use_cases.rotation.steps import Step
from tests.domain.builders import ALWAYS, MINUTE, a_budget, usd
from tests.simulation.guard import Switch
from tests.use_cases.rotation.scene import Scene, a_scene

AT_10 = Threshold(usd("0.1"), Severity.WARNING, Do.RESTRICT, "cheap")
PROD = a_budget("prod", keys="prod*", hold=ALWAYS, daily=100, thresholds=(AT_10,))


@pytest.fixture
def scene() -> Scene:
    """Return a scene whose key had the guardrail `own`, and has `cheap` now."""
    scene = a_scene(PROD)
    guardrails = scene.account.guardrails
    for name in ("own", "cheap"):
        guardrails.create({"name": name})
    guardrails.keys.assign(named(scene, "own"), [scene.first], scene.now)
    scene.use("10")
    scene.settle()
    assert has(scene, scene.first) == "cheap"
    return scene


def named(scene: Scene, name: str) -> str:
    return next(str(one["id"]) for one in scene.account.guardrails if one["name"] == name)


def has(scene: Scene, key: str) -> str | None:
    found = scene.account.guardrails.find(scene.account.guardrails.keys.of(key))
    return None if found is None else str(found["name"])


def tomorrow(scene: Scene) -> None:
    now = scene.now
    scene.account.clock.set(now.replace(hour=0, minute=1) + timedelta(days=1))
    scene.settle()


def test_the_new_key_is_restricted_and_both_get_back_what_the_first_had(scene: Scene) -> None:
    scene.rotate()
    new = scene.lineage.current.hash
    assert has(scene, new) == "cheap"
    scene.settle()
    assert has(scene, new) == "cheap"
    tomorrow(scene)
    assert [has(scene, one) for one in (scene.first, new)] == ["own", "own"]
    assert not scene.guard.inbox.alerts or not overrides(scene)


def overrides(scene: Scene) -> list[object]:
    return [one for one in scene.guard.inbox.alerts if one.kind is Kind.OVERRIDE]


def test_so_it_is_where_the_restriction_had_no_answer_yet(scene: Scene) -> None:
    known = scene.ledger.restrictions()[scene.first]
    sent = Sent("a", known.placed, scene.now, "spent", "run")
    scene.ledger.save(replace(known, placed=None, sent=(sent,)))
    scene.rotate()
    tomorrow(scene)
    assert has(scene, scene.lineage.current.hash) == "own"


def test_what_a_person_won_for_the_old_key_stays_won_for_the_new_one(scene: Scene) -> None:
    scene.account.guardrails.keys.assign(named(scene, "own"), [scene.first], scene.now)
    scene.pass_(15 * MINUTE)
    scene.settle()
    assert overrides(scene)
    scene.rotate()
    scene.settle()
    assert has(scene, scene.lineage.current.hash) == "own"
    assert len(overrides(scene)) == 1


def restrict_at(scene: Scene, at: str | None) -> None:
    """Change the budgets file, and let everybody act by it, in the midst of what goes on."""
    steps = () if at is None else (replace(AT_10, at=usd(at)),)
    budget = replace(scene.guard.policy.budgets[0], thresholds=steps)
    scene.guard.change_policy(replace(scene.guard.policy, budgets=(budget,)))
    scene.guard.cycle()


def carry_while(scene: Scene, at: str | None, call: int) -> str:
    """Rotate, and have others come before a call of the second step; return the new key."""
    scene.rotate("second", Step.CREATE)
    scene.switch = Switch(meanwhile={call: [lambda: restrict_at(scene, at)]})
    scene.rotate("second", Step.SET)
    assert not scene.switch.meanwhile
    scene.switch = Switch()
    scene.rotate("second", Step.TEST, Step.FINISH)
    for _ in range(3):
        scene.settle()
    return scene.lineage.current.hash


@pytest.mark.parametrize("call", range(11))
def test_a_restriction_that_ends_while_it_is_carried_over_ends_for_both(
    scene: Scene, call: int
) -> None:
    new = carry_while(scene, None, call)
    assert [has(scene, one) for one in (scene.first, new)] == ["own", "own"]


@pytest.mark.parametrize("call", range(11))
def test_one_that_begins_meanwhile_begins_for_both_and_is_no_persons(
    scene: Scene, call: int
) -> None:
    restrict_at(scene, "0.5")
    scene.settle()
    assert has(scene, scene.first) == "own"
    new = carry_while(scene, "0.1", call)
    assert [has(scene, one) for one in (scene.first, new)] == ["cheap", "cheap"]
    assert not overrides(scene)


def test_a_key_whose_restriction_is_over_takes_nothing_along(scene: Scene) -> None:
    tomorrow(scene)
    scene.rotate()
    new = scene.lineage.current.hash
    assert has(scene, new) == "own"
    assert new not in scene.ledger.restrictions()
