"""Killed at any call, or refused by any: at the end one key, one secret that works, no cent more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from budget_guard.domain.errors import (
    GuardError,
    LedgerUnavailable,
    ProviderUnavailable,
    VaultError,
)
from budget_guard.domain.rotation import Stage
from budget_guard.sandbox.openrouter import Refusal, When
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.rotating import deciding
from budget_guard.use_cases.rotation.steps import Step
from budget_guard.use_cases.rotation.sweeping import Swept, sweep
from tests.domain.builders import HOUR, MINUTE
from tests.simulation.guard import Switch
from tests.use_cases.rotation.scene import SECRET, Scene, a_scene

HOOK = {"name": "hook", "type": "webhook", "config": {"url": "https://example.com"}}
ERRORS: dict[str, type[GuardError]] = {
    "vault": VaultError,
    "ledger": LedgerUnavailable,
    "keys": ProviderUnavailable,
    "OpenRouter": ProviderUnavailable,
}


@dataclass
class Flaky(Switch):
    """A switch at which a call fails, before or after its effect, and the run goes on."""

    def pull(self, name: str, call: Callable[[], object]) -> object:
        self.calls.append(name)
        if self.at != len(self.calls) - 1:
            return call()
        if self.after:
            call()
        message = f"{name} failed"
        raise ERRORS[name.split(".", maxsplit=1)[0]](message)


@dataclass
class Story:
    """A key in use, with a guardrail and in a list, is rotated; `refused` requests are counted."""

    scene: Scene = field(default_factory=a_scene)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        scene = self.scene
        made = scene.account.guardrails.create({"name": "cheap"})["id"]
        scene.account.guardrails.keys.assign(made, [scene.first], scene.now)
        scene.account.destinations.create({**HOOK, "api_key_hashes": [scene.first]})
        scene.use("12")
        scene.settle()
        scene.meanwhile = self.work

    def work(self, cost: Decimal = Decimal("0.05")) -> None:
        """Ask something, as the application does that reads the secret each time."""
        try:
            self.scene.use(cost)
        except Refusal as refusal:
            self.refused.append(str(refusal))

    def ends(self) -> Swept:
        """Come to an end whatever happened, and check all of it."""
        scene = self.scene
        scene.rotated_at_last()
        scene.pass_(HOUR)
        scene.settle()
        swept = sweep(scene.rotating())
        scene.settle()
        scene.check()
        self.check()
        return swept

    def check(self) -> None:
        """Check money, the client's luck, and what hangs on the new key."""
        scene, new = self.scene, self.scene.lineage.current.hash
        assert scene.rotation.stage is Stage.DONE
        assert not self.refused
        every = [one.hash for one in scene.account.keys.values() if scene.account.exists(one.hash)]
        assert sum(map(scene.left, every)) + scene.spent() <= 100
        assert scene.account.guardrails.keys.of(new)
        (row,) = scene.account.destinations
        assert row["api_key_hashes"] == [scene.first, new]
        assert not any(one.intents for one in scene.ledger.holds().values())


@cache
def calls() -> tuple[str, ...]:
    """Return every call of an undisturbed rotation."""
    story = Story()
    switch = story.scene.switch
    story.scene.rotate()
    story.scene.settle()
    story.scene.check()
    story.check()
    return tuple(switch.calls)


def test_the_story_makes_every_call_that_a_rotation_makes() -> None:
    made = {one.split(": ")[1].split("(")[0] for one in calls()}
    assert {"keys.make", "keys.assign", "keys.write", "keys.own_view", "OpenRouter.change"} <= made
    assert {"vault.put_pending", "vault.promote", "ledger.save", "ledger.acquire"} <= made


@pytest.mark.parametrize("part", range(6))
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_it_is_rotated_at_last(part: int, after: bool) -> None:
    for at in range(part, len(calls()), 6):
        story = Story()
        story.scene.switch = Switch(at=at, after=after)
        died = not story.scene.tried("token-1")
        assert died
        story.scene.pass_(10 * MINUTE)
        story.scene.guard.cycle()
        told(story, calls()[at])


@pytest.mark.parametrize("part", range(6))
@pytest.mark.parametrize("after", [False, True])
def test_failed_by_any_call_it_is_rotated_at_last(part: int, after: bool) -> None:
    for at in range(part, len(calls()), 6):
        story = Story()
        story.scene.switch = Flaky(at=at, after=after)
        story.scene.tried("token-1")
        story.scene.pass_(10 * MINUTE)
        story.scene.guard.cycle()
        told(story, calls()[at])


