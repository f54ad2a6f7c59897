"""What people do to a key while it is rotated, or to its secret: it is theirs, and stays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from budget_guard.domain.errors import RotationFailed
from budget_guard.domain.lineage import State
from budget_guard.domain.records import Freeze
from budget_guard.domain.rotation import Stage
from budget_guard.use_cases.rotation.retiring import retire
from budget_guard.use_cases.rotation.steps import Step
from tests.domain.builders import ALWAYS, DAY, HOUR, MINUTE, a_budget, usd
from tests.use_cases.rotation.scene import PROD, SECRET, Scene, a_scene

DEV = a_budget("dev", keys="dev*", hold=ALWAYS, daily=10)
REST = (Step.SET, Step.TEST, Step.FINISH)


def patched(**fields: Any) -> Callable[[Scene], object]:
    return lambda scene: scene.account.patch_key(scene.first, fields)


def frozen(scene: Scene) -> None:
    scene.ledger.save(Freeze(scene.first, scene.now + DAY, "ann", "a leak", scene.now))


def test_the_successor_of_a_renamed_key_goes_by_the_new_name_and_its_budgets() -> None:
    scene = a_scene(PROD, DEV)
    scene.account.patch_key(scene.first, {"name": "dev-api"})
    scene.settle()
    scene.rotate()
    new = scene.lineage.current.hash
    assert scene.account.get_key(new)["name"] == "dev-api #2"
    assert scene.left(scene.first) + scene.left(new) <= usd(10)
    scene.settle()
    assert scene.left(scene.first) + scene.left(new) <= usd(10)


def test_where_a_key_is_renamed_before_its_successor_is_made_none_is_made_by_the_old_name() -> None:
    scene = a_scene(PROD, DEV)
    scene.meanwhile = lambda: patched(name="dev-api")(scene)
    with pytest.raises(RotationFailed, match="was renamed dev-api meanwhile"):
        scene.rotate()
    assert scene.usable() == []
    assert len(scene.account.keys) == 1


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(patched(name="dev-api"), id="renamed"),
        pytest.param(patched(limit=7), id="limited"),
        pytest.param(patched(disabled=True), id="disabled"),
        pytest.param(frozen, id="frozen"),
    ],
)
def test_what_a_person_changes_before_the_secret_moved_keeps_it_where_it_is(
    happens: Callable[[Scene], object],
) -> None:
    scene = a_scene(PROD, DEV)
    scene.rotate("second", Step.CREATE)
    scene.pass_(5 * MINUTE)
    happens(scene)
    before = scene.account.get_key(scene.first)
    with pytest.raises(RotationFailed, match=r"A person changed .* meanwhile"):
        scene.rotate("second", *REST)
    after = scene.account.get_key(scene.first)
    assert scene.lineage.current.hash == scene.first
    assert scene.rotation.stage is Stage.FAILED
    assert scene.left(scene.first) <= usd(100)
    for field in ("name", "disabled"):
        assert after[field] == before[field]
    assert len([one for one in scene.account.keys if scene.account.exists(one)]) == 1


def test_a_limit_given_to_an_unbounded_key_before_the_secret_moved_keeps_it_there() -> None:
    scene = a_scene(DEV)
    scene.rotate("second", Step.CREATE)
    scene.account.patch_key(scene.first, {"limit": 7})
    with pytest.raises(RotationFailed, match="A person changed prod-api meanwhile"):
        scene.rotate("second", *REST)
    assert scene.left(scene.first) == usd(7)


def test_a_key_frozen_while_it_is_rotated_stays_off_when_that_is_taken_back() -> None:
    scene = a_scene(limit=50, limit_reset="daily")
    scene.rotate("second", Step.CREATE)
    frozen(scene)
    scene.settle()
    with pytest.raises(RotationFailed):
        scene.rotate("second", *REST)
    assert scene.rotation.stage is Stage.FAILED
    assert scene.account.get_key(scene.first)["disabled"]


def test_what_is_free_is_by_the_budgets_file_that_was_deployed_meanwhile() -> None:
    scene = a_scene()
    small = replace(PROD, cap={window: usd(5) for window in PROD.cap})
    policy = replace(scene.guard.policy, budgets=(small,), hash="another")
    deployed: list[str] = []

    def deploy() -> None:
        if not deployed:
            deployed.append(policy.hash)
            scene.guard.change_policy(policy)
            scene.guard.cycle()

    scene.meanwhile = deploy
    scene.tried("second")
    assert deployed
    assert sum(map(scene.left, scene.usable())) <= usd(5)


@pytest.mark.parametrize("is_forced", [False, True])
def test_a_key_that_a_person_put_back_into_the_secret_is_neither_disabled_nor_deleted(
    is_forced: bool,
) -> None:
    scene = a_scene()
    scene.rotate()
    scene.rule = replace(scene.rule, force=is_forced)
    scene.vault.promote(SECRET, "first")
    for _ in range(30):
        scene.pass_(HOUR)
        scene.guard.cycle()
        retire(scene.rotating())
    scene.use("0.1")
    assert scene.lineage.generations[0].state is State.DRAINING
    scene.account.patch_key(scene.first, {"disabled": True})
    retire(scene.rotating())
    scene.pass_(8 * DAY)
    assert not retire(scene.rotating()).deleted
    scene.vault.promote(SECRET, "second")
    assert retire(scene.rotating()).deleted == (scene.first,)
