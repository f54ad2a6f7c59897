"""What `poll_costs` tells: what OpenRouter lacks, and today's costs for the dashboard."""

from dataclasses import asdict
from datetime import date

from budget_guard.domain.costs import Axis
from budget_guard.domain.errors import GuardError
from budget_guard.handlers.reporting import Summary, logger
from budget_guard.use_cases.costs.generations import GenerationReport
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.poll import CostReport
from budget_guard.use_cases.costs.report import By, Period, cost_table, value

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
    for axis in Axis:
        table = cost_table(ledger, Period(today, today), By(axis))
        for line in table.lines[:MOST_LINES]:
            usd = float(value(line.figures))
            logger.info("cost of today", by=axis, label=line.label, usd=usd)


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
