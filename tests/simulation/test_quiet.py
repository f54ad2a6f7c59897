"""Quiet: where nobody is short of money, the guard leaves the keys alone, midnight included.

The figures are printed by `uv run pytest tests/simulation/test_quiet.py -s`.
"""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import median

from budget_guard.domain.policy import Budget, Hold, Mode, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.clock import Clock
from tests.simulation.guard import Guard
from tests.simulation.world import World

ALWAYS = Hold(Decimal(0))
KEYS, TEAMS, CYCLES = 100, 10, 40 * 12
ASKING = 20
"""How many keys make a request in five minutes."""
SETTLED = 2 * 12
"""The first two hours are left out: keys that nobody held are fenced."""


def company() -> World:
    """Return 10 teams of 10 keys under one account budget, and a protected key beside them."""
    account = Account(clock=Clock(datetime(2026, 11, 23, 9, 1, tzinfo=UTC)))
    for number in range(KEYS):
        account.create_key({"name": f"team-{number % TEAMS}-key-{number}"})
    _, row = account.create_key({"name": "protected"})
    caps = {Window.DAILY: Decimal(100), Window.WEEKLY: Decimal(500), Window.MONTHLY: Decimal(1500)}
    teams = [Budget(f"team-{n}", caps, (f"team-{n}-*",), hold=ALWAYS) for n in range(TEAMS)]
    everything = {window: cap * TEAMS for window, cap in caps.items()}
    budgets = (*teams, Budget("everything", everything, hold=ALWAYS))
    policy = Policy(budgets, "edition-0", Mode.ENFORCE, protect=frozenset({row["hash"]}))
    return World(Guard(account, policy))


def spend_a_fifth_of_the_caps(world: World, random: Random) -> None:
    """Let some keys, and the protected one, make requests of five minutes: 20 USD a team a day."""
    keys = list(world.account.keys.values())
    for key in [*random.sample(keys[:KEYS], ASKING), keys[-1]]:
        world.account.spending.charge(key.hash, Decimal(random.randint(1, 69)) / 1000)


def test_without_pressure_hardly_any_key_is_changed() -> None:
    world, random = company(), Random(7)  # noqa: S311 - traffic, no secret
    patches = []
    for _ in range(CYCLES):
        spend_a_fifth_of_the_caps(world, random)
        world.account.clock.advance(timedelta(minutes=5))
        before = len(world.account.books.changes)
        world.guard.cycle()
        patches.append(len(world.account.books.changes) - before)
    settled = patches[SETTLED:]
    spent = world.account.spending.total_usage
    sys.stdout.write(
        f"\n{KEYS} keys, {CYCLES} runs, {spent} USD: first runs {patches[:4]}, then a median of "
        f"{median(settled)} PATCHes per run, {max(settled)} at most, {sum(settled)} in all\n"
    )
    assert not world.account.books.refused
    assert median(settled) <= 1
    assert max(settled) <= 5
