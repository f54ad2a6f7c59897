"""What follows an evaluation: who is started, and what is told of budgets, alerts, subscriptions."""

from collections.abc import Iterable

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from budget_guard.adapters.starter import LambdaStarter
from budget_guard.domain.cost_budgets import known_caps
from budget_guard.domain.decision import Plan
from budget_guard.domain.due import due
from budget_guard.domain.upkeep import needs_upkeep
from budget_guard.handlers.reporting import count, logger
from budget_guard.handlers.runtime import Run, client
from budget_guard.handlers.settings import EvaluateSettings
from budget_guard.use_cases.evaluate import EvaluateReport

MOST_BUDGETS = 50
"""Budgets with metrics of their own; each costs money every month."""


def start_next(report: EvaluateReport, settings: EvaluateSettings, run: Run) -> None:
    """Start whoever has work: `enforce` for wishes, `rotate` for lineages that need care."""
    plan = report.plan
    for function, has_work in (
        (settings.enforce_function_name, report.has_work),
        (settings.rotate_function_name, needs_upkeep(plan.facts, due(plan))),
    ):
        if has_work:
            LambdaStarter(client("lambda"), function).start(time=run.at, run=run.id)


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
    for one in (*plan.constraints, *known_caps(plan.facts)):
        if one.budget and one.window and one.budget.name in shown:
            place = (one.budget.name, one.window)
            highest[place] = max(highest.get(place, 0), float(one.fraction * 100))
    for (budget, window), percent in highest.items():
        with single_metric(name="SpendFraction", unit=MetricUnit.Percent, value=percent) as metric:
            metric.add_dimension("budget", budget)
            metric.add_dimension("window", window)
