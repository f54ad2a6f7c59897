"""Reads every key's usage into the ledger, then starts `evaluate`, also after a partial failure."""

import os

from budget_guard.adapters.starter import LambdaStarter
from budget_guard.domain.errors import ProviderError
from budget_guard.handlers.reporting import Summary, function, logger
from budget_guard.handlers.runtime import Run, client, ledger, openrouter
from budget_guard.handlers.settings import PollSettings, load
from budget_guard.use_cases.poll import Poll, poll


@function("poll_usage")
def handler(run: Run) -> Summary:
    """Poll once. A failure that may pass by itself is raised in the end: it shows as an error."""
    settings = load(PollSettings, os.environ)
    memory = ledger(settings)
    with run.leased(memory, "poll") as lease:
        report = poll(Poll(lambda: openrouter(settings, run), memory, lease, run.id, run.at))
    starter = LambdaStarter(client("lambda"), settings.evaluate_function_name)
    starter.start(time=run.at, run=run.id)
    if report.problem and not report.needs_hands:
        raise ProviderError(report.problem)
    if report.problem:
        logger.warning(report.problem)
    return {"keys": report.keys, "workspaces": report.workspaces, "problem": report.problem}
