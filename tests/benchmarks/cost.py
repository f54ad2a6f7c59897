"""What the guard costs a month: measured units and seconds, times AWS's list prices.

`poll_costs` reads and writes by the keys that spend, and on how many models: see `traffic`. What
single requests cost it, where they are looked at one by one, is not in it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from infra.functions import Job
from infra.schedules import COSTS_MINUTES
from tests.benchmarks import prices, processes
from tests.benchmarks.budgets import everyday
from tests.benchmarks.cost_polls import ELSE, ONCE_A_DAY, ONCE_AN_HOUR
from tests.benchmarks.server import Server, serving
from tests.benchmarks.units import read_units, write_units

MINUTES = 365 * 24 * 60 // 12
"""In a month."""
DAYS = 365 // 12
RUNS = {"poll": MINUTES // 5, "evaluate": 2 * MINUTES // 5, "enforce": MINUTES}
"""Polls and evaluations every five minutes, evaluations after each poll too (`infra/schedules`)."""
HOURS = MINUTES // 60
COST_RUNS = MINUTES // COSTS_MINUTES
STARTS = RUNS["poll"] + RUNS["evaluate"] // 2 + RUNS["enforce"] + COST_RUNS
GB = 0.5
"""Memory of each function (`infra/functions`)."""
PROCESSOR = 512 / 1769
"""What 512 MB get of one processor (AWS Lambda developer guide, "Configure Lambda function memory")."""
LINES = 700
"""Bytes of log that a run writes: Lambda's own two lines and one summary, rounded up."""
LINES_OF_COSTS = 8000
"""Bytes more of each poll of costs: a line for each of twenty models and providers."""
METRICS_OF_RUNS = 6
ALARMED = sum(1 + job.is_scheduled for job in Job) + 3
"""Metrics that alarms watch: also lost starts, refused ids, and the errors that `rotate` expects."""


@dataclass(frozen=True, slots=True)
class Cost:
    """USD a month for the runs over so many keys, by service."""

    keys: int
    reads: float
    writes: float
    compute: float
    poll_costs: float

    @property
    def total(self) -> float:
        """Return what the runs cost in all."""
        return self.reads + self.writes + self.compute + self.poll_costs


def fixed(bare: Cost) -> dict[str, float]:
    """Return what an account without keys costs a month, by what it is paid for (USD)."""
    metrics = METRICS_OF_RUNS + sum(len(budget.cap) for budget in everyday().budgets)
    runs = sum(RUNS.values()) + COST_RUNS
    return {
        f"{metrics} metrics": metrics * prices.PER_METRIC,
        f"{ALARMED} metrics of alarms": ALARMED * prices.PER_ALARM,
        "dashboard": prices.PER_DASHBOARD,
        "KMS key": prices.PER_KEY,
        "secret": prices.PER_SECRET,
        "its reads": _secret_calls(RUNS["poll"] + COST_RUNS),
        "runs without a key": bare.total,
        "logs": (runs * LINES + COST_RUNS * LINES_OF_COSTS) / 1e9 * prices.PER_GB_OF_LOGS,
        "starts": (runs * prices.PER_MILLION_INVOCATIONS + STARTS * prices.PER_MILLION_STARTS)
        / 1e6,
    }


def rotated() -> dict[str, float]:
    """Return what each key under rotation costs a month besides (USD).

    A rotation a month, and its old key, come to less than a cent.
    """
    return {
        "its secret": prices.PER_SECRET,
        "each application that reads it once a minute": _secret_calls(MINUTES),
    }


def _secret_calls(count: int) -> float:
    return count * prices.PER_10_000_SECRET_CALLS / 1e4


def variable(keys: int) -> Cost:
    """Measure one run of each function over so many keys, and return what a month of them costs."""
    with serving(keys) as server:
        runs = [(_run(function, server), RUNS[function]) for function in RUNS]
    return Cost(keys, *_priced(runs), poll_costs=sum(_priced(_cost_polls(keys))))


def growth(many: Iterable[int], bare: Cost) -> Iterator[Cost]:
    """Yield what each number of keys costs beside `bare`, the runs of an account without any."""
    for keys in many:
        one = variable(keys)
        yield Cost(
            keys,
            one.reads - bare.reads,
            one.writes - bare.writes,
            one.compute - bare.compute,
            one.poll_costs - bare.poll_costs,
        )


@dataclass(frozen=True, slots=True)
class _Run:
    reads: int
    writes: int
    billed: float


def _priced(runs: Sequence[tuple[_Run, int]]) -> tuple[float, float, float]:
    """Return what runs, each so many times, cost by reads, writes and compute (USD)."""
    return (
        sum(run.reads * times for run, times in runs) * prices.PER_MILLION_READ_UNITS / 1e6,
        sum(run.writes * times for run, times in runs) * prices.PER_MILLION_WRITE_UNITS / 1e6,
        sum(run.billed * times for run, times in runs) * GB * prices.PER_GB_SECOND,
    )


def _cost_polls(keys: int) -> list[tuple[_Run, int]]:
    """Measure polls of costs, and return them with how often a month has such ones."""
    with serving(keys, "stored") as server:
        polls = processes.cost_polls(keys, server)
    count = Counter(one["of"] for one in polls)
    daily = DAYS * count[ONCE_A_DAY]
    hourly = HOURS - daily
    often = {ONCE_A_DAY: daily, ONCE_AN_HOUR: hourly, ELSE: COST_RUNS - HOURS}
    return [
        (
            _Run(one["reads"], one["writes"], _billed(one["seconds"], one["user"])),
            often[one["of"]] // count[one["of"]],
        )
        for one in polls
    ]


def _run(function: str, server: Server) -> _Run:
    """Measure a run in the state of rest: nothing is wished, 5 % of the keys have spent."""
    server.asked()
    taken = processes.ours(function, server)
    calls = server.asked()
    return _Run(read_units(calls), write_units(calls), _billed(taken.seconds, taken.user))


def _billed(seconds: float, user: float) -> float:
    """Return the seconds of a run: it waits as long as here, and computes with its share."""
    return max(seconds, user / PROCESSOR)
