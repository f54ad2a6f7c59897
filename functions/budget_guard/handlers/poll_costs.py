"""Reads what was spent on what into the ledger. Budgets are held without it."""

import os
from concurrent.futures import ThreadPoolExecutor

from budget_guard.domain.errors import GuardError
from budget_guard.handlers.cost_lines import tell_costs
from budget_guard.handlers.cost_source import cost_source
from budget_guard.handlers.reporting import Summary, function
from budget_guard.handlers.runtime import Run, ledger, policy
from budget_guard.handlers.settings import PollCostsSettings, load
from budget_guard.use_cases.costs.poll import CostPoll, poll_costs

AT_ONCE = 4


@function("poll_costs")
def handler(run: Run) -> Summary:
    """Poll costs once. A failure that may pass by itself is raised in the end."""
    settings = load(PollCostsSettings, os.environ)
    memory = ledger(settings)
    with (
        run.leased(memory, "costs") as lease,
        cost_source(settings, run) as source,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        whole = (source, memory, lease, policy(), run.at)
        report = poll_costs(CostPoll(*whole, lambda: run.seconds_left() > 0, pool.map))
    tell_costs(report, memory, run.at.date())
    if report.problem:
        raise GuardError(report.problem)
    return {"hours": report.hours, "days": report.days, "whole": report.is_whole}
