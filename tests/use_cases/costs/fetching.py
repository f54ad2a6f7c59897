"""Runs of what brings single generations on record, on made-up books and a queue in memory."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.adapters.ids import MemoryIds
from budget_guard.domain.choices import Choice, OneIn
from budget_guard.domain.generations import Generation
from budget_guard.domain.policy import Costs, Policy
from budget_guard.domain.sampling import Sampled
from budget_guard.use_cases.costs.generations import (
    GenerationPoll,
    GenerationReport,
    poll_generations,
)
from budget_guard.use_cases.costs.ids import Ids
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import CostSource
from budget_guard.use_cases.leases import leased
from tests.domain.builders import DAY
from tests.use_cases.costs.books import NOW, Charge

ALL = OneIn(1)


def fetched(
    source: CostSource,
    ledger: CostLedger,
    ids: Ids | None = None,
    choice: Choice = None,
    now: datetime = NOW,
    *,
    has_time: Callable[[], bool] = lambda: True,
    has_time_to_choose: Callable[[], bool] = lambda: True,
    has_time_to_look: Callable[[], bool] = lambda: True,
    scope: tuple[str, ...] = (),
) -> GenerationReport:
    """Return how a poll of generations went."""
    policy = Policy((), "hash-of-file", costs=Costs(choice), scope=scope)
    queue = ids or MemoryIds(lambda: now)
    with leased(ledger, "costs", token="t", now=now, lasts=timedelta(minutes=5)) as lease:
        keeper = Keeper(source, ledger, lease)
        times = (has_time, has_time_to_choose, has_time_to_look)
        return poll_generations(GenerationPoll(keeper, queue, policy, now, *times))


def a_charge(number: int, cost: str = "0.25", minutes: int = 30, key: str = "#api") -> Charge:
    at = NOW - timedelta(minutes=minutes)
    return Charge(at, key, Decimal(cost), id=f"gen-{number}")


def a_notice(name: str, at: datetime = NOW, **texts: str) -> str:
    return json.dumps({"generation": name, "at": at.isoformat()} | texts)


def on_record(ledger: CostLedger, now: datetime = NOW) -> dict[str, Generation]:
    """Return all generations of the last days, by id; each is the same at both its addresses."""
    found = {
        one.id: one for back in range(3) for one in ledger.generations((now - back * DAY).date())
    }
    assert all(ledger.generation(name) == one for name, one in found.items())
    return found


def sampled(ledger: CostLedger, now: datetime = NOW) -> list[Sampled]:
    return [one for back in range(2) for one in ledger.sampled((now - back * DAY).date())]
