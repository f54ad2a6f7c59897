"""`poll_costs` in its deployment: read, told for the dashboard, and loud where it fails."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.errors import GuardError
from budget_guard.sandbox.openrouter import Fault, Work
from budget_guard.use_cases.costs.report import By, Period, cost_table
from tests.handlers.deployment import Deployment, sample

HOUR = timedelta(hours=1)


@pytest.fixture
def spent(guard: Deployment) -> Deployment:
    """An account whose one key spent on two models, and was polled."""
    guard.put_key()
    _, key = guard.new_key()
    for cost, model in (("0.75", "acme/large"), ("0.25", "acme/small")):
        guard.account.spending.charge(key, Decimal(cost), work=Work(model=model, provider="Acme"))
    guard.account.clock.advance(HOUR)
    guard.run("poll_usage")
    return guard


def test_costs_are_read_and_told_for_the_dashboard(spent: Deployment) -> None:
    summary = spent.run("poll_costs", sample("poll_costs.scheduled") | spent.event(), seconds=590)
    assert summary == {
        "hours": 1,
        "days": 30,
        "generations": 2,
        "ids": {"kept": 0, "left": 0, "refused": 0},
        "whole": True,
    }
    today = spent.account.clock.now.date()
    table = cost_table(spent.ledger, Period(today, today), By.MODEL)
    assert {one.label: one.figures.credits for one in table.lines} == {
        "acme/large": Decimal("0.75"),
        "acme/small": Decimal("0.25"),
    }
    told = [(one["by"], one["label"], one["usd"]) for one in spent.output.logs("cost of today")]
    assert told == [
        ("model", "acme/large", 0.75),
        ("model", "acme/small", 0.25),
        ("provider", "Acme", 1.0),
    ]


def test_what_fell_back_and_what_is_unexplained_is_told_for_the_dashboard(
    spent: Deployment,
) -> None:
    spent.run("poll_costs", seconds=590)
    (fallen,) = spent.output.logs("fallbacks of the hour")
    assert (fallen["percent"], fallen["requests"]) == (0.0, 2)
    (lacking,) = spent.output.logs("unexplained spend")
    assert (lacking["usd"], lacking["percent"]) == (0.0, 0.0)


def test_a_second_poll_finds_nothing_new(spent: Deployment) -> None:
    spent.run("poll_costs")
    assert spent.run("poll_costs")["hours"] == 0


def test_a_workspace_that_cannot_be_read_is_an_error_in_the_end(spent: Deployment) -> None:
    spent.api.faults.add(Fault(method="POST", path="/analytics/query", status=400, times=99))
    with pytest.raises(GuardError, match="costs of workspace Default"):
        spent.run("poll_costs")


def test_without_a_management_key_the_run_ends_well_and_says_what_to_do(guard: Deployment) -> None:
    assert guard.run("poll_costs") == {"outcome": "no management key"}
    assert "no management key in it yet" in guard.output.warnings[0]


def test_what_analytics_lacks_is_a_warning(spent: Deployment) -> None:
    lacking = replace(spent.account.behaviour, analytics_unknown=frozenset({"cached_tokens"}))
    spent.account.behaviour = lacking
    spent.run("poll_costs")
    (line,) = spent.output.logs("costs are incomplete")
    assert "cached" in line["why"]
