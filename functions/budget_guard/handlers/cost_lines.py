"""What `poll_costs` tells: what OpenRouter lacks, and today's costs for the dashboard."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import summed, value
from budget_guard.domain.errors import GuardError
from budget_guard.domain.money import ZERO
from budget_guard.domain.outcomes import Rate
from budget_guard.handlers.reporting import Summary, logger
from budget_guard.use_cases.costs.asking import HOUR
from budget_guard.use_cases.costs.counting import full_hour
from budget_guard.use_cases.costs.day_costs import DayCosts
from budget_guard.use_cases.costs.generations import GenerationReport
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.poll import CostReport

MOST_LINES = 20
"""Of each kind: the rest is little, and every line costs."""


def tell_generations(report: GenerationReport) -> None:
    """Write a warning for each thing that is missing of single generations."""
    for warning in report.warnings:
        logger.warning("generations are incomplete", why=warning)
    if report.drained.refused:
        logger.warning("ids were refused: see the dead letters", ids=report.drained.refused)


def tell_costs(report: CostReport, ledger: CostLedger, today: date) -> None:
    """Write a warning for each thing that is missing, and a line for what each label cost today."""
    for warning in report.warnings:
        logger.warning("costs are incomplete", why=warning)
    costs = DayCosts.of(ledger, today)
    for axis in Axis:
        found = summed((getattr(one, axis.value) or "", one.figures) for one in costs.by(axis))
        lines = sorted((-value(figures), label) for label, figures in found.items())
        for usd, label in lines[:MOST_LINES]:
            logger.info("cost of today", by=axis, label=label, usd=float(-usd))


def tell_state(ledger: CostLedger, now: datetime) -> None:
    """Write what the dashboard draws: how many requests fell back, and what is unexplained."""
    hour = full_hour(now) - HOUR
    told = ledger.day_outcomes(hour.date())
    for one in told.hours if told else ():
        if one.hour == hour:
            rate = Rate(one.fell_back, one.figures.requests)
            logger.info("fallbacks of the hour", percent=_percent(rate.fraction), requests=rate.of)
    signals = ledger.signals()
    if signals and signals.gap:
        gap = signals.gap
        part = gap.usd / gap.of if gap.of else ZERO
        logger.info(
            "unexplained spend", usd=float(gap.usd), of=float(gap.of), percent=_percent(part)
        )


def _percent(part: Decimal) -> float:
    return float(round(part * 100, 2))


def outcome(costs: CostReport, single: GenerationReport) -> Summary:
    """Return how the run went, in figures; raise `GuardError` with what failed."""
    if problem := "; ".join(filter(None, (costs.problem, single.problem))):
        raise GuardError(problem)
    return {
        "hours": costs.hours,
        "days": costs.days,
        "whole": costs.is_whole and single.is_whole,
        "generations": single.chosen,
        "ids": asdict(single.drained),
    }
