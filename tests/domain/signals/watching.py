"""An account's requests beside a guard that looks at them each hour."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.costs import CostsRead
from budget_guard.domain.policy import Budget, Costs, Policy
from budget_guard.domain.polls import Workspace
from budget_guard.domain.sampling import Count, Sampled
from budget_guard.domain.windows import Window
from budget_guard.use_cases.costs.request_signals import RequestWatch
from budget_guard.use_cases.leases import leased
from tests.domain.builders import seen
from tests.domain.signals.traffic import Traffic
from tests.domain.signals.world import BEFORE, usd

HISTORY = 8 * 24
"""Hours before anybody looks: what former days are compared with, and the first day's own."""


@dataclass(frozen=True)
class Found:
    """What a look of an account found first: the incident, its kind, and its hour."""

    incident: str
    kind: Kind
    hour: int
    at: datetime


class WatchedRequests:
    """The requests of an account, on record as the budgets file says."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic, self.ledger = traffic, MemoryLedger()
        owners = sorted({one.owner for one in traffic.jobs})
        self.policy = Policy(
            tuple(
                Budget(owner, {Window.MONTHLY: usd(1e6)}, keys=(f"{owner}-*",), owner=owner)
                for owner in owners
            ),
            "hash",
            costs=Costs(traffic.choice),
        )
        self.ledger.save(Workspace("w1", "One"))
        self.ledger.save(
            *(seen(f"{one.owner}-{one.key[:2]}", hash=one.key) for one in traffic.jobs)
        )
        for hour in range(BEFORE - HISTORY, BEFORE):
            self._live(hour)

    def _live(self, hour: int) -> None:
        at = self.traffic.at(hour)
        kept = list(self.traffic.on_record(hour, BEFORE))
        self.ledger.save(Sampled("w1", at, at, self.traffic.choice, Count(len(kept))), *kept)

    def look(self, hour: int) -> Iterator[Found]:
        """Yield what is found at the end of an hour."""
        self._live(hour)
        now = self.traffic.at(hour + 1) + timedelta(minutes=7)
        self.ledger.save(CostsRead("w1", now, self.traffic.at(hour + 1), now))
        with leased(self.ledger, "c", token="t", now=now, lasts=timedelta(minutes=5)) as lease:
            RequestWatch(self.ledger, lease, self.policy, now, lambda: True).look()
        signals = self.ledger.request_signals()
        assert signals is not None
        assert signals.at == now
        yield from (Found(one.id, one.kind, hour, now) for one in signals.found)
