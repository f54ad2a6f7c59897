"""What `poll_costs` tells: what OpenRouter lacks, and today's costs for the dashboard."""

from datetime import date

from budget_guard.domain.costs import Axis
from budget_guard.handlers.reporting import logger
from budget_guard.use_cases.costs.poll import CostReport
from budget_guard.use_cases.costs.report import By, Period, cost_table, value
from budget_guard.use_cases.ports import Ledger

MOST_LINES = 20
"""Of each kind: the rest is little, and every line costs."""


def tell_costs(report: CostReport, ledger: Ledger, today: date) -> None:
    """Write a warning for each thing that is missing, and a line for what each label cost today."""
    for warning in report.warnings:
        logger.warning("costs are incomplete", why=warning)
    for axis in Axis:
        table = cost_table(ledger, Period(today, today), By(axis))
        for line in table.lines[:MOST_LINES]:
            usd = float(value(line.figures))
            logger.info("cost of today", by=axis, label=line.label, usd=usd)
