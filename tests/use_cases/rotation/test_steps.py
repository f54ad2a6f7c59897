"""A rotation, step by step: what becomes of keys, secret, money, and of what hung on the old key."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.errors import LeaseLost, RotationFailed
from budget_guard.domain.holds import HoldState
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.lineage import State, begun
from budget_guard.domain.policy import Mode
from budget_guard.domain.records import Freeze, Release
from budget_guard.domain.rotation import Stage
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Behaviour, Security
from budget_guard.use_cases.rotation.rotating import alone
from budget_guard.use_cases.rotation.steps import Step, rotate
from tests.domain.builders import ALWAYS, DAY, HOUR, MINUTE, NEVER, a_budget, policy_of, usd
from tests.use_cases.rotation.scene import NOW, PROD, SECOND, SECRET, Scene, a_scene

HOOK = {"name": "hook", "type": "webhook", "config": {"url": "https://example.com"}}


def test_a_key_is_rotated_and_its_budget_is_as_before() -> None:
    scene = a_scene()
    scene.use("30")
    scene.settle()
    before = scene.left(scene.first)
    assert before == Decimal(70)
    scene.rotate()
    new = scene.lineage.current.hash
    assert new != scene.first
    assert scene.rotation.stage is Stage.DONE
    assert [one.state for one in scene.lineage.generations] == [State.DRAINING, State.CURRENT]
    assert scene.account.get_key(new)["name"] == "prod-api #2"
    assert scene.left(scene.first) + scene.left(new) <= before
    assert scene.left(new) >= before / 2
    scene.check()


def test_what_the_old_key_spends_while_it_is_replaced_is_not_given_again() -> None:
    scene = a_scene()
    before = scene.left(scene.first)
    scene.meanwhile = lambda: scene.spend(scene.first, "0.2")
    scene.rotate()
    assert scene.spent() > 0
    assert sum(map(scene.left, scene.usable())) + scene.spent() <= before
    scene.check()


def test_rotated_again_and_again_the_budget_stays_what_it_was() -> None:
    scene = a_scene()
    for number in range(5):
        scene.use("3")
        scene.settle()
        scene.rotate(f"token-{number}")
        for old in scene.lineage.draining:
            scene.account.patch_key(old.hash, {"disabled": True})
            scene.ledger.save(scene.lineage.come_to(old.hash, State.DISABLED, scene.now))
        scene.settle()
        assert scene.left(scene.lineage.current.hash) + scene.spent() <= 100
        scene.check()
    assert scene.account.get_key(scene.lineage.current.hash)["name"] == "prod-api #6"


def test_the_other_keys_of_a_budget_keep_what_they_have() -> None:
    scene = Scene(a_scene().policy)
    scene.adopt()
    other = scene.account.create_key({"name": "prod-web"})[1]["hash"]
    scene.settle()
    before = scene.left(other)
    scene.rotate()
    assert scene.left(other) == before
    assert sum(map(scene.left, scene.usable())) <= 100
    scene.settle()
    assert sum(map(scene.left, scene.usable())) <= 100
    scene.check()


def test_a_key_that_nothing_bounds_gets_a_successor_like_it_and_is_not_lowered() -> None:
    scene = a_scene(a_budget(hold=NEVER, daily=1), include_byok_in_limit=True)
    scene.rotate()
    new = scene.lineage.current.hash
    assert (
        scene.account.get_key(new)["limit"] is scene.account.get_key(scene.first)["limit"] is None
    )
    assert scene.account.get_key(new)["include_byok_in_limit"]
    assert scene.ledger.hold(new) is scene.ledger.hold(scene.first) is None
    scene.check()


@pytest.mark.parametrize("reset", [*Window, None])
def test_of_its_own_limit_both_keys_together_get_what_was_left(reset: Window | None) -> None:
    scene = a_scene(a_budget(hold=NEVER, daily=1), limit=usd(50), limit_reset=reset and reset.value)
    scene.use("20")
    scene.settle()
    scene.rotate()
    new = scene.lineage.current.hash
    assert Decimal(15) <= scene.left(new) <= scene.left(new) + scene.left(scene.first) <= 30
    hold = scene.ledger.hold(new)
    assert hold is not None
    assert hold.baseline == Settings(Limit(usd(50), reset))
    assert hold.keep_until is not None
    scene.check()


def test_of_its_own_limit_a_third_key_gets_only_what_two_have_left() -> None:
    scene = a_scene(a_budget(hold=NEVER, daily=1), limit=usd(50), limit_reset="daily")
    scene.use("20")
    scene.settle()
    scene.rotate("second")
    scene.use("4")
    scene.pass_(5 * MINUTE)
    scene.guard.poll()
    scene.rotate("third")
    assert len(scene.usable()) == 3
    assert sum(map(scene.left, scene.usable())) + scene.spent() <= 50


def test_the_budget_of_its_guardrail_is_not_begun_anew() -> None:
    scene = a_scene(a_budget(hold=NEVER, daily=1))
    budget = {"limit_usd": Decimal(40), "reset_interval": "daily"}
    made = scene.account.guardrails.create({"name": "cheap", **budget})["id"]
    scene.account.guardrails.keys.assign(made, [scene.first], scene.now)
    scene.use("10")
    scene.settle()
    scene.rotate()
    assert sum(map(scene.left, scene.usable())) <= 30
    assert scene.account.guardrails.keys.of(scene.lineage.current.hash) == made
    scene.check()


def test_what_hangs_on_the_old_hash_hangs_on_the_new_one_too() -> None:
    scene = a_scene()
    first, account = scene.first, scene.account
    gone = account.create_key({"name": "gone"})[1]["hash"]
    listed = [first, gone]
    allowed = {"allowed_api_key_hashes": listed}
    account.byok.create({"provider": "openai", "key": "sk-proj", **allowed})
    account.byok.create({"provider": "azure", "key": "sk-proj"})
    account.destinations.create({**HOOK, "api_key_hashes": [first]})
    other = account.create_key({"name": "other"})[1]["hash"]
    account.destinations.create({**HOOK, "name": "theirs", "api_key_hashes": [other]})
    account.delete_key(gone)
    scene.rotate()
    new = scene.lineage.current.hash
    assert [row["allowed_api_key_hashes"] for row in account.byok] == [[first, new], None]
    assert [row["api_key_hashes"] for row in account.destinations] == [[first, new], [other]]
    scene.check()


def test_the_new_key_is_where_the_old_one_is_and_as_it_is() -> None:
    scene = Scene(a_scene().policy)
    research = scene.account.workspaces.add("Research", scene.now)["id"]
    ends = scene.now + 30 * DAY
    scene.account.security = Security(maximum_lifetime=30 * DAY)
    who = {"workspace_id": research, "creator_user_id": "user_1"}
    scene.adopt(expires_at=ends.isoformat(), **who)
    scene.settle()
    scene.pass_(10 * DAY)
    scene.settle()
    scene.rotate()
    new = scene.account.keys[scene.lineage.current.hash]
    assert (new.workspace, new.creator) == (research, "user_1")
    assert new.expires_at is not None
    assert timedelta() <= new.created_at + 30 * DAY - new.expires_at <= 2 * MINUTE
    scene.check()


@pytest.mark.parametrize("is_checked", [True, False])
def test_a_key_without_an_end_under_a_later_maximum_stays_and_what_to_do_is_said(
    is_checked: bool,
) -> None:
    scene = a_scene()
    scene.account.security = Security(maximum_lifetime=30 * DAY)
    scene.account.behaviour = Behaviour(lifetime_checked_at_creation=is_checked)
    scene.refused("second", r"has no end.*adopt --new NAME --expires TIME.*settings/privacy")
    assert scene.left(scene.first) == 100


def test_an_end_that_is_too_late_by_now_is_said_to_be() -> None:
    scene = a_scene(expires_at=(NOW + 60 * DAY).isoformat())
    scene.account.security = Security(maximum_lifetime=30 * DAY)
    scene.refused("second", r"that is too long.*--expires TIME")


def test_a_credential_for_every_workspace_is_carried_over() -> None:
    scene = Scene(a_scene().policy)
    research = scene.account.workspaces.add("Research", scene.now)["id"]
    first = scene.adopt(workspace_id=research)
    scene.settle()
    scene.account.behaviour = Behaviour(global_byok_listed="unless a workspace is named")
    body = {"provider": "openai", "key": "sk-proj", "allowed_api_key_hashes": [first]}
    scene.account.byok.globalise(scene.account.byok.create(body)["id"])
    scene.rotate()
    (row,) = scene.account.byok
    assert row["allowed_api_key_hashes"] == [first, scene.lineage.current.hash]
    scene.check()


def test_every_step_again_has_nothing_to_do() -> None:
    scene = a_scene()
    for step in Step:
        for _ in range(3):
            rotate(step, SECRET, "second", scene.rotating())
    scene.rotate()
    assert len(scene.account.keys) == 2
    scene.check()


@pytest.mark.parametrize("token", ["first", "second", "third"])
def test_a_version_that_held_a_generation_already_never_comes_back(token: str) -> None:
    scene = a_scene()
    for latest in ("second", "third"):
        scene.rotate(latest)
        scene.settle()
    before = scene.lineage, scene.rotation
    former = scene.vault.version(SECRET, token)
    assert former is not None
    scene.vault.put_pending(SECRET, token, former)
    scene.rotate(token)
    assert (scene.lineage, scene.rotation) == before
    labels = scene.vault._secrets[SECRET].labels
    assert labels.get("AWSPENDING") in (None, labels["AWSCURRENT"])
    assert len(scene.usable()) == 3
    kept = scene.vault.current(SECRET)
    assert kept is not None
    assert kept.hash == scene.lineage.current.hash


@pytest.mark.parametrize("done", range(1, 5))
def test_whoever_deletes_the_old_key_at_once_leaves_the_new_one_its_money(done: int) -> None:
    scene = a_scene()
    scene.use("10")
    scene.settle()
    steps = list(Step)
    scene.rotate(SECOND, *steps[:done])
    kept = scene.left(scene.first)
    scene.account.delete_key(scene.first)
    scene.settle()
    if done < len(steps):
        scene.rotate(SECOND, *steps[done:])
    scene.settle()
    assert scene.usable() == [scene.lineage.current.hash]
    assert scene.left(scene.lineage.current.hash) >= 90 - kept - usd("0.01")


def test_a_secret_that_holds_nothing_yet_passes_the_test() -> None:
    scene = Scene(a_scene().policy)
    scene.vault.create("prod-api")
    scene.rotate("first", Step.TEST)
    with pytest.raises(RotationFailed, match="adopt"):
        scene.rotate("first")
    assert not scene.account.keys


def test_until_the_last_step_the_secret_holds_the_old_key() -> None:
    scene = a_scene()
    for step in (Step.CREATE, Step.SET, Step.TEST):
        scene.rotate("second", step)
        kept = scene.vault.current(SECRET)
        assert kept is not None
        assert kept.hash == scene.first
    scene.rotate("second", Step.FINISH)
    scene.check()


def test_the_secret_does_not_move_to_a_key_that_was_not_proven() -> None:
    scene = a_scene()
    scene.rotate("second", Step.CREATE)
    with pytest.raises(RotationFailed, match="not proven"):
        scene.rotate("second", Step.FINISH)
    assert scene.usable() == [scene.first]
    scene.check()


def disabled(scene: Scene) -> None:
    scene.account.patch_key(scene.first, {"disabled": True})


def frozen(scene: Scene) -> None:
    freeze = Freeze(scene.first, scene.now + DAY, "ann", "a leak", scene.now)
    scene.ledger.save(freeze)


def frozen_and_stopped(scene: Scene) -> None:
    frozen(scene)
    scene.settle()


def deleted(scene: Scene) -> None:
    scene.account.delete_key(scene.first)


def overridden(scene: Scene) -> None:
    scene.account.patch_key(scene.first, {"limit": 7})
    scene.settle()


def overridden_just_now(scene: Scene) -> None:
    scene.account.patch_key(scene.first, {"limit": 7})


def stopped(scene: Scene) -> None:
    scene.use("100")
    scene.settle()


def observing(scene: Scene) -> None:
    scene.guard.policy = replace(scene.guard.policy, mode=Mode.OBSERVE)


def protected(scene: Scene) -> None:
    scene.guard.policy = replace(scene.guard.policy, protect=frozenset({scene.first}))


def released(scene: Scene) -> None:
    scene.ledger.save(Release(scene.first, scene.now + DAY, "ann", "a demo", scene.now))
    scene.settle()


def blind(scene: Scene) -> None:
    scene.pass_(HOUR)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (disabled, "disabled"),
        (frozen, "disabled"),
        (frozen_and_stopped, "disabled"),
        (deleted, "deleted"),
        (overridden, "a person changed it"),
        (overridden_just_now, "a person changed it"),
        (stopped, "nothing left"),
        (observing, "mode: observe"),
        (protected, "protects it"),
        (released, "ann released it: a demo"),
        (blind, "nothing new is known"),
    ],
)
def test_a_key_that_cannot_be_rotated_now_stays_as_it_is_and_the_ledger_says_why(
    happens: object, says: str
) -> None:
    scene = a_scene()
    assert callable(happens)
    happens(scene)
    scene.refused("second", says)
    assert len(scene.account.keys) == 1
    assert scene.ledger.lineage(SECRET) is not None
    scene.check_plaintexts()


def test_a_key_that_was_fenced_just_before_is_not_raised_by_what_it_had_until_then() -> None:
    scene = Scene(policy_of(a_budget("prod", keys="prod*", hold=ALWAYS, daily=10)))
    scene.adopt()
    scene.account.create_key({"name": "prod-web"})
    scene.guard.cycle()
    for _ in range(5):
        scene.spend(scene.first, "0.9")
    with pytest.raises(RotationFailed, match="too little is free"):
        scene.rotate("second", Step.CREATE)
    assert sum(map(scene.left, scene.account.keys)) <= Decimal("5.5")
    assert scene.left(scene.first) <= Decimal("0.5")


def test_a_freeze_does_not_wait_for_a_rotation_to_end() -> None:
    scene = a_scene()
    scene.rotate("second", Step.CREATE)
    frozen_and_stopped(scene)
    assert not scene.usable()
    with pytest.raises(RotationFailed, match="cannot be used"):
        scene.rotate("second", Step.SET, Step.TEST)
    assert scene.rotation.stage is Stage.FAILED
    assert [one for one in scene.account.keys if scene.account.exists(one)] == [scene.first]


def test_another_lineages_fresh_key_of_the_same_name_is_no_orphan() -> None:
    scene = a_scene()
    plaintext, row = scene.account.create_key({"name": "prod-api"})
    other = begun("other", row["hash"], "prod-api", workspace=row["workspace_id"], at=scene.now)
    _, theirs = scene.account.create_key({"name": "prod-api #2"})
    scene.ledger.save(other.moved_to(theirs["hash"], scene.now))
    scene.settle()
    scene.rotate()
    assert scene.account.exists(theirs["hash"])
    assert plaintext not in repr(scene.ledger)


def test_a_key_that_is_fenced_low_is_rotated_with_what_it_has() -> None:
    scene = a_scene(a_budget("prod", keys="prod*", hold=ALWAYS, daily=1))
    scene.use("0.4")
    scene.settle()
    scene.rotate()
    assert sum(map(scene.left, scene.usable())) <= Decimal("0.6")
    scene.check()


def test_of_two_rotations_at_once_one_waits() -> None:
    scene = a_scene()
    with alone(SECRET, scene.rotating()), pytest.raises(LeaseLost):
        scene.rotate()
    scene.rotate()
    scene.check()


def test_a_failed_rotation_leaves_everything_as_it_was() -> None:
    scene = a_scene()
    before = scene.left(scene.first)
    scene.account.destinations.create({**HOOK, "api_key_hashes": [scene.first]})
    scene.rotate("second", Step.CREATE, Step.SET)
    new = scene.rotation.new
    assert new is not None
    scene.account.patch_key(new, {"disabled": True})
    with pytest.raises(RotationFailed, match="does not work"):
        scene.rotate("second", Step.TEST)
    assert scene.usable() == [scene.first]
    assert [row["api_key_hashes"] for row in scene.account.destinations] == [[scene.first]]
    assert scene.left(scene.first) == before
    hold = scene.ledger.hold(new)
    assert hold is not None
    assert hold.state is HoldState.RELEASED
    with pytest.raises(RotationFailed, match="does not work"):
        scene.rotate("second")
    scene.rotate("third")
    assert scene.account.get_key(scene.lineage.current.hash)["name"] == "prod-api #2"
    scene.check()


def test_a_limit_of_its_own_is_given_back_when_its_rotation_fails() -> None:
    scene = a_scene(a_budget(hold=NEVER, daily=1), limit=usd(50), limit_reset="daily")
    scene.rotate("second", Step.CREATE)
    assert scene.account.get_key(scene.first)["limit_reset"] is None
    with pytest.raises(RotationFailed):
        scene.rotate("second", Step.FINISH)
    row = scene.account.get_key(scene.first)
    assert (row["limit"], row["limit_reset"]) == (50, "daily")


def test_a_new_rotation_first_takes_back_the_one_that_was_left_half_done() -> None:
    scene = a_scene()
    scene.account.destinations.create({**HOOK, "api_key_hashes": [scene.first]})
    scene.rotate("second", Step.CREATE, Step.SET)
    left_over = scene.rotation.new
    assert left_over is not None
    scene.pass_(5 * MINUTE)
    scene.guard.cycle()
    scene.rotate("third")
    assert left_over not in scene.usable()
    hold = scene.ledger.hold(left_over)
    assert hold is not None
    assert hold.state is HoldState.RELEASED
    (row,) = scene.account.destinations
    assert row["api_key_hashes"] == [scene.first, scene.lineage.current.hash]
    scene.check()


@pytest.mark.parametrize(
    ("path", "overlay", "says"),
    [
        ("/key", {"label": "sk-or-v1-ab1...cd2e"}, "its plaintext is that of"),
        ("/key", {"limit": 99_999}, "it has 99999.00 USD"),
        ("/key", {"include_byok_in_limit": True}, "BYOK counted"),
        ("/key", {"creator_user_id": "user_2"}, "its creator is another"),
        ("/keys/*", {"disabled": True}, "it is disabled"),
    ],
)
def test_a_key_that_is_not_as_it_was_meant_takes_no_place(
    path: str, overlay: dict[str, object], says: str
) -> None:
    scene = a_scene()
    scene.rotate("second", Step.CREATE, Step.SET)
    scene.fail(method="GET", path=path, overlay=overlay)
    with pytest.raises(RotationFailed, match=says):
        scene.rotate("second", Step.TEST)
    assert scene.usable() == [scene.first]
    scene.check()


def test_a_key_that_was_made_otherwise_than_asked_for_is_deleted() -> None:
    scene = a_scene()
    scene.fail(method="POST", path="/keys", overlay={"limit": 99_999})
    with pytest.raises(
        RotationFailed, match=r"and made \S+ #2 \(99999.00 USD in its lifetime, without"
    ):
        scene.rotate("second", Step.CREATE)
    assert scene.usable() == [scene.first]
    assert scene.left(scene.first) == 100
    scene.check()


def test_a_secret_whose_value_is_gone_takes_no_place() -> None:
    scene = a_scene()
    scene.rotate("second", Step.CREATE, Step.SET)
    del scene.vault._secrets[SECRET].texts["second"]
    with pytest.raises(RotationFailed, match="not where it was put"):
        scene.rotate("second", Step.TEST)
    assert scene.usable() == [scene.first]


def test_a_rotation_across_midnight_gives_nothing_of_yesterday_away() -> None:
    scene = a_scene()
    scene.account.clock.advance(11 * HOUR + 44 * MINUTE)
    scene.guard.cycle()
    assert (scene.now.hour, scene.now.minute) == (23, 59)
    scene.use("60")
    scene.rotate()
    assert scene.now.day == 19
    scene.settle()
    assert sum(map(scene.left, scene.usable())) <= 100
    scene.check()


def test_a_budget_that_only_alerts_bounds_nothing() -> None:
    scene = a_scene(PROD, a_budget("everything", hold=NEVER, daily=1))
    scene.rotate()
    assert scene.left(scene.lineage.current.hash) > 10
    scene.check()