def told(story: Story, call: str) -> None:
    try:
        story.ends()
    except AssertionError as broken:
        broken.add_note(call)
        raise


REFUSED: dict[str, Any] = {"method": "POST", "path": "/guardrails/*", "status": 403}


@cache
def calls_of_a_failure() -> tuple[str, ...]:
    """Return every call of a rotation that is refused half way, and taken back."""
    story = Story()
    switch = story.scene.switch
    story.scene.fail(**REFUSED)
    assert not story.scene.tried("token-1")
    assert story.scene.rotation.stage is Stage.FAILED
    assert story.scene.usable() == [story.scene.first]
    return tuple(switch.calls)


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_a_failure_is_taken_back_it_is_rotated_at_last(after: bool) -> None:
    made = [one.split(": ")[1] for one in calls_of_a_failure()]
    assert "keys.delete" in made
    for at in range(made.index("keys.assign"), len(made)):
        story = Story()
        story.scene.fail(**REFUSED)
        story.scene.switch = Switch(at=at, after=after)
        story.scene.tried("token-1")
        story.scene.pass_(10 * MINUTE)
        story.scene.guard.cycle()
        told(story, made[at])


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_a_failure_is_taken_back_the_sweep_does_the_rest(after: bool) -> None:
    for at in range(len(calls_of_a_failure())):
        story = Story()
        scene = story.scene
        scene.fail(**REFUSED)
        scene.switch = Switch(at=at, after=after)
        scene.tried("token-1")
        scene.guard.faults.clear()
        for _ in range(14):
            scene.pass_(5 * MINUTE)
            scene.guard.cycle()
        sweep(scene.rotating())
        scene.settle()
        scene.check()
        assert scene.usable() == [scene.first], calls_of_a_failure()[at]
        assert not story.refused


@cache
def requests() -> int:
    """Return how many requests to OpenRouter a rotation makes."""
    story = Story()
    story.scene.fail(skip=10**6)
    seen = story.scene.guard.faults._waiting[0][1]
    story.scene.rotate()
    return seen[0]


