"""Polls of costs against the stored ledger, in a process of its own: each measured by itself.

`python -m tests.benchmarks.cost_polls KEYS ADDRESS` writes what each poll took.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import boto3

from budget_guard.adapters.ids import MemoryIds
from budget_guard.adapters.ledger.whole import DynamoWholeLedger
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import ACTIVITY, CostsRead, summed
from budget_guard.handlers.memory import uncollected
from budget_guard.use_cases.costs.day_costs import DayCosts
from budget_guard.use_cases.costs.generations import GenerationPoll, poll_generations
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.poll import CostPoll, poll_costs
from budget_guard.use_cases.leases import leased
from tests.benchmarks.account import NOW, Account
from tests.benchmarks.budgets import everyday
from tests.benchmarks.measuring import measured
from tests.benchmarks.server import Server
from tests.benchmarks.traffic import HOUR, Traffic
from tests.benchmarks.units import read_units, write_units

AT_ONCE = 16
TODAY = NOW.replace(hour=0, minute=0, second=0)
HISTORY = timedelta(days=8)
"""As many days as habits are compared with; the first run would read four weeks."""
ONCE_A_DAY, ONCE_AN_HOUR, ELSE = "once a day", "once an hour", "else"
POLLS: tuple[tuple[float, str | None], ...] = (
    (0.88, None),
    *((1.13, ONCE_A_DAY), (6.88, None), (7.13, ONCE_A_DAY)),
    *((11.88, None), (12.13, ONCE_AN_HOUR), (12.38, ELSE), (12.63, ELSE), (12.88, ELSE)),
)
"""The hours of a day at which polls run here, and what each stands for. Yesterday is read at 1:08 and
at 7:08; noon stands for all hours: each reads of today and yesterday what is over.
"""


def run(ledger: DynamoWholeLedger, source: Traffic, now: datetime) -> None:
    """Do what `poll_costs` does, its lines for the dashboard too."""
    always, policy = (lambda: True), everyday()
    with (
        uncollected(),
        leased(ledger, "costs", token="t", now=now, lasts=HOUR) as lease,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        report = poll_costs(CostPoll(source, ledger, lease, policy, now, always, pool.map))
        assert not report.problem, report.problem
        keeper = Keeper(source, ledger, lease, pool.map)
        poll_generations(
            GenerationPoll(keeper, MemoryIds(lambda: now), policy, now, always, always, always)
        )
        costs = DayCosts.of(ledger, now.date())
        for axis in Axis:
            summed((getattr(one, axis.value), one.figures) for one in costs.by(axis))
        ledger.day_outcomes((now - HOUR).date())
        ledger.signals()


def polls(keys: int, address: str) -> Iterator[Mapping[str, object]]:
    """Yield the units and seconds of each poll that stands for others."""
    account, server = Account(keys), Server(address)
    client = boto3.client("dynamodb", endpoint_url=address)
    ledger, source = DynamoWholeLedger(client, "ledger", lambda: NOW), Traffic(account)
    begins = TODAY - HISTORY
    ledger.save(*(CostsRead(one.id, begins, begins, NOW) for one in account.workspaces))
    ledger.save(CostsRead(ACTIVITY, begins, TODAY - timedelta(days=1), NOW))
    for hours, stands_for in POLLS:
        source.now = TODAY + hours * HOUR
        server.asked()
        taken = measured(partial(run, ledger, source, source.now))
        calls = server.asked()
        if stands_for:
            units = {"reads": read_units(calls), "writes": write_units(calls)}
            yield {"of": stands_for, "seconds": taken.seconds, "user": taken.user} | units


if __name__ == "__main__":
    json.dump(list(polls(int(sys.argv[1]), sys.argv[2])), sys.stdout)
