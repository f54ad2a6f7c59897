"""A person renames a key that is under rotation: its successors are named, and counted, so too."""

from decimal import Decimal

import pytest
from pydantic import SecretStr

from budget_guard.domain.constraints import constraints
from budget_guard.domain.errors import RotationFailed
from budget_guard.domain.lineage import begun
from budget_guard.domain.tally import Tally
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.rotation.adopting import adopt
from budget_guard.use_cases.rotation.steps import Step
from tests.domain.builders import ALWAYS, MINUTE, a_budget, usd
from tests.use_cases.rotation.scene import Scene, a_scene
from tests.use_cases.rotation.test_adopting import a_key, adopting

API = a_budget("api", keys="prod-api", hold=ALWAYS, daily=100)
SEARCH = a_budget("search", keys="prod-search", hold=ALWAYS, daily=50)
OTHER = "openrouter/other"


@pytest.fixture
def scene() -> Scene:
    return a_scene(API, SEARCH)


def rename(scene: Scene, key: str, name: str = "prod-search") -> None:
    scene.account.patch_key(key, {"name": name})
    scene.guard.cycle()


def rotated(scene: Scene, token: str) -> str:
    """Rotate the key, let all settle, and return the new one."""
    scene.rotate(token)
    scene.settle()
    return scene.lineage.current.hash


def covered(scene: Scene) -> dict[str, tuple[set[str], Decimal]]:
    """Return the names of the keys that each budget covers, and what it counts as spent."""
    tally = Tally(gather(scene.ledger, scene.policy, scene.now))
    found = {one.budget.name: one for one in constraints(tally) if one.budget}
    named = scene.account.keys
    return {
        name: ({named[key].name for key in one.members}, one.spend) for name, one in found.items()
    }


def test_a_renamed_key_s_successor_has_its_name_and_its_budget(scene: Scene) -> None:
    scene.spend(scene.first, "4")
    rename(scene, scene.first)
    new = rotated(scene, "second")
    assert scene.account.keys[new].name == "prod-search #2"
    scene.use("3")
    scene.settle()
    # What a key had spent before it was renamed stays with its former budget too, until midnight.
    assert covered(scene) == {
        "api": (set(), usd(4)),
        "search": ({"prod-search", "prod-search #2"}, usd(7)),
    }
    assert scene.lineage.name == "prod-search"


def test_the_generations_before_a_renamed_one_stay_what_they_were(scene: Scene) -> None:
    scene.spend(scene.first, "4")
    rotated(scene, "second")
    scene.use("2")
    third = rotated(scene, "third")
    rename(scene, third)
    rotated(scene, "fourth")
    assert covered(scene) == {
        "api": ({"prod-api", "prod-api #2"}, usd(6)),
        "search": ({"prod-search", "prod-search #4"}, usd(0)),
    }


def test_a_key_that_was_given_the_name_of_another_lineage_is_put_off_until_it_has_its_own(
    scene: Scene,
) -> None:
    plaintext, key = a_key(scene, "prod-search")
    other = adopt(key, SecretStr(plaintext), adopting(scene))
    rename(scene, scene.first)
    says = f"name of another key under rotation, {other.secret}: rename one"
    scene.refused("second", says)
    assert scene.lineage.name == "prod-api"
    rename(scene, key, "prod-batch")
    assert scene.account.keys[rotated(scene, "third")].name == "prod-search #2"


def test_what_is_renamed_when_its_successor_is_made_already_gets_one_of_its_name_the_next_time(
    scene: Scene,
) -> None:
    scene.rotate("second", Step.CREATE)
    rename(scene, scene.first)
    with pytest.raises(RotationFailed, match="A person changed prod-search meanwhile"):
        scene.rotate("second")
    assert scene.usable() == []  # No successor is left, and the key itself has another name.
    assert scene.account.keys[rotated(scene, "third")].name == "prod-search #2"


def test_of_two_lineages_of_one_name_that_are_on_record_each_is_rotated(scene: Scene) -> None:
    _, row = scene.account.create_key({"name": "prod-api"})
    twin = begun(OTHER, row["hash"], "prod-api", workspace=row["workspace_id"], at=scene.now)
    scene.ledger.save(twin)
    scene.pass_(5 * MINUTE)
    scene.settle()
    assert scene.account.keys[rotated(scene, "second")].name == "prod-api #2"
