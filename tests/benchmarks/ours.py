"""One run of the guard's own functions against the canned servers, in a process of its own.

`python -m tests.benchmarks.ours FUNCTION ADDRESS` writes what it took. The clients of AWS and
OpenRouter are made before, as the floor's are.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import boto3
from pydantic import SecretStr

from budget_guard.adapters.alerts.memory import RecordingNotifier
from budget_guard.adapters.ledger.whole import DynamoWholeLedger
from budget_guard.adapters.openrouter import HttpOpenRouter, ahead, connect
from budget_guard.handlers.memory import uncollected
from budget_guard.use_cases.evaluate import Evaluation, evaluate
from budget_guard.use_cases.leases import leased
from budget_guard.use_cases.poll import Poll, poll
from tests.benchmarks.account import NOW
from tests.benchmarks.budgets import everyday
from tests.benchmarks.measuring import measured, tell

KEY = SecretStr("sk-or-v1-made-up")


def run_poll(ledger: DynamoWholeLedger, openrouter: HttpOpenRouter) -> None:
    """Do what `poll_usage` does, without starting the next function."""
    minutes = timedelta(minutes=4)
    with uncollected(), leased(ledger, "poll", token="t", now=NOW, lasts=minutes) as lease:
        report = poll(Poll(lambda: openrouter, ledger, lease, "run-2", NOW, everyday(), ahead))
    assert not report.problem, report.problem


def run_evaluate(ledger: DynamoWholeLedger, _: HttpOpenRouter) -> None:
    """Do what `evaluate` does, with a topic that takes every alert at once."""
    minutes = timedelta(minutes=2)
    with uncollected(), leased(ledger, "evaluate", token="t", now=NOW, lasts=minutes) as lease:
        evaluate(Evaluation(ledger, RecordingNotifier(), lease, everyday(), NOW))


def run_enforce(ledger: DynamoWholeLedger, _: HttpOpenRouter) -> None:
    """Do what `enforce` does where nothing is wished: the rule in a quiet account."""
    assert not ledger.wishes()


FUNCTIONS: dict[str, Callable[[DynamoWholeLedger, HttpOpenRouter], None]] = {
    "poll": run_poll,
    "evaluate": run_evaluate,
    "enforce": run_enforce,
}


def main(function: str, address: str) -> None:
    client = boto3.client("dynamodb", endpoint_url=address)
    ledger = DynamoWholeLedger(client, "ledger", lambda: NOW)
    with connect(f"{address}/api/v1", KEY) as openrouter:
        tell(measured(partial(FUNCTIONS[function], ledger, openrouter)))


if __name__ == "__main__":
    main(*sys.argv[1:])
