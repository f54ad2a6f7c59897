"""One lineage of a name in a workspace, whoever names keys, and whatever happens at once."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count

import pytest
from pydantic import SecretStr

from budget_guard.domain.errors import NameTaken, RequestError
from budget_guard.domain.keys import Settings
from budget_guard.domain.lineage import Lineage, begun
from budget_guard.domain.rotation import Stage
from budget_guard.domain.strays import Sighting
from budget_guard.use_cases.rotation.adopting import adopt
from budget_guard.use_cases.rotation.adopting_new import adopt_new
from budget_guard.use_cases.rotation.orphans import remove_orphans
from budget_guard.use_cases.rotation.ports import Kept, NewKey
from budget_guard.use_cases.rotation.rotating import STEP_LASTS
from budget_guard.use_cases.rotation.steps import Step, rotate
from tests.domain.builders import DAY, MINUTE, policy_of
from tests.simulation.guard import Killed, Switch
from tests.use_cases.rotation.scene import PROD, SECRET, Scene, a_scene
from tests.use_cases.rotation.test_adopting import a_key, adopting

OTHER = "openrouter/other"


@pytest.fixture
def scene() -> Scene:
    return Scene(policy_of(PROD))


def adopted(scene: Scene, name: str, **where: str) -> Lineage:
    """Adopt a new key of a name, by its hash."""
    plaintext, row = scene.account.create_key({"name": name, **where})
    scene.guard.cycle()
    return adopt(row["hash"], SecretStr(plaintext), adopting(scene))


def refused(scene: Scene, does: Callable[[], object], says: str) -> None:
    """Expect that a name is taken, and that nothing was made or written."""
    keys, secrets = len(scene.account.keys), dict(scene.vault.schedules)
    lineages = dict(scene.ledger.lineages())
    with pytest.raises(NameTaken, match=says):
        does()
    assert (len(scene.account.keys), scene.vault.schedules) == (keys, secrets)
    assert scene.ledger.lineages() == lineages


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("prod-api", "prod-api"),
        ("prod-api", "prod-api #2"),
        ("prod-api #2", "prod-api"),
        ("prod-api #2", "prod-api #7"),
    ],
)
def test_a_key_whose_successors_would_have_another_s_names_is_refused(
    scene: Scene, first: str, second: str
) -> None:
    lineage = adopted(scene, first)
    plaintext, key = a_key(scene, second)
    says = f"the secret {lineage.secret} holds. Rename this key at OpenRouter first"
    refused(scene, lambda: adopt(key, SecretStr(plaintext), adopting(scene)), says)
    scene.account.patch_key(key, {"name": "prod-api-2"})
    assert adopt(key, SecretStr(plaintext), adopting(scene)).name == "prod-api-2"


def test_names_that_make_no_same_successors_are_each_their_own(scene: Scene) -> None:
    research = scene.account.workspaces.add("Research", scene.now)["id"]
    adopted(scene, "prod-api")
    for name in ("prod-api#2", "prod-api #0", "Prod-api", "prod-api #2 #3"):
        adopted(scene, name)
    adopted(scene, "prod-api", workspace_id=research)
    assert len(scene.vault.schedules) == 6


def asked(scene: Scene, name: str = "prod-api") -> NewKey:
    return NewKey(name, scene.account.workspaces.default, Settings())


@pytest.mark.parametrize("name", ["prod-api", "prod-api #9"])
def test_a_new_key_of_a_name_that_successors_have_is_not_made(name: str) -> None:
    scene = a_scene()
    scene.rotate()
    scene.account.delete_key(scene.first)
    scene.guard.cycle()
    says = "Give the new key another name"
    refused(scene, lambda: adopt_new(asked(scene, name), adopting(scene)), says)


def test_the_name_of_a_key_that_somebody_deleted_is_free_and_its_lineage_harms_nobody() -> None:
    scene = a_scene()
    scene.account.delete_key(scene.first)
    refused(scene, lambda: adopt_new(asked(scene), adopting(scene)), "after the next poll")
    scene.guard.cycle()
    # Until then what the deleted key may have spent is not free.
    scene.pass_(DAY)
    scene.guard.cycle()
    scene.ledger.save(scene.lineage.asking("prod-api #2", scene.now))
    lineage = adopt_new(asked(scene), adopting(scene))
    scene.settle()
    while_making(scene, lineage.secret, lambda: orphans_of(SECRET, scene))
    moved = scene.ledger.lineage(lineage.secret)
    assert moved
    assert [one.number for one in moved.generations] == [1, 2]


def while_making(scene: Scene, secret: str, event: Callable[[], object]) -> None:
    """Rotate a secret, and let something happen before each call of its first step."""
    outer = Switch(meanwhile={number: [event] for number in range(200)})
    scene.switch = outer
    to = scene.rotating()
    scene.switch = Switch()
    rotate(Step.CREATE, secret, "at-once", to)
    assert len(outer.calls) > 20
    for step in (Step.SET, Step.TEST, Step.FINISH):
        rotate(step, secret, "at-once", scene.rotating())


def twins() -> Scene:
    """Return a scene of two lineages of one name: on record since before names were looked at.

    A person who renames a key comes to the same. The other has asked for the names of the first.
    """
    scene = a_scene()
    plaintext, row = scene.account.create_key({"name": "prod-api"})
    kept = Kept(SecretStr(plaintext), row["hash"], "prod-api", scene.now)
    scene.vault.create("other")
    scene.vault.put_pending(OTHER, "first", kept)
    scene.vault.promote(OTHER, "first")
    twin = begun(OTHER, row["hash"], "prod-api", workspace=row["workspace_id"], at=scene.now)
    scene.ledger.save(twin)
    scene.settle()
    scene.ledger.save(twin.asking("prod-api #2", scene.now))
    return scene


def orphans_of(secret: str, scene: Scene) -> tuple[Sighting, ...]:
    """Remove what a lineage takes for its orphans, and return that."""
    lineage = scene.ledger.lineage(secret)
    assert lineage
    return remove_orphans(lineage, lineage.workspace, scene.rotating()).orphans


def test_a_key_that_a_rotation_makes_is_no_orphan_of_another_lineage_of_its_name() -> None:
    scene = twins()
    found: list[Sighting] = []
    while_making(scene, SECRET, lambda: found.extend(orphans_of(OTHER, scene)))
    assert found == []
    assert scene.rotation.stage is Stage.DONE
    kept = scene.vault.current(SECRET)
    assert kept
    assert scene.account.exists(kept.hash)


def makes_and_dies(scene: Scene, switch: Switch) -> None:
    scene.switch = switch
    with suppress(Killed):
        rotate(Step.CREATE, SECRET, "dies", scene.rotating())


def test_nor_is_one_that_is_made_while_the_other_looks_for_orphans() -> None:
    scene, switch = twins(), Switch()
    makes_and_dies(scene, switch)
    made = next(at for at, call in enumerate(switch.calls) if "keys.make" in call)
    for at in count():
        scene = twins()
        die = partial(makes_and_dies, scene, Switch(at=made, after=True))
        switch = scene.switch = Switch(meanwhile={at: [die]})
        found = orphans_of(OTHER, scene)
        if at >= len(switch.calls):
            break
        assert found == ()
        assert [one.name for one in scene.account.keys.values()][2:] == ["prod-api #2"]
    assert at > 2


type Does = Callable[[Scene, str, str], object]


def adopts(scene: Scene, plaintext: str, key: str) -> object:
    return adopt(key, SecretStr(plaintext), adopting(scene))


def makes(scene: Scene, _plaintext: str, _key: str) -> object:
    return adopt_new(asked(scene, "prod-new"), adopting(scene))


def attempt(does: Does, scene: Scene, key: tuple[str, str], won: list[Does]) -> None:
    try:
        does(scene, *key)
    except RequestError:
        return
    won.append(does)


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [(adopts, adopts, "prod-api"), (makes, makes, "prod-api"), (adopts, makes, "prod-new #2")],
)
def test_of_two_that_take_a_name_at_once_one_has_it(one: Does, other: Does, name: str) -> None:
    """The second begins, and ends, just before each call of the first in turn."""
    for at in count():
        scene, won = Scene(policy_of(PROD)), list[Does]()
        first, second = a_key(scene, name), a_key(scene, name)
        keys = len(scene.account.keys)

        def meanwhile(scene: Scene = scene, second: tuple[str, str] = second) -> None:
            scene.switch = Switch()
            attempt(other, scene, second, won)  # noqa: B023

        switch = scene.switch = Switch(meanwhile={at: [meanwhile]})
        attempt(one, scene, first, won)
        if at >= len(switch.calls):
            break
        (lineage,) = scene.ledger.lineages().values()
        assert len(won) == 1
        assert len(scene.account.keys) == keys + won.count(makes)
        assert scene.vault.schedules.keys() == {lineage.secret}
    assert at > 8


def test_who_took_a_name_and_slept_takes_it_no_more(scene: Scene) -> None:
    first, second = a_key(scene), a_key(scene)

    def sleeps() -> None:
        scene.pass_(STEP_LASTS + MINUTE)
        scene.switch = Switch()
        adopts(scene, *second)

    write = call_of("save(", lambda other: adopts(other, *a_key(other)))
    scene.switch = Switch(meanwhile={write: [sleeps]})
    with pytest.raises(RequestError, match="Try again"):
        adopts(scene, *first)
    (lineage,) = scene.ledger.lineages().values()
    assert lineage.current.hash == second[1]


def call_of(name: str, does: Callable[[Scene], object]) -> int:
    """Return at which call something is first done in a world like these."""
    scene = Scene(policy_of(PROD))
    does(scene)
    return next(at for at, call in enumerate(scene.switch.calls) if name in call)
