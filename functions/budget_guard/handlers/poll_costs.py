"""Reads what was spent on what into the ledger. Budgets are held without it."""

import os
from concurrent.futures import ThreadPoolExecutor

from budget_guard.handlers.cost_lines import outcome, tell_costs, tell_generations, tell_state
from budget_guard.handlers.cost_source import cost_ledger, cost_source, queue_of_ids
from budget_guard.handlers.reporting import Summary, function
from budget_guard.handlers.runtime import Run, policy
from budget_guard.handlers.settings import PollCostsSettings, load
from budget_guard.use_cases.costs.generations import GenerationPoll, poll_generations
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.poll import CostPoll, poll_costs

AT_ONCE = 16
LOOK_SECONDS = 60
"""What is left to look at the requests, however long the queue is."""
QUEUE_SECONDS = 240
"""What is left to the queue, however much the budgets file chooses."""


@function("poll_costs")
def handler(run: Run) -> Summary:
    """Poll costs, then generations. A failure that may pass by itself is raised in the end."""
    settings = load(PollCostsSettings, os.environ)
    memory, rules, left = cost_ledger(settings), policy(), run.seconds_left
    times = (lambda: left() > LOOK_SECONDS, lambda: left() > QUEUE_SECONDS, lambda: left() > 0)
    with (
        run.leased(memory, "costs") as lease,
        cost_source(settings, run) as source,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        whole = (source, memory, lease)
        costs = poll_costs(CostPoll(*whole, rules, run.at, times[2], pool.map))
        keeper, ids = Keeper(*whole, pool.map), queue_of_ids(settings)
        single = poll_generations(GenerationPoll(keeper, ids, rules, run.began, *times))
    tell_costs(costs, memory, run.at.date())
    tell_generations(single)
    tell_state(memory, run.at)
    return outcome(costs, single)
