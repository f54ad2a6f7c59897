"""The judge itself: what it excuses of a key that left its budget or was frozen, and no more."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.coverage import Coverage
from budget_guard.domain.holds import BITES
from budget_guard.domain.keys import Key
from budget_guard.domain.policy import Budget, Mode, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.behaviour import Behaviour
from budget_guard.sandbox.openrouter.clock import Clock
from tests.simulation.guard import Guard
from tests.simulation.strategies import ALWAYS
from tests.simulation.test_found import office, spend
from tests.simulation.world import World

STALE = Behaviour(counters_age=BITES)


def leave(world: World) -> None:
    """Rename the first key out of the budget, and let the guard see that at once, and answer."""
    world.take(("rename", 0, "x"))
    for minutes in (0, 1, 1):
        world.take(("tick", minutes))


def what_it_had_spent_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    def nothing(_coverage: Coverage, _keys: Iterable[Key]) -> frozenset[int]:
        return frozenset()

    patch.setattr(Coverage, "any_of", nothing)


def spend_all_until_midnight(world: World) -> None:
    """Let the key that stayed ask for all that its fence lets it, and settle the day's account."""
    while world.request(world.key(1), Decimal("0.1")):
        pass
    world.take(("advance", timedelta(days=1)))


def test_what_a_key_spent_unread_before_it_left_is_excused() -> None:
    world = office("a*", behaviour=STALE)
    spend(world, "4.5")
    leave(world)
    spend_all_until_midnight(world)


def test_what_was_read_of_a_key_before_it_left_is_not_excused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    what_it_had_spent_is_forgotten(monkeypatch)
    world = office("a*", behaviour=STALE)
    spend(world, "4.5")
    world.take(("advance", BITES))
    with pytest.raises(AssertionError, match=r"can spend 10.* of 5\.5 left"):
        leave(world)


def test_of_a_key_that_left_no_more_is_excused_than_was_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    what_it_had_spent_is_forgotten(monkeypatch)
    world = office("a*", behaviour=STALE)
    spend(world, "2")
    world.take(("advance", BITES))
    spend(world, "2.5")
    with pytest.raises(AssertionError, match=r"can spend 10.* of 8\.0 left"):
        leave(world)


def test_on_the_days_account_it_is_excused_once() -> None:
    world = office("a*", behaviour=STALE)
    spend(world, "4.5")
    leave(world)
    (cap,) = world.promise.truth.caps()
    world.account.spending.charge(world.key(1).hash, Decimal("10.01"))
    with pytest.raises(AssertionError, match=r"14\.51 spent of 10 .* \(4\.5 excused\)"):
        world.promise.check_spend(cap)


def test_what_a_frozen_key_spent_before_it_was_off_is_excused() -> None:
    slow = Behaviour(patch_delay=BITES, patch_shown_late=True, counters_age=BITES / 2)
    clock = Clock(datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    account = Account(clock=clock, behaviour=slow)
    account.create_key({"name": "a0", "limit": Decimal(300), "limit_reset": "monthly"})
    account.create_key({"name": "a1"})
    budget = Budget("one", {Window.WEEKLY: Decimal(3)}, hold=ALWAYS)
    guard = Guard(account, Policy((budget,), "edition-0", Mode.ENFORCE))
    guard.change_policy(guard.policy)
    world = World(guard)
    world.take(("freeze", 0, 60))
    world.take(("tick", 5))
    spend(world, "2.5")
    world.take(("advance", 2 * BITES))
