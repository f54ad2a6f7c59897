"""A budgets file that would restrict many keys at once waits; modes and people's words count."""

from dataclasses import replace

from budget_guard.domain.alerts import Kind
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.records import Freeze
from budget_guard.domain.restriction import RestrictWish
from tests.domain.builders import AT_90, HOUR, policy_of
from tests.simulation.guard import approve
from tests.use_cases.restricting.scene import Scene, restricted, restricting

NAMES = tuple(f"prod-{number}" for number in range(5))
TYPO = replace(policy_of(restricting(keys="*")), hash="typo")
BOTH = ("prod-api", "lab")
QUIET = replace(policy_of(restricting(keys="nobody")), hash="quiet")


def several(policy: Policy) -> Scene:
    """Return a scene of five keys that have spent 8 USD together."""
    scene = Scene(policy, NAMES)
    scene.spend(8, NAMES[0])
    scene.wait()
    return scene


def having(scene: Scene) -> int:
    return sum(scene.has(name) == scene.cheap for name in NAMES)


def test_a_typo_that_covers_every_key_restricts_none_before_somebody_approves() -> None:
    scene = several(QUIET)
    scene.guard.policy = TYPO
    scene.wait()
    scene.wait()
    assert having(scene) == 0
    (alert,) = scene.alerts(Kind.BREAKER)
    assert "a plan to restrict 5 of 5 keys is held back" in alert.entries[0].text
    approve(scene.guard)
    scene.wait()
    assert having(scene) == 5


def test_a_file_that_gives_every_guardrail_back_is_not_followed_before_somebody_approves() -> None:
    scene = several(TYPO)
    assert having(scene) == 5
    scene.guard.policy = QUIET
    scene.wait()
    assert having(scene) == 5
    (alert,) = scene.alerts(Kind.BREAKER)
    assert "a plan to release 5 of 5 keys is held back" in alert.entries[0].text
    approve(scene.guard)
    scene.wait()
    assert having(scene) == 0


def test_what_waits_no_longer_once_the_file_is_as_it_was_is_forgotten() -> None:
    scene = several(QUIET)
    scene.guard.policy = TYPO
    scene.wait()
    scene.guard.policy = QUIET
    scene.wait()
    assert having(scene) == 0
    assert not scene.guard.ledger.restrict_wishes()


def test_the_end_of_a_window_gives_all_of_them_back_unasked() -> None:
    scene = several(TYPO)
    scene.midnight()
    assert having(scene) == 0
    assert not scene.alerts(Kind.BREAKER)


def test_back_in_observe_not_even_an_open_wish_is_brought_about() -> None:
    scene = Scene(replace(policy_of(restricting()), mode=Mode.OBSERVE))
    key, now = scene.hash["prod-api"], scene.account.clock.now
    scene.guard.ledger.save(RestrictWish(key, "prod-api", "default", "cheap", "spent", now))
    scene.guard.enforce()
    assert scene.has() is None
    assert scene.guard.restricted.waiting == 1


def test_where_observe_is_refused_the_key_gets_its_own_back_at_the_end_of_the_window() -> None:
    scene = restricted()
    observing = replace(scene.guard.policy, mode=Mode.OBSERVE, hash="observing")
    scene.guard.policy = observing
    scene.wait()
    assert scene.has() == scene.cheap
    assert scene.alerts(Kind.MODE_REFUSED)
    scene.midnight()
    assert scene.has() is None
    scene.spend(8)
    scene.wait()
    assert scene.has() is None, "no key is restricted any more, so that the mode counts"


def test_where_observe_is_refused_for_a_restricted_key_fences_go_on_too() -> None:
    scene = Scene(policy_of(restricting(), restricting("lab", keys="lab", hold=AT_90)), BOTH)
    scene.spend(8)
    scene.wait()
    scene.guard.policy = replace(scene.guard.policy, mode=Mode.OBSERVE, hash="observing")
    scene.spend("9.5", "lab")
    scene.wait()
    assert scene.guard.ledger.holds()[scene.hash["lab"]].is_held


def test_a_frozen_key_keeps_the_guardrail_that_it_has_until_that_is_ended() -> None:
    scene = restricted()
    now = scene.account.clock.now
    until = now + 14 * HOUR
    scene.guard.ledger.save(Freeze(scene.hash["prod-api"], until, "ann", "leak", now))
    scene.midnight()
    assert scene.has() == scene.cheap
    scene.account.clock.set(until)
    scene.wait()
    assert scene.has() is None
