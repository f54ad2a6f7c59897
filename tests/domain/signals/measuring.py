"""How well signals find what is wrong: watched hour by hour, with the real use case.

`uv run python -m tests.domain.signals.measuring 101 121` prints the table: 20 seeds with each fault
from the first number on, 20 without any from the second on.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import cast

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.costs import CostsRead
from budget_guard.domain.keys import Counters, Spent
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.domain.signals.telling import OF_COSTS, OF_REQUESTS
from budget_guard.domain.windows import Window
from budget_guard.use_cases.costs.offer import read_offer
from budget_guard.use_cases.costs.signals import Watch
from budget_guard.use_cases.costs.source import CostSource, Models
from budget_guard.use_cases.leases import leased
from tests.domain.builders import a_reading
from tests.domain.signals.faults import FAULTS, FAULTS_OF_REQUESTS
from tests.domain.signals.traffic import Traffic
from tests.domain.signals.watching import Found, WatchedRequests
from tests.domain.signals.world import BEFORE, World, dice, spread, usd

WATCHED = 7 * 24
"""Hours without a fault; with one, until it is found, at most `GIVEN_UP` after it began."""
GIVEN_UP = 48
SEEDS = 20
KINDS = sorted(OF_COSTS | OF_REQUESTS)


@dataclass(frozen=True)
class Listing:
    """The models on offer in an hour of an account, as a source of costs tells them."""

    world: World
    hour: int

    def models(self) -> Models:
        return self.world.offer(self.hour)


class Watched:
    """An account beside a guard that looks at it each hour."""

    def __init__(self, world: World) -> None:
        self.world, self.ledger = world, MemoryLedger()
        owners = sorted({one.owner for one in world.jobs})
        self.policy = Policy(
            tuple(
                Budget(owner, {Window.MONTHLY: usd(1e6)}, keys=(f"{owner}-*",), owner=owner)
                for owner in owners
            ),
            "hash",
        )
        self.spent = {one.key: 0.0 for one in world.jobs}
        self.marks: dict[str, list[HourMark]] = defaultdict(list)
        self.balance = 1e6
        self.rng = dice(world.seed)
        self.ledger.save(Workspace("w1", "One"))
        for hour in range(BEFORE - 28 * 24, BEFORE):
            self._live(hour)

    def _live(self, hour: int) -> None:
        """Let an hour pass: marks of the counters as a poll first sees them, then the bills."""
        lines = self.world.lines(hour)
        bills: dict[str, float] = defaultdict(float)
        for one in lines:
            bills[one.key] += one.usd
        for job in self.world.jobs:
            if bills[job.key] and hour >= BEFORE - 48:
                seen = self.spent[job.key] + bills[job.key] * spread(job, self.rng)
                self.marks[job.key].append(HourMark(self.world.at(hour), Spent(usd(seen))))
            self.spent[job.key] += bills[job.key]
        self.balance -= sum(bills.values())
        if self.world.stray:
            self.balance -= self.world.stray(self.world, hour)
        if self.rng.random() < 0.02:
            self.balance += 1000
        self.ledger.save(self.world.told(hour, lines))

    def look(self, hour: int) -> Iterator[Found]:
        """Yield what is found at the end of an hour."""
        now = self.world.at(hour + 1) + timedelta(minutes=7)
        self._live(hour)
        lines = self.world.lines(hour)
        self.ledger.save(self.world.told(hour, lines, age=0))
        self._know(hour + 1, now)
        people = People(self.ledger.observations(), self.policy.budgets)
        with leased(self.ledger, "c", token="t", now=now, lasts=timedelta(minutes=5)) as lease:
            read_offer(cast("CostSource", Listing(self.world, hour)), self.ledger, lease, now)
            Watch(self.ledger, lease, self.policy, people, now, lambda: True).look()
        self.ledger.save(self.world.told(hour, lines))
        signals = self.ledger.signals()
        assert signals is not None
        assert signals.at == now
        yield from (Found(one.id, one.kind, hour, now) for one in signals.found)

    def _know(self, until: int, now: datetime) -> None:
        self.ledger.save(CostsRead("w1", now, self.world.at(until), now))
        self.ledger.save(PollReport(now, "run", balance=usd(self.balance)))
        for job in self.world.jobs:
            spent = Spent(usd(self.spent[job.key]))
            counters = Counters(spent, dict.fromkeys(Window, spent))
            who = a_reading(f"{job.owner}-{job.key[:2]}", counters, at=now, hash=job.key)
            self.ledger.save(Observation(who, tuple(self.marks[job.key][-48:])))


@dataclass(frozen=True)
class Outcome:
    """What came of a fault in one account: after how many hours it was told (None: never)."""

    hours: int | None
    alarms: int


def with_fault(name: str, seed: int) -> Outcome:
    """Watch an account that goes wrong until that is told; other incidents are false alarms."""
    world, watched = _spoiled(name, seed)
    assert world.since is not None
    before = set[str]()
    for hour in range(BEFORE, world.since + GIVEN_UP):
        for one in watched.look(hour):
            if world.expected(one.incident) and hour >= world.since:
                return Outcome(hour + 1 - world.since, len(before))
            if hour < world.since:
                before.add(one.incident)
    return Outcome(None, len(before))


def _spoiled(name: str, seed: int) -> tuple[World | Traffic, Watched | WatchedRequests]:
    """Return an account with this fault, and the guard beside it."""
    if name in FAULTS:
        world = World(seed)
        FAULTS[name](world)
        return world, Watched(world)
    traffic = Traffic(seed)
    FAULTS_OF_REQUESTS[name](traffic)
    return traffic, WatchedRequests(traffic)


def without(seed: int) -> list[Found]:
    """Watch an account in which nothing is wrong for a week; return each incident that opens."""
    return [*alarms_of(Watched(World(seed))), *alarms_of(WatchedRequests(Traffic(seed)))]


def alarms_of(watched: Watched | WatchedRequests) -> list[Found]:
    """Watch for a week; return each incident that opens."""
    found, present = list[Found](), set[str]()
    for hour in range(BEFORE, BEFORE + WATCHED):
        now = list(watched.look(hour))
        found += [one for one in now if one.incident not in present]
        present = {one.incident for one in now}
    return found


def table(first: int, quiet: int, seeds: int = SEEDS) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| fault | found | hours until told: median, longest |"
    yield "|---|---|---|"
    for name in (*FAULTS, *FAULTS_OF_REQUESTS):
        outcomes = [with_fault(name, seed) for seed in range(first, first + seeds)]
        hours = [one.hours for one in outcomes if one.hours is not None]
        missed = [first + at for at, one in enumerate(outcomes) if one.hours is None]
        when = f"{median(hours):.0f}, {max(hours)}" if hours else "-"
        yield f"| {name} | {len(hours)} of {seeds}{_seeds(missed)} | {when} |"
    yield ""
    yield from alarms(quiet, seeds)


def alarms(quiet: int, seeds: int) -> Iterator[str]:
    """Yield the lines about accounts in which nothing is wrong."""
    yield "| without a fault, a week | accounts with a false alarm | false alarms |"
    yield "|---|---|---|"
    found = {seed: without(seed) for seed in range(quiet, quiet + seeds)}
    for kind in KINDS:
        of = {seed: [one for one in some if one.kind is kind] for seed, some in found.items()}
        having = [seed for seed, some in of.items() if some]
        count = sum(len(some) for some in of.values())
        yield f"| {kind} | {len(having)} of {seeds}{_seeds(having)} | {count} |"


def _seeds(seeds: Iterable[int]) -> str:
    listed = ", ".join(map(str, seeds))
    return f" (seeds {listed})" if listed else ""


if __name__ == "__main__":
    for line in table(*map(int, sys.argv[1:])):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
