"""How a function tells of itself: one line per change, one summary per run, a few metrics."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from budget_guard.domain import words
from budget_guard.domain.decision import Plan
from budget_guard.domain.errors import LeaseLost, ManagementKeyError
from budget_guard.handlers.memory import uncollected
from budget_guard.handlers.runtime import Run, run_of
from budget_guard.use_cases.apply import Outcome, Result
from budget_guard.use_cases.evaluate import EvaluateReport

MOST_BUDGETS = 50
"""Budgets with metrics of their own; each costs money every month."""

logger = Logger()

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
                with uncollected():
                    summary = work(run)
            except LeaseLost as error:
                summary = {"outcome": "another run is at work", "lease": str(error)}
            except ManagementKeyError as error:
                logger.warning(str(error))
                summary = {"outcome": "no management key"}
            count("RunsFinished", 1, function=name)
            logger.info("run finished", **summary)
            return summary

        logged: Handler = logger.inject_lambda_context(handler, clear_state=True)
        return logged

    return decorate


def count(name: str, value: int, **dimensions: str) -> None:
    """Add to a metric of these dimensions and the service."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        for dimension, its in dimensions.items():
            metric.add_dimension(dimension, its)


def tell_change(result: Result) -> None:
    """Write one line for a change; the first of a key has its baseline as `before`."""
    write = logger.warning if result.outcome is Outcome.FAILED else logger.info
    write(
        f"key {result.outcome}",
        key=result.wish.key,
        key_name=result.name,
        reason=result.text,
        before=words.settings(result.before) if result.before else None,
        after=words.settings(result.after) if result.after else None,
    )


def tell_evaluation(report: EvaluateReport) -> None:
    """Report spend and held keys as metrics, and write one line for each alert that went out."""
    _count_spend(report.plan)
    count("KeysHeld", sum(hold.is_held for hold in report.plan.facts.holds.values()))
    for alert in report.sent:
        logger.info(
            "alert sent", kind=alert.kind, event_id=alert.event_id, lines=len(alert.entries)
        )


def warn_of_unconfirmed(endpoints: Iterable[str]) -> None:
    """Write a line for each subscription that nobody has confirmed: no alert goes there."""
    for endpoint in endpoints:
        logger.warning(
            "subscription not confirmed",
            endpoint=endpoint,
            todo="no alert gets there until the link in AWS's e-mail is followed",
        )


def _count_spend(plan: Plan) -> None:
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
