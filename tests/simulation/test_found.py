"""Small worlds in which a cap did not hold once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from budget_guard.domain.holds import BITES
from budget_guard.domain.policy import Budget, Mode, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.behaviour import Behaviour
from budget_guard.sandbox.openrouter.clock import Clock
from tests.simulation.guard import Guard
from tests.simulation.strategies import ALWAYS, LOST, NEVER_ARRIVED
from tests.simulation.world import World

LIKELY = Behaviour()
SLOW = Behaviour(patch_delay=BITES)


def office(*keys: str, behaviour: Behaviour = LIKELY, own: Decimal | None = None) -> World:
    """Return two keys; `keys` (patterns) may spend 10 USD a day together, and are just fenced."""
    clock = Clock(datetime(2026, 11, 21, 9, 3, tzinfo=UTC))
    account = Account(clock=clock, behaviour=behaviour)
    for number in range(2):
        account.create_key({"name": f"a{number}", "limit": own})
    budget = Budget("one", {Window.DAILY: Decimal(10)}, keys, hold=ALWAYS)
    guard = Guard(account, Policy((budget,), "edition-0", Mode.ENFORCE))
    guard.change_policy(guard.policy)
    guard.cycle()
    return World(guard)


def spend(world: World, cost: str) -> None:
    world.take(("spend", 0, Decimal(cost), False, False))


def test_a_key_that_runs_dry_at_once_is_not_raised_with_its_colleagues_money() -> None:
    world = office("a*")
    spend(world, "4.5")
    world.take(("tick", 0))


def test_what_a_deleted_key_may_have_spent_unseen_goes_to_nobody_else() -> None:
    world = office("a*")
    spend(world, "4.5")
    world.advance(timedelta(minutes=1))
    world.take(("delete", 0))
    world.take(("tick", 5))


def test_a_key_whose_restore_was_never_answered_is_decided_on_again() -> None:
    world = office("a*")
    (budget,) = world.guard.policy.budgets
    world.take(("drop", 0))
    world.take(("fault", LOST))
    world.take(("run", "evaluate", "enforce"))
    world.take(("budget", budget))
    assert world.guard.evaluate(), "no arithmetic with what has no bound"


def test_a_limit_that_resets_goes_when_nothing_may_be_spent_any_more() -> None:
    world = office("a0")
    spend(world, "20")
    world.take(("cap", 0, Window.DAILY, Decimal(0)))
    world.take(("tick", 5))
    world.take(("advance", timedelta(days=1)))


def test_a_limit_that_resets_goes_when_its_key_shares_a_cap_with_others() -> None:
    world = office("a0")
    spend(world, "20")
    shared = Budget("both", {Window.DAILY: Decimal(5)}, ("a*",), hold=ALWAYS)
    world.take(("budget", shared))
    world.take(("tick", 5))
    world.take(("advance", timedelta(days=1)))


def test_a_fence_that_shows_late_is_not_taken_for_a_persons_after_there_and_back() -> None:
    world = office("a0")
    world.account.behaviour = Behaviour(patch_delay=BITES, patch_shown_late=True)
    world.take(("tick", 1))
    for cap, fault in (("0", LOST), ("10", NEVER_ARRIVED)):
        world.take(("cap", 0, Window.DAILY, Decimal(cap)))
        world.take(("fault", fault))
        world.take(("run", "evaluate", "enforce"))
    world.guard.enforce()
    world.take(("advance", 3 * BITES))
    world.take(("tick", 5))


def test_a_key_that_overran_its_first_fence_is_not_raised_with_what_others_may_still_spend() -> (
    None
):
    world = office("a*", behaviour=SLOW, own=Decimal(25))
    spend(world, "6.3")
    world.take(("tick", 1))


def test_a_key_that_people_switched_off_may_spend_no_more_than_is_left_when_it_is_on_again() -> (
    None
):
    world = office("a0", own=Decimal(25))
    world.take(("disable", 0, True))
    for cap in ("7", "0"):
        world.take(("cap", 0, Window.DAILY, Decimal(cap)))
        world.take(("tick", 5))
    world.take(("disable", 0, False))
