"""A person deletes the secret of a key under rotation: the old key goes on, and can be adopted again."""

from dataclasses import replace
from decimal import Decimal
from typing import cast

import pytest
from pydantic import SecretStr

from budget_guard.domain.errors import GuardError, RequestError, RotationFailed, SecretGone
from budget_guard.domain.lineage import Lineage, State
from budget_guard.domain.rotation import Stage
from budget_guard.sandbox.openrouter.keys import digest
from budget_guard.use_cases.rotation.adopting import adopt
from budget_guard.use_cases.rotation.ports import VaultOffice
from budget_guard.use_cases.rotation.rehousing import housed
from budget_guard.use_cases.rotation.steps import Step, rotate
from budget_guard.use_cases.rotation.tending import tend
from tests.domain.builders import DAY, HOUR, MINUTE
from tests.simulation.guard import Killed, Switch, Watched
from tests.use_cases.rotation.scene import SECRET, Scene, a_scene
from tests.use_cases.rotation.test_adopting import adopting

ANOTHER = "arn:aws:secretsmanager:::secret:openrouter/prod-api-000001"


def plaintext_of(key: str) -> SecretStr:
    """Return what the applications of a key still have."""
    found = (f"sk-or-v1-{digest(f'plaintext {number}')}" for number in range(9))
    return SecretStr(next(one for one in found if digest(one) == key))


def adopt_again(scene: Scene) -> Lineage:
    (current,) = {one.current.hash for one in scene.ledger.lineages().values()}
    return adopt(current, plaintext_of(current), adopting(scene))


def adopted() -> Scene:
    """Return a scene whose secret is on its schedule."""
    scene = a_scene()
    scene.ledger.save(replace(scene.lineage, every=30 * DAY))
    return scene


def test_the_lineage_goes_on_in_another_secret_with_all_it_was() -> None:
    scene = adopted()
    scene.use("40")
    scene.settle()
    scene.rotate()
    scene.settle()
    before = scene.lineage
    scene.vault.delete(SECRET)
    moved = adopt_again(scene)
    assert scene.ledger.lineages() == {ANOTHER: moved}
    assert moved == replace(before, secret=ANOTHER, every=30 * DAY)
    assert moved.secret_name == before.secret_name
    assert scene.vault.schedules == {ANOTHER: 30 * DAY}
    kept = scene.vault.current(ANOTHER)
    assert kept is not None
    assert kept.hash == moved.current.hash
    (last,) = scene.ledger.rotations()
    assert (last.secret, last.stage) == (ANOTHER, Stage.DONE)
    scene.settle()
    assert sum(scene.left(key) for key in scene.usable()) <= 60
    for step in Step:
        rotate(step, ANOTHER, "third", scene.rotating())
    lineage = scene.ledger.lineage(ANOTHER)
    assert lineage is not None
    assert [one.number for one in lineage.generations] == [1, 2, 3]
    scene.check_plaintexts()


def test_killed_at_any_call_it_has_one_record_after_the_next_try() -> None:
    at, died = 0, True
    while died:
        scene = adopted()
        scene.rotate()
        scene.settle()
        scene.vault.delete(SECRET)
        died = killed(scene, Switch(at=at))
        adopt_again(scene)
        (lineage,) = scene.ledger.lineages().values()
        assert [one.state for one in lineage.generations] == [State.DRAINING, State.CURRENT]
        assert [one.secret for one in scene.ledger.rotations()] == [lineage.secret]
        kept = scene.vault.current(lineage.secret)
        assert kept is not None
        assert kept.hash == lineage.current.hash
        at += 1
    assert at > 10


def test_a_record_that_a_dead_run_left_goes_and_nothing_of_it_comes_back() -> None:
    scene = adopted()
    scene.vault.delete(SECRET)
    secret = scene.vault.create("prod-api")
    newer = replace(scene.lineage, secret=secret, name="later", every=None)
    scene.ledger.save(newer)
    assert housed(newer, scene.vault, scene.ledger, run="again", now=scene.now) == secret
    assert scene.ledger.lineages() == {secret: newer}


