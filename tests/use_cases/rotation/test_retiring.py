"""A key that has a successor goes: off when nobody uses it, deleted a week later, never sooner."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from budget_guard.domain.lineage import State
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.records import Release
from budget_guard.use_cases.rotation.retiring import Retired, retire
from tests.domain.builders import DAY, HOUR, MINUTE
from tests.simulation.guard import Killed, Switch
from tests.use_cases.rotation.scene import SECOND, SECRET, Scene, a_scene

HOOK = {"name": "hook", "type": "webhook", "config": {"url": "https://example.com"}}


@pytest.fixture
def scene() -> Scene:
    scene = a_scene()
    scene.account.destinations.create({**HOOK, "api_key_hashes": [scene.first]})
    scene.rotate()
    return scene


def loop(scene: Scene, minutes: int, *, every: int = 5) -> list[Retired]:
    """Run the ordinary loop every five minutes."""
    found = []
    for _ in range(minutes // every):
        scene.pass_(every * MINUTE)
        scene.guard.cycle()
        found.append(retire(scene.rotating()))
    return found


def disable(scene: Scene) -> None:
    scene.account.patch_key(scene.first, {"disabled": True})


def delete(scene: Scene) -> None:
    scene.account.delete_key(scene.first)


def is_off(scene: Scene) -> bool:
    return bool(scene.account.get_key(scene.first)["disabled"])


def test_a_key_is_disabled_when_nobody_has_used_it_for_half_an_hour(scene: Scene) -> None:
    loop(scene, 30)
    assert not is_off(scene)
    *_, last = loop(scene, 5)
    assert last.disabled == (scene.first,)
    assert is_off(scene)
    assert scene.lineage.generations[0].state is State.DISABLED
    assert [one.id for one in scene.ledger.audit(scene.first)][:1] == ["retired-1"]
    loop(scene, 30)
    assert is_off(scene)
    scene.check()


@pytest.mark.parametrize("cost", ["0.01", "0"])
def test_a_key_in_use_is_left_alone_even_if_it_costs_nothing(scene: Scene, cost: str) -> None:
    scene.meanwhile = lambda: scene.spend(scene.first, cost)
    loop(scene, 120)
    assert not is_off(scene)
    scene.meanwhile = lambda: None
    assert any(one.disabled for one in loop(scene, 35))


def test_a_key_that_is_used_for_more_than_a_day_is_told_of_and_cut_only_by_force(
    scene: Scene,
) -> None:
    scene.meanwhile = lambda: scene.spend(scene.first, "0.001")
    loop(scene, 24 * 60, every=20)
    (lingering,) = scene.lineage.lingering(DAY, scene.now)
    assert lingering.hash == scene.first
    assert not is_off(scene)
    scene.rule = RotationRule(force=True)
    assert loop(scene, 5)[-1].disabled == (scene.first,)
    (retired,) = (one for one in scene.ledger.audit(scene.first) if one.id == "retired-1")
    assert "still in use 24 hours after (force: true)" in retired.reason


def protected(scene: Scene) -> None:
    protect = frozenset({scene.first})
    scene.guard.change_policy(replace(scene.guard.policy, protect=protect))


def released(scene: Scene) -> None:
    scene.ledger.save(Release(scene.first, scene.now + 30 * DAY, "ann", "a demo", scene.now))


def out_of_scope(scene: Scene) -> None:
    scope = ("another",)
    scene.guard.change_policy(replace(scene.guard.policy, scope=scope))


@pytest.mark.parametrize("leave_alone", [protected, released, out_of_scope])
def test_a_key_that_people_want_left_alone_is_neither_disabled_nor_deleted(
    scene: Scene, leave_alone: Callable[[Scene], None]
) -> None:
    leave_alone(scene)
    assert not any(one.disabled for one in loop(scene, 60))
    disable(scene)
    loop(scene, 10)
    scene.pass_(8 * DAY)
    assert not any(one.deleted for one in loop(scene, 20))
    assert scene.account.exists(scene.first)


@pytest.mark.parametrize("force", [False, True])
def test_a_key_that_the_secret_was_moved_back_to_stays_on(scene: Scene, force: bool) -> None:
    scene.rule = RotationRule(force=force)
    scene.vault.promote(SECRET, "first")
    assert not any(one.disabled for one in loop(scene, 25 * 60, every=20))
    scene.use("1")
    scene.vault.promote(SECRET, SECOND)
    assert any(one.disabled for one in loop(scene, 60))


def test_a_key_in_use_is_cut_at_a_persons_word(scene: Scene) -> None:
    scene.meanwhile = lambda: scene.spend(scene.first, "0.001")
    loop(scene, 60)
    (old,) = scene.lineage.draining
    scene.ledger.save(scene.lineage.with_generation(replace(old, cut="jane: it leaked")))
    assert loop(scene, 5)[-1].disabled == (scene.first,)


def test_a_week_later_it_is_deleted_and_its_hash_is_in_no_list(scene: Scene) -> None:
    loop(scene, 40)
    off_since = scene.lineage.generations[0].since
    while scene.now - off_since < 7 * DAY - HOUR:
        scene.pass_(HOUR)
    assert not any(one.deleted for one in loop(scene, 50))
    assert any(one.deleted == (scene.first,) for one in loop(scene, 20))
    assert not scene.account.exists(scene.first)
    spent = scene.account.books.spent([scene.first], None, scene.now)
    assert scene.lineage.generations[0].spent == spent
    assert scene.lineage.generations[0].state is State.DELETED
    assert [row["api_key_hashes"] for row in scene.account.destinations] == [
        [scene.lineage.current.hash]
    ]
    scene.settle()
    assert scene.left(scene.lineage.current.hash) >= 99
    assert retire(scene.rotating()) == Retired()
    scene.check()


def test_a_key_that_a_person_switches_on_again_drains_again(scene: Scene) -> None:
    loop(scene, 40)
    scene.account.patch_key(scene.first, {"disabled": False})
    scene.pass_(8 * DAY)
    scene.settle()
    loop(scene, 5)
    assert scene.lineage.generations[0].state is State.DRAINING
    assert scene.account.exists(scene.first)
    assert any(one.disabled for one in loop(scene, 40))


def test_what_a_person_disabled_or_deleted_counts_as_that(scene: Scene) -> None:
    states = []
    for change in (disable, delete):
        change(scene)
        loop(scene, 5)
        states.append(scene.lineage.generations[0].state)
    assert states == [State.DISABLED, State.DELETED]


def test_a_new_rotation_does_not_wait_for_the_old_keys(scene: Scene) -> None:
    scene.settle()
    scene.rotate("third")
    assert [one.state for one in scene.lineage.generations] == [
        State.DRAINING,
        State.DRAINING,
        State.CURRENT,
    ]
    assert sum(map(scene.left, scene.usable())) <= 100
    loop(scene, 60)
    assert scene.usable() == [scene.lineage.current.hash]


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_the_next_run_goes_on(after: bool) -> None:
    for at in count():
        scene = a_scene()
        scene.rotate()
        loop(scene, 30)
        scene.pass_(10 * MINUTE)
        scene.guard.cycle()
        scene.switch = Switch(at=at, after=after)
        try:
            retire(scene.rotating())
        except Killed:
            scene.switch = Switch()
            loop(scene, 15)
            assert is_off(scene)
            scene.check()
        else:
            break
    assert at > 8


def test_a_refused_change_is_reported_and_tried_again(scene: Scene) -> None:
    loop(scene, 30)
    scene.fail(method="PATCH", path="/keys/*", status=500)
    scene.pass_(5 * MINUTE)
    (problem,) = retire(scene.rotating()).problems
    assert "500" in problem
    loop(scene, 10)
    assert is_off(scene)
    assert scene.spent() == Decimal(0)
