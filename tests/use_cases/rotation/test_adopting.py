"""A key is put under rotation: only with its own plaintext, never rotated at once, and only once."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from pydantic import SecretStr

from budget_guard.domain.errors import GuardError, ProviderUnavailable, RequestError
from budget_guard.domain.keys import Settings
from budget_guard.sandbox.openrouter import Security, When
from budget_guard.use_cases.rotation.adopting import Adopting, adopt
from budget_guard.use_cases.rotation.adopting_new import adopt_new
from budget_guard.use_cases.rotation.ports import NewKey, VaultOffice
from budget_guard.use_cases.rotation.rotating import STEP_LASTS
from budget_guard.use_cases.rotation.steps import Step, rotate
from tests.domain.builders import DAY, policy_of
from tests.simulation.guard import Killed, Switch, Watched
from tests.use_cases.rotation.scene import PROD, Scene
from tests.use_cases.rotation.test_crashes import Flaky

type Adopt = Callable[[str, str], object]


@pytest.fixture
def scene() -> Scene:
    return Scene(policy_of(PROD))


def a_key(scene: Scene, name: str = "prod-api") -> tuple[str, str]:
    plaintext, row = scene.account.create_key({"name": name})
    scene.guard.cycle()
    return plaintext, row["hash"]


def adopting(scene: Scene) -> Adopting:
    to = scene.rotating()
    return Adopting(
        openrouter=to.openrouter,
        keys=to.keys,
        vault=scene.vault,
        ledger=to.ledger,
        policy=replace(scene.policy, rotation=(scene.rule,)),
        now=scene.now,
        by="ann",
        run=to.run,
    )


def test_a_key_is_adopted_and_can_be_rotated(scene: Scene) -> None:
    plaintext, key = a_key(scene, "prod api: ü")
    lineage = adopt("prod api: ü", SecretStr(plaintext), adopting(scene))
    kept = scene.vault.current(lineage.secret)
    assert kept is not None
    assert (kept.hash, kept.api_key.get_secret_value()) == (key, plaintext)
    assert lineage.secret == f"openrouter/prod-api-/{key[:12]}"
    assert scene.vault.schedules == {lineage.secret: 30 * DAY}
    assert adopt(key, SecretStr(plaintext), adopting(scene)) == lineage
    scene.settle()
    for step in Step:
        rotate(step, lineage.secret, "second", scene.rotating())
    moved = scene.ledger.lineage(lineage.secret)
    assert moved is not None
    assert moved.current.hash != key
    with pytest.raises(RequestError, match="was replaced"):
        adopt(key, SecretStr(plaintext), adopting(scene))
    scene.check_plaintexts()


def test_fifty_adopted_keys_and_none_is_rotated(scene: Scene) -> None:
    for number in range(50):
        plaintext, key = a_key(scene, f"prod-{number}")
        adopt(key, SecretStr(plaintext), adopting(scene))
    scene.settle()
    assert len(scene.account.keys) == len(scene.vault.schedules) == 50
    for secret in scene.vault.schedules:
        rotate(Step.TEST, secret, "first", scene.rotating())
    assert len(scene.account.keys) == 50
    assert not scene.ledger.rotations()


@pytest.mark.parametrize(
    ("given", "says"), [("another's", "but of another key"), ("nobody's", "of no key")]
)
def test_a_plaintext_that_is_not_the_key_s_is_refused_and_not_told(
    scene: Scene, given: str, says: str
) -> None:
    _, key = a_key(scene)
    other, _ = a_key(scene, "other")
    text = other if given == "another's" else "sk-or-v1-made-up"
    with pytest.raises(RequestError, match=says) as raised:
        adopt(key, SecretStr(text), adopting(scene))
    assert text not in str(raised.value)
    assert not scene.ledger.lineages()
    assert not scene.vault.schedules


def test_a_key_that_a_rotation_is_making_is_not_adopted(scene: Scene) -> None:
    plaintext, key = a_key(scene)
    lineage = adopt(key, SecretStr(plaintext), adopting(scene))
    scene.settle()
    rotate(Step.CREATE, lineage.secret, "second", scene.rotating())
    made = scene.vault.version(lineage.secret, "second")
    assert made is not None
    for text in (made.hash, "prod-api"):
        with pytest.raises(RequestError, match="prod-api #2 is being made by a rotation"):
            adopt(text, made.api_key, adopting(scene))
    assert scene.ledger.lineages() == {lineage.secret: scene.ledger.lineage(lineage.secret)}


def asked(scene: Scene) -> NewKey:
    return NewKey("prod-new", scene.account.workspaces.default, Settings())


def test_a_new_key_is_made_and_adopted_in_one_go(scene: Scene) -> None:
    lineage = adopt_new(asked(scene), adopting(scene))
    kept = scene.vault.current(lineage.secret)
    assert kept is not None
    assert scene.account.identify(kept.api_key.get_secret_value()).name == "prod-new"


def test_a_new_key_has_a_name_of_its_own(scene: Scene) -> None:
    a_key(scene, "prod-new")
    with pytest.raises(RequestError, match="a name of its own"):
        adopt_new(asked(scene), adopting(scene))
    assert len(scene.account.keys) == 1


def test_a_new_key_whose_answer_was_lost_does_not_stay(scene: Scene) -> None:
    scene.fail(method="POST", path="/keys", drop=True, when=When.AFTER)
    with pytest.raises(ProviderUnavailable):
        adopt_new(asked(scene), adopting(scene))
    assert not any(scene.account.exists(one) for one in scene.account.keys)
    adopt_new(asked(scene), adopting(scene))


def test_whatever_fails_once_a_new_key_is_adopted_by_the_next_try() -> None:
    at, failed = 0, True
    while failed:
        scene = Scene(policy_of(PROD))
        scene.guard.cycle()
        failed = adopted_new_at_last(scene, Flaky(at=at))
        (lineage,) = scene.ledger.lineages().values()
        alive = [one for one in scene.account.keys if scene.account.exists(one)]
        assert alive == [lineage.current.hash]
        assert scene.vault.current(lineage.secret)
        at += 1
    assert at > 10


def test_killed_before_its_plaintext_was_kept_the_next_try_says_which_key_to_delete() -> None:
    at, told = 0, 0
    while True:
        scene = Scene(policy_of(PROD))
        scene.guard.cycle()
        scene.switch = Switch(at=at)
        to = adopting(scene)
        vault = cast("VaultOffice", Watched(scene.vault, "vault", scene.switch))
        try:
            adopt_new(asked(scene), replace(to, vault=vault))
        except Killed:
            told += advised_at_last(scene)
        else:
            break
        at += 1
    assert told >= 2
    scene.switch = Switch()
    with pytest.raises(RequestError) as raised:
        adopt_new(asked(scene), adopting(scene))
    assert "never used" not in str(raised.value)


def advised_at_last(scene: Scene) -> bool:
    """Adopt a new key again, and do what is said if that is refused; tell whether it was."""
    scene.switch = Switch()
    scene.pass_(STEP_LASTS)
    alive = [one for one in scene.account.keys if scene.account.exists(one)]
    if scene.ledger.lineages():
        return False
    if not alive:
        adopt_new(asked(scene), adopting(scene))
        return False
    with pytest.raises(RequestError, match=f"never used.*delete the key {alive[0][:12]}"):
        adopt_new(asked(scene), adopting(scene))
    scene.account.delete_key(alive[0])
    adopt_new(asked(scene), adopting(scene))
    return True


def test_a_new_key_that_would_live_too_long_is_refused_with_what_to_give(scene: Scene) -> None:
    scene.account.security = Security(maximum_lifetime=30 * DAY)
    with pytest.raises(RequestError, match="--expires TIME"):
        adopt_new(asked(scene), adopting(scene))
    assert not scene.account.keys
    adopt_new(replace(asked(scene), expires_at=scene.now + 20 * DAY), adopting(scene))


def adopted_new_at_last(scene: Scene, switch: Switch) -> bool:
    """Make and adopt a key, failing on the way, and once more unless the loop does the rest."""
    scene.switch = switch
    to = adopting(scene)
    to = replace(to, vault=cast("VaultOffice", Watched(scene.vault, "vault", switch)))
    try:
        adopt_new(asked(scene), to)
    except GuardError:
        scene.switch = Switch()
        if not scene.ledger.lineages():
            adopt_new(asked(scene), adopting(scene))
        return True
    return False


def adopted_at_last(scene: Scene, key: str, plaintext: str, switch: Switch) -> bool:
    """Adopt a key, dying on the way, and once more; tell whether it died."""
    scene.switch = switch
    try:
        adopt(key, SecretStr(plaintext), adopting(scene))
    except (Killed, GuardError):
        scene.switch = Switch()
        adopt(key, SecretStr(plaintext), adopting(scene))
        return True
    return False


def test_killed_at_any_call_it_is_adopted_by_the_next_try() -> None:
    at = 0
    while True:
        scene = Scene(policy_of(PROD))
        plaintext, key = a_key(scene)
        died = adopted_at_last(scene, key, plaintext, Switch(at=at))
        (lineage,) = scene.ledger.lineages().values()
        kept = scene.vault.current(lineage.secret)
        assert kept is not None
        assert (kept.hash, lineage.current.hash) == (key, key)
        assert scene.vault.schedules
        if not died:
            break
        at += 1
    assert at > 10