FAULTS: dict[str, dict[str, Any]] = {
    "500 before": {"status": 500},
    "500 after": {"status": 500, "when": When.AFTER},
    "lost": {"drop": True, "when": When.AFTER},
    "cut off": {"truncate": True},
    "useless": {"raw": b'{"data": 1}'},
    "late": {"late": 7 * MINUTE},
    "later": {"late": 25 * MINUTE},
    "refused": {"status": 400},
    "forbidden": {"status": 403, "message": "Not for this key"},
    "wrong credential": {"status": 401},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_openrouter_does_to_any_request_it_is_rotated_at_last(fault: str) -> None:
    assert requests() > 20
    for number in range(requests()):
        story = Story()
        story.scene.fail(skip=number, **FAULTS[fault])
        if not story.scene.tried("token-1"):
            story.scene.pass_(10 * MINUTE)
            story.scene.guard.cycle()
        story.scene.guard.faults.clear()
        told(story, f"request {number}")


@pytest.mark.parametrize("fault", ["500 after", "lost", "cut off", "useless", "late"])
def test_a_key_that_was_made_unseen_is_removed_before_another_is_asked_for(fault: str) -> None:
    scene = Story().scene
    scene.fail(method="POST", path="/keys", **FAULTS[fault])
    assert not scene.tried("token-1")
    scene.pass_(10 * MINUTE)
    scene.guard.cycle()
    scene.rotate("token-1", Step.CREATE)
    names = [scene.account.keys[one].name for one in scene.usable()]
    assert names == ["prod-api", "prod-api #2"]
    assert len(scene.account.keys) == 3


def test_a_key_that_was_made_unseen_goes_with_a_rotation_that_is_taken_back() -> None:
    scene = Story().scene
    scene.fail(method="POST", path="/keys", **FAULTS["lost"])
    assert not scene.tried("token-1")
    assert len(scene.usable()) == 2
    scene.account.patch_key(scene.first, {"disabled": True})
    scene.pass_(10 * MINUTE)
    scene.guard.cycle()
    assert not scene.tried("token-1")
    assert scene.rotation.stage is Stage.FAILED
    assert scene.usable() == []


def test_while_a_key_is_made_nobody_else_gives_money_away_or_changes_fences() -> None:
    scene = Story().scene
    made = next(at for at, call in enumerate(calls()) if call.endswith("keys.make"))
    reports: list[object] = []

    def others() -> None:
        reports.extend((scene.guard.evaluate(), scene.guard.enforce()))

    scene.switch.meanwhile = {made: [others]}
    scene.rotate()
    assert reports == [None, None]
    assert scene.guard.evaluate() is not None
    scene.check()


def test_so_it_is_where_one_of_them_kept_it_waiting_and_openrouter_is_slow() -> None:
    scene = Story().scene
    lease = Lease("enforce", "another", scene.now + timedelta(seconds=40))
    scene.ledger.acquire(lease, now=scene.now)
    with deciding(scene.rotating()) as ours:
        scene.pass_(ours.until - scene.now - timedelta(seconds=1))
        assert scene.guard.evaluate() is None
        assert scene.guard.enforce() is None
    assert scene.guard.evaluate() is not None


def test_what_took_too_long_to_find_out_is_not_acted_on() -> None:
    scene = Story().scene
    made = next(at for at, call in enumerate(calls()) if call.endswith("keys.make"))
    scene.switch.meanwhile = {made - 1: [lambda: scene.pass_(2 * MINUTE)]}
    assert not scene.tried("token-1")
    assert len(scene.account.keys) == 1
    scene.rotated_at_last()
    scene.check()


def test_while_another_decides_a_rotation_waits_and_goes_on() -> None:
    scene = Story().scene
    lease = Lease("evaluate", "another", scene.now + timedelta(seconds=40))
    scene.ledger.acquire(lease, now=scene.now)
    scene.rotate()
    scene.check()


def test_what_others_got_meanwhile_a_key_that_a_dead_run_made_does_not_keep() -> None:
    story = Story()
    scene = story.scene
    made = next(at for at, call in enumerate(calls()) if call.endswith("vault.put_pending"))
    scene.switch = Switch(at=made, after=True)
    assert not scene.tried("token-1")
    scene.pass_(5 * MINUTE)
    busy = scene.account.create_key({"name": "prod-web"})[1]["hash"]
    for _ in range(3):
        scene.guard.cycle()
        scene.pass_(5 * MINUTE)
    new = next(one for one in scene.usable() if one != scene.first)
    assert scene.left(busy) > 1
    scene.rotate("token-1", Step.CREATE)
    old, hold = scene.ledger.hold(scene.first), scene.ledger.hold(new)
    assert old is not None
    assert hold is not None
    assert hold.baseline == old.baseline
    assert sum(map(scene.left, (scene.first, new, busy))) + scene.spent() <= 100


def test_a_key_that_a_dead_run_made_and_a_poll_found_is_not_counted_against_itself() -> None:
    scene = Story().scene
    made = next(at for at, call in enumerate(calls()) if call.endswith("vault.put_pending"))
    scene.switch = Switch(at=made, after=True)
    assert not scene.tried("token-1")
    (new,) = set(scene.usable()) - {scene.first}
    before = scene.left(new)
    scene.pass_(10 * MINUTE)
    scene.guard.poll()
    assert scene.ledger.observation(new) is not None
    scene.rotate("token-1", Step.CREATE)
    assert scene.left(new) > before - 1


def test_a_key_that_is_made_long_after_its_answer_was_lost_is_removed_by_the_sweep() -> None:
    story = Story()
    scene = story.scene
    scene.fail(method="POST", path="/keys", late=25 * MINUTE)
    assert not scene.tried("token-1")
    scene.pass_(10 * MINUTE)
    scene.guard.cycle()
    scene.rotated_at_last()
    assert len(scene.usable()) == 2
    scene.pass_(HOUR)
    scene.api.account.clock.advance(timedelta())
    scene.rotating().keys.sightings(scene.lineage.workspace)
    scene.settle()
    assert len(scene.usable()) == 3
    swept = sweep(scene.rotating())
    assert [one.name for one in swept.removed] == ["prod-api #2"]
    scene.settle()
    scene.check()
    story.check()


@pytest.mark.parametrize("who", ["sweep", "another rotation", "the next try"])
def test_a_key_that_the_secret_moved_to_is_never_taken_back(who: str) -> None:
    story = Story()
    scene = story.scene
    moved = next(at for at, call in enumerate(calls()) if call.endswith("vault.promote"))
    scene.switch = Switch(at=moved, after=True)
    assert not scene.tried("token-1")
    new = scene.rotation.new
    for _ in range(13):
        scene.pass_(5 * MINUTE)
        scene.guard.cycle()
    match who:
        case "sweep":
            (ended,) = sweep(scene.rotating()).ended
            assert ended.stage is Stage.DONE
        case "another rotation":
            scene.rotate("token-2", Step.CREATE)
        case _:
            assert scene.tried("token-1")
    assert scene.lineage.current.hash == new
    kept = scene.vault.current(SECRET)
    assert kept is not None
    assert scene.account.identify(kept.api_key.get_secret_value()).hash == new
    assert not story.refused


def test_a_rotation_that_nobody_goes_on_with_is_ended_by_the_sweep() -> None:
    story = Story()
    scene = story.scene
    before = scene.left(scene.first)
    scene.switch = Switch(at=calls().index(next(c for c in calls() if "own_view" in c)))
    assert not scene.tried("token-1")
    assert len(scene.usable()) == 2
    scene.pass_(10 * MINUTE)
    assert sweep(scene.rotating()) == Swept()
    for _ in range(13):
        scene.pass_(5 * MINUTE)
        scene.guard.cycle()
    (ended,) = sweep(scene.rotating()).ended
    assert ended.failure == "nobody went on with it"
    assert scene.usable() == [scene.first]
    assert scene.left(scene.first) >= before - scene.spent() - 1
    scene.settle()
    scene.check()
    assert not story.refused


def test_so_is_one_of_a_key_that_somebody_moved_to_another_workspace() -> None:
    scene = Story().scene
    place = scene.account.workspaces.add("Other", scene.now)["id"]
    scene.account.patch_key(scene.first, {"workspace_id": place})
    scene.settle()
    scene.fail(method="POST", path="/keys", late=25 * MINUTE)
    assert not scene.tried("token-1")
    scene.pass_(10 * MINUTE)
    scene.guard.cycle()
    scene.rotated_at_last()
    scene.pass_(HOUR)
    scene.rotating().keys.sightings(place)
    scene.settle()
    assert len(scene.usable()) == 3
    assert [one.name for one in sweep(scene.rotating()).removed] == ["prod-api #2"]
    scene.settle()
    scene.check()


def test_an_application_does_not_run_dry_while_no_key_can_be_made() -> None:
    story = Story()
    scene = story.scene
    scene.meanwhile = lambda: None
    scene.fail(method="POST", path="/keys", status=500, times=10**6)
    for _ in range(24):
        if not scene.ledger.rotation(SECRET) or not scene.rotation.failure:
            scene.tried("token-1")
        scene.pass_(5 * MINUTE)
        story.work(Decimal("0.6"))
        scene.guard.cycle()
        sweep(scene.rotating())
    assert not story.refused
    assert scene.rotation.stage is Stage.FAILED
    assert scene.usable() == [scene.first]


LISTS = ("/byok", "/observability/destinations")


def refuse(scene: Scene, path: str, status: int) -> None:
    scene.fail(method="GET", path=path, status=status, message="Not on your plan", times=10**6)


@pytest.mark.parametrize("path", [*LISTS, "/guardrails/assignments/keys"])
@pytest.mark.parametrize("status", [402, 403, 404, 429, 500])
def test_where_what_hangs_on_the_key_cannot_be_read_nothing_is_begun(
    path: str, status: int
) -> None:
    scene = Story().scene
    before = scene.left(scene.first)
    refuse(scene, path, status)
    assert not scene.tried("token-1")
    assert scene.left(scene.first) == before
    assert scene.usable() == [scene.first]
    rotation = scene.ledger.rotation(SECRET)
    assert rotation is None or (rotation.stage is Stage.FAILED and path in str(rotation.failure))


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("status", [403, 404, 500])
def test_where_it_cannot_be_read_any_more_the_old_key_gets_its_own_back(
    path: str, status: int
) -> None:
    scene = Story().scene
    before = scene.left(scene.first)
    scene.rotate("token-1", Step.CREATE)
    refuse(scene, path, status)
    scene.tried("token-1")
    for _ in range(14):
        scene.pass_(5 * MINUTE)
        scene.guard.cycle()
    sweep(scene.rotating())
    assert scene.rotation.stage is Stage.FAILED
    assert scene.usable() == [scene.first]
    assert scene.left(scene.first) >= before - scene.spent() - 1


def test_a_key_of_the_name_that_somebody_uses_is_told_of_and_not_touched() -> None:
    scene = a_scene()
    scene.rotate()
    theirs = scene.account.create_key({"name": "prod-api #2"})[1]["hash"]
    scene.spend(theirs, Decimal("0.5"))
    scene.settle()
    swept = sweep(scene.rotating())
    assert [one.hash for one in swept.doubtful] == [theirs]
    assert theirs in scene.usable()
