"""What the guard costs a month: measured units and seconds, times AWS's list prices.

Of `poll_costs`, whose runs depend on models and requests more than on keys, only alarms and metrics.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.functions import Job
from tests.benchmarks import prices, processes
from tests.benchmarks.budgets import everyday
from tests.benchmarks.server import Server, serving
from tests.benchmarks.units import read_units, write_units

MINUTES = 365 * 24 * 60 // 12
"""In a month."""
RUNS = {"poll": MINUTES // 5, "evaluate": 2 * MINUTES // 5, "enforce": MINUTES}
"""Polls and evaluations every five minutes, evaluations after each poll too (`infra/schedules`)."""
STARTS = RUNS["poll"] + RUNS["evaluate"] // 2 + RUNS["enforce"]
GB = 0.5
"""Memory of each function (`infra/functions`)."""
PROCESSOR = 512 / 1769
"""What 512 MB get of one processor (AWS Lambda developer guide, "Configure Lambda function memory")."""
LINES = 700
"""Bytes of log that a run writes: Lambda's own two lines and one summary, rounded up."""
METRICS_OF_RUNS = 6
ALARMS = sum(1 + job.is_scheduled for job in Job) + 2
"""Also lost starts, and ids of generations that were refused."""


@dataclass(frozen=True, slots=True)
class Cost:
    """USD a month for the runs over so many keys, by service."""

    keys: int
    reads: float
    writes: float
    compute: float

    @property
    def total(self) -> float:
        """Return what the runs cost in all."""
        return self.reads + self.writes + self.compute


def fixed(bare: Cost) -> dict[str, float]:
    """Return what an account without keys costs a month, by what it is paid for (USD)."""
    metrics = METRICS_OF_RUNS + sum(len(budget.cap) for budget in everyday().budgets)
    runs = sum(RUNS.values())
    return {
        f"{metrics} metrics": metrics * prices.PER_METRIC,
        f"{ALARMS} alarms": ALARMS * prices.PER_ALARM,
        "dashboard": prices.PER_DASHBOARD,
        "KMS key": prices.PER_KEY,
        "secret": prices.PER_SECRET,
        "runs without a key": bare.total,
        "logs": runs * LINES / 1e9 * prices.PER_GB_OF_LOGS,
        "starts": (runs * prices.PER_MILLION_INVOCATIONS + STARTS * prices.PER_MILLION_STARTS)
        / 1e6,
    }


def variable(keys: int) -> Cost:
    """Measure one run of each function over so many keys, and return what a month of them costs."""
    with serving(keys) as server:
        runs = [(_run(function, server), RUNS[function]) for function in RUNS]
    return Cost(
        keys,
        reads=sum(run.reads * times for run, times in runs) * prices.PER_MILLION_READ_UNITS / 1e6,
        writes=sum(run.writes * times for run, times in runs)
        * prices.PER_MILLION_WRITE_UNITS
        / 1e6,
        compute=sum(run.billed * times for run, times in runs) * GB * prices.PER_GB_SECOND,
    )


def growth(many: Iterable[int], bare: Cost) -> Iterator[Cost]:
    """Yield what each number of keys costs beside `bare`, the runs of an account without any."""
    for keys in many:
        one = variable(keys)
        yield Cost(
            keys, one.reads - bare.reads, one.writes - bare.writes, one.compute - bare.compute
        )


@dataclass(frozen=True, slots=True)
class _Run:
    reads: int
    writes: int
    billed: float


def _run(function: str, server: Server) -> _Run:
    """Measure a run in the state of rest: nothing is wished, 5 % of the keys have spent."""
    server.asked()
    taken = processes.ours(function, server)
    calls = server.asked()
    # A function waits as long as here, but computes with its share of a processor.
    seconds = max(taken.seconds, taken.user / PROCESSOR)
    return _Run(read_units(calls), write_units(calls), seconds)