def test_until_it_is_put_on_one_the_new_secret_has_no_schedule() -> None:
    scene = adopted()
    scene.vault.delete(SECRET)
    secret = housed(scene.lineage, scene.vault, scene.ledger, run="first", now=scene.now)
    lineage = scene.ledger.lineage(secret)
    assert lineage is not None
    assert lineage.every is None


def killed(scene: Scene, switch: Switch) -> bool:
    """Adopt the key again, dying on the way; tell whether it died."""
    scene.switch = switch
    current = scene.lineage.current.hash
    to = adopting(scene)
    to = replace(to, vault=cast("VaultOffice", Watched(scene.vault, "vault", switch)))
    try:
        adopt(current, plaintext_of(current), to)
    except (Killed, GuardError):
        return True
    finally:
        scene.switch = Switch()
    return False


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("done", range(1, 4))
def test_deleted_within_a_rotation_the_old_key_gets_its_own_back(done: int, at_once: bool) -> None:
    scene = adopted()
    scene.rotate("second", *list(Step)[:done])
    assert scene.left(scene.first) < 50
    scene.vault.delete(SECRET, at_once=at_once)
    scene.pass_(HOUR)
    scene.guard.cycle()
    assert not tend(scene.rotating()).problems
    scene.settle()
    assert scene.usable() == [scene.first]
    assert scene.left(scene.first) == 100
    assert scene.rotation.stage is Stage.FAILED
    scene.check_plaintexts()


@pytest.mark.parametrize("at_once", [True, False])
def test_deleted_before_the_plaintext_is_put_aside_it_is_taken_back_at_once(at_once: bool) -> None:
    scene = adopted()

    def deleted() -> None:
        if scene.left(scene.first) < 50 and SECRET in scene.vault._secrets:
            scene.vault.delete(SECRET, at_once=at_once)

    scene.meanwhile = deleted
    with pytest.raises(RotationFailed, match=r"no such secret|restore-secret"):
        scene.rotate()
    assert scene.usable() == [scene.first]
    assert scene.left(scene.first) == 100


def test_a_rotation_that_is_not_taken_back_yet_is_waited_for() -> None:
    scene = adopted()
    scene.rotate("second", Step.CREATE)
    scene.vault.delete(SECRET)
    with pytest.raises(RequestError, match="prod-api #2 was being made"):
        adopt_again(scene)
    scene.pass_(HOUR)
    tend(scene.rotating())
    assert adopt_again(scene).secret == ANOTHER
    assert not scene.ledger.rotations()


def test_one_that_is_only_scheduled_for_deletion_is_not_made_anew() -> None:
    scene = adopted()
    scene.vault.delete(SECRET, at_once=False)
    with pytest.raises(SecretGone, match="restore-secret"):
        adopt_again(scene)
    assert list(scene.ledger.lineages()) == [SECRET]
    scene.vault.restore(SECRET)
    assert adopt_again(scene).secret == SECRET
    scene.rotate()
    scene.check()


def test_restored_after_a_rotation_was_taken_back_it_rotates_again() -> None:
    scene = adopted()
    scene.rotate("second", Step.CREATE)
    scene.vault.delete(SECRET, at_once=False)
    scene.pass_(HOUR)
    tend(scene.rotating())
    scene.vault.restore(SECRET)
    scene.settle()
    with pytest.raises(RotationFailed):
        scene.rotate("second")
    scene.settle()
    scene.rotate("third")
    scene.check()


def test_an_old_key_is_disabled_though_the_secret_is_gone() -> None:
    scene = adopted()
    scene.rotate()
    scene.vault.delete(SECRET)
    for _ in range(3):
        scene.pass_(30 * MINUTE)
        scene.guard.cycle()
        assert not tend(scene.rotating()).problems
    assert scene.usable() == [scene.lineage.current.hash]
    assert scene.left(scene.lineage.current.hash) > Decimal(50)


def test_without_its_rule_nothing_is_asked_of_a_secret_that_is_no_more() -> None:
    scene = adopted()
    scene.vault.delete(SECRET)
    scene.rule = replace(scene.rule, keys=("other",))
    assert not tend(scene.rotating()).problems
    assert scene.lineage.every is None
