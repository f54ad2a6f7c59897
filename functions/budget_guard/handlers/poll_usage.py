"""Reads every key's usage into the ledger, then starts `evaluate`, also after a partial failure."""

import os
from contextlib import ExitStack
from datetime import timedelta
from time import sleep

from budget_guard.adapters.ledger.dynamodb_usage import DynamoUsageLedger
from budget_guard.adapters.openrouter import ahead
from budget_guard.adapters.starter import LambdaStarter
from budget_guard.domain.errors import GuardError
from budget_guard.handlers.provider import openrouter
from budget_guard.handlers.reporting import Summary, function, logger
from budget_guard.handlers.runtime import Run, client, policy, seconds_until
from budget_guard.handlers.settings import PollSettings, load
from budget_guard.use_cases.poll import Poll, poll

SETTLED = timedelta(seconds=62)
"""When a day's counters are surely its own, whatever the second that `Date` was cut to."""
MOST_WAIT = 15


@function("poll_usage")
def handler(run: Run) -> Summary:
    """Poll once. A failure that may pass by itself is raised in the end: it shows as an error."""
    settings = load(PollSettings, os.environ)
    if (wait := seconds_until(SETTLED, run.began)) > MOST_WAIT:
        return {"outcome": "left to the next poll: the day's counters may still be yesterday's"}
    sleep(wait)
    memory = DynamoUsageLedger(client("dynamodb"), settings.table_name)
    with ExitStack() as opened, run.leased(memory, "poll") as lease:
        whole = (memory, lease, run.id, run.at, policy(), ahead)
        report = poll(Poll(lambda: opened.enter_context(openrouter(settings, run)), *whole))
    starter = LambdaStarter(client("lambda"), settings.evaluate_function_name)
    starter.start(time=run.at, run=run.id)
    if report.needs_hands:
        logger.warning(report.problem)
    elif report.problem:
        raise GuardError(report.problem)
    return {"keys": report.keys, "workspaces": report.workspaces, "problem": report.problem}
