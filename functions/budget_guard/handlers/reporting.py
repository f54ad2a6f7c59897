"""How a function tells of itself: one line per change, one summary per run, a few metrics."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from budget_guard.domain.decision import Plan
from budget_guard.domain.errors import LeaseLost, ManagementKeyError
from budget_guard.handlers.runtime import Run, run_of

MOST_BUDGETS = 50
"""Budgets with metrics of their own; each costs money every month."""

logger = Logger()
metrics = Metrics()

type Summary = dict[str, Any]
type Handler = Callable[[dict[str, Any], LambdaContext], Summary]


def function(name: str) -> Callable[[Callable[[Run], Summary]], Handler]:
    """Make a Lambda handler of a function that does a run and returns its summary.

    A run that another run's lease keeps out, and one that lacks the management key, end well, with
    a clear line: the key is asked for by an alert. Every other error ends the run loudly.
    """

    def decorate(work: Callable[[Run], Summary]) -> Handler:
        @wraps(work)
        def handler(event: dict[str, Any], context: LambdaContext) -> Summary:
            run = run_of(event, context)
            logger.append_keys(run=run.id, time=run.at.isoformat())
            try:
                summary = work(run)
            except LeaseLost as error:
                summary = {"outcome": "another run is at work", "lease": str(error)}
            except ManagementKeyError as error:
                logger.warning(str(error))
                summary = {"outcome": "no management key"}
            metrics.add_dimension("function", name)
            metrics.add_metric("RunsFinished", MetricUnit.Count, 1)
            logger.info("run finished", **summary)
            return summary

        counted: Handler = metrics.log_metrics(handler)
        return logger.inject_lambda_context(counted, clear_state=True)

    return decorate


def count(name: str, value: int) -> None:
    """Add to a metric that has no dimension but the service."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value):
        pass


def count_spend(plan: Plan) -> None:
    """Report each budget's spend as a percentage of its cap; of per-key budgets the highest."""
    highest: dict[tuple[str, str], float] = {}
    shown = {budget.name for budget in plan.facts.policy.budgets[:MOST_BUDGETS]}
    for one in plan.constraints:
        if one.budget and one.window and one.budget.name in shown:
            place = (one.budget.name, one.window)
            highest[place] = max(highest.get(place, 0), float(one.fraction * 100))
    for (budget, window), percent in highest.items():
        with single_metric(name="SpendFraction", unit=MetricUnit.Percent, value=percent) as metric:
            metric.add_dimension("budget", budget)
            metric.add_dimension("window", window)
