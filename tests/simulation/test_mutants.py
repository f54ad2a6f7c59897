"""Broken guards: the random worlds must find each of them out.

How long each lasts is printed by `uv run pytest tests/simulation/test_mutants.py -s`.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain import bonds
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.money import ZERO
from budget_guard.domain.observations import Observation
from budget_guard.domain.purses import Purse
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Record
from tests.simulation.strategies import PRESSURE, SOMEBODY, STEADY, worlds
from tests.simulation.world import Step, World

SEED = int(os.environ.get("SEED", "1"))
WORLDS = 1000
"""At most: each mutation is found within some dozens, or some hundreds."""

type Mutation = Callable[[pytest.MonkeyPatch], None]


def raises_are_paid_with_what_the_same_plan_frees(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Purse, "free", property(lambda purse: max(ZERO, purse.left - purse.settled)))


def decreases_below_1_usd_are_suppressed(patch: pytest.MonkeyPatch) -> None:
    _suppress(patch, Decimal(1))


def decreases_below_25_cents_are_suppressed(patch: pytest.MonkeyPatch) -> None:
    _suppress(patch, Decimal("0.25"))


def _suppress(patch: pytest.MonkeyPatch, small: Decimal) -> None:
    def over(purse: Purse) -> Decimal:
        needed = purse.settled - purse.left
        return needed if needed >= small else ZERO

    patch.setattr(Purse, "over", property(over))


def a_keys_own_limit_is_no_constraint(patch: pytest.MonkeyPatch) -> None:
    def none(_seen: Observation, _facts: Facts) -> Constraint | None:
        return None

    patch.setattr(bonds, "own_limit", none)


def an_earlier_intent_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    save = MemoryLedger.save

    def forgetful(
        self: MemoryLedger, *records: Record, lease: Lease | None = None, wish: Wish | None = None
    ) -> None:
        kept = (
            replace(one, intents=one.intents[-1:]) if isinstance(one, Hold) else one
            for one in records
        )
        save(self, *kept, lease=lease, wish=wish)

    patch.setattr(MemoryLedger, "save", forgetful)


MUTATIONS = [
    raises_are_paid_with_what_the_same_plan_frees,
    decreases_below_1_usd_are_suppressed,
    decreases_below_25_cents_are_suppressed,
    a_keys_own_limit_is_no_constraint,
    an_earlier_intent_is_not_kept,
]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_worlds_find_out_a_guard_where(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    tried = 0

    @seed(SEED)
    @settings(
        max_examples=WORLDS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds(STEADY, SOMEBODY), st.lists(PRESSURE, min_size=3, max_size=15))
    def tell(world: World, steps: list[Step]) -> None:
        nonlocal tried
        tried += 1
        world.cycle()
        for step in steps:
            world.take(step)

    with pytest.raises(AssertionError) as found:
        tell()
    sys.stdout.write(f"\n{mutation.__name__}: after {tried} worlds: {found.value}\n")
