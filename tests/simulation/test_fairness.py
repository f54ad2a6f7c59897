"""Nobody starves: who asks for little, while every cap has money left, is soon served.

The figures are printed by `uv run pytest tests/simulation/test_fairness.py -s`.
"""

import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget_guard.domain.policy import Budget, Hold, Mode, Policy
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from tests.simulation.guard import Guard
from tests.simulation.strategies import BEGINNINGS, BEHAVIOURS, usd
from tests.simulation.world import World

ALWAYS = Hold(Decimal(0))
CYCLES = 24
SMALL = [Decimal("0.05"), Decimal("0.1"), Decimal("0.25")]
LARGE = [Decimal(1), Decimal("2.5"), Decimal(4)]
ENOUGH = Decimal("0.1")
MOST_RUNS = 2

waits: Counter[int] = Counter()
"""How many runs of the guard passed before a key that was refused was served: how often."""


@st.composite
def offices(draw: st.DrawFn) -> World:
    """Two teams under one account budget; the first key asks for little, some have own limits."""
    account = Account(clock=Clock(draw(BEGINNINGS)), behaviour=draw(BEHAVIOURS))
    for number in range(draw(st.integers(3, 6))):
        own = draw(st.sampled_from([None, None, Decimal(25)]))
        limit = {"limit": own, "limit_reset": "daily" if own else None}
        account.create_key({"name": f"{'ab'[number % 2]}{number}", **limit})
    team, whole = draw(usd("20", "50")), draw(usd("30", "60", "100"))
    budgets = [Budget(name, {Window.DAILY: team}, (f"{name}*",), hold=ALWAYS) for name in "ab"]
    budgets.append(Budget("all", {Window.DAILY: whole, Window.WEEKLY: 3 * whole}, hold=ALWAYS))
    guard = Guard(account, Policy(tuple(budgets), "edition-0", Mode.ENFORCE))
    guard.cycle()
    return World(guard)


def has_enough(world: World, key: SimulatedKey) -> bool:
    """Tell whether more than a tenth of each of its caps, and of its own limit, is left."""
    truth = world.promise.truth
    hold = world.guard.ledger.hold(key.hash)
    own = hold.baseline.limit if hold else key.terms.settings.limit
    spent = truth.spent_by(key, own.reset, include_byok=False)
    if own.amount is not None and own.amount - spent <= own.amount * ENOUGH:
        return False
    return all(
        cap.amount - truth.spent(cap) > cap.amount * ENOUGH
        for cap in truth.caps()
        if truth.counts(key, cap)
    )


def ask(world: World, random: Random, refused: dict[str, int]) -> None:
    """Let keys ask within a minute; the even ones for little, the others for more, and seldom."""
    for number, key in enumerate(world.account.keys.values()):
        is_small = number % 3 == 0
        if not is_small and random.random() > 0.3:
            continue
        if world.request(key, random.choice(SMALL if is_small else LARGE)):
            runs = refused.pop(key.hash, None)
            if runs is not None:
                waits[runs] += 1
        elif is_small and has_enough(world, key):
            runs = refused.setdefault(key.hash, 0)
            assert runs <= MOST_RUNS, f"{key.name} was refused for {runs} runs, at {world.now}"
        else:
            refused.pop(key.hash, None)


@given(offices(), st.randoms(use_true_random=True))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def each_office(world: World, random: Random) -> None:
    refused: dict[str, int] = {}
    for _ in range(CYCLES):
        for _minute in range(5):
            world.account.clock.advance(timedelta(minutes=1))
            ask(world, random, refused)
        world.guard.cycle()
        refused = {key: runs + 1 for key, runs in refused.items()}


def test_a_key_that_asks_for_little_is_refused_for_at_most_two_runs() -> None:
    waits.clear()
    each_office()
    sys.stdout.write(f"\nruns until a refused key was served: {dict(sorted(waits.items()))}\n")
