"""How the commands show budgets on models and providers: how far that is known, and that they alert."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.cost_spends import CostSpend, Counted, Spender, terms_of
from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import start
from tests.cli.desk import BUDGETS, DAILY, MONTHLY, Office, flat, golden

CLAUDE = Budget(
    "claude",
    {DAILY: Decimal(20), MONTHLY: Decimal(3000)},
    owner="ai-platform",
    models=("anthropic/*",),
)
SERVED = Budget("served", {DAILY: Decimal(4)}, keys=("dev-*",), providers=("Azure",), per_key=True)


def spend(office: Office, budget: Budget, usd: str, *keys: tuple[str, str]) -> CostSpend:
    """Return what a budget spent in each window, as read till the last full hour."""
    spenders = tuple(Spender(office.hash(key), Decimal(spent), Decimal(1)) for key, spent in keys)
    windows = tuple(
        Counted(window, start(window, office.now), Decimal(usd), Decimal(2), spenders)
        for window in budget.cap
    )
    since, until = office.now - timedelta(days=28), office.now.replace(minute=0)
    return CostSpend(budget.name, terms_of(budget, ()), office.now, since, until, windows)


def read(*, columns: int = 80, budgets: tuple[Budget, ...] = (*BUDGETS, CLAUDE, SERVED)) -> Office:
    """Return an office whose costs were read minutes ago."""
    office = Office(budgets=budgets, columns=columns)
    office.guard.cycle()
    office.spend("prod-api", "30")
    office.cycle()
    office.ledger.save(
        spend(office, CLAUDE, "18.40", ("prod-api", "18"), ("dev-ann", "0.4")),
        spend(office, SERVED, "5.5", ("dev-bob", "4.1"), ("dev-ann", "1.4")),
    )
    office.cycle()
    return office


@pytest.mark.parametrize("columns", [80, 120])
def test_status_shows_how_much_of_each_and_how_far_that_is_known(columns: int) -> None:
    office = read(columns=columns)
    result = office.run("status")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= columns
    golden(f"status-models-{columns}.txt", result.stdout, office)


def test_what_is_not_known_is_not_shown_as_nothing() -> None:
    office = Office(budgets=(*BUDGETS, CLAUDE))
    office.guard.cycle()
    claude = json.loads(office.run("status", "--json").stdout)["budgets"][-1]
    assert claude["note"] == "8 keys, alerts only, on anthropic/*, not known yet"
    cap = claude["caps"][0]
    assert (cap["spent"], cap["fraction"], cap["state"]) == (None, None, "unknown")
    assert claude["keys"] == 8


def test_what_was_known_hours_ago_is_stale_and_says_of_when_it_is() -> None:
    office = read()
    office.pass_(5 * 60)
    office.guard.cycle()
    shown = json.loads(office.run("status", "--json").stdout)["budgets"][-1]
    assert [one["state"] for one in shown["caps"]] == ["at 100 %", "stale"]
    assert "known until 09:00 UTC" in shown["note"]


def test_status_of_a_key_tells_of_them_too() -> None:
    shown = flat(read().run("status", "dev-bob").stdout)
    assert "served: 4.10 of 4.00 USD today, at 100 %, costs known until 09:00 UTC" in shown
    assert "claude: 18.40 of 3000.00 USD this month, ok, costs known until 09:00 UTC" in shown


def test_explain_says_that_they_only_alert() -> None:
    shown = flat(read().run("explain", "dev-bob").stdout)
    assert (
        "served: 4.10 of 4.00 USD today, 102 %, costs known until 09:00 UTC; it only alerts"
        in shown
    )


def test_a_key_in_no_other_budget_is_in_none_that_holds_keys() -> None:
    office = Office(budgets=(replace(CLAUDE, keys=("dev-ann",)),))
    office.guard.cycle()
    told = flat(office.run("status", "dev-ann").stdout)
    assert "Not held: it is in no budget that holds keys" in told
    assert "claude: an unknown part of 20.00 USD today, unknown; resets" in told
    assert "it is in no budget" in flat(office.run("explain", "dev-bob").stdout)


def test_a_grant_lifts_their_caps_and_says_so() -> None:
    office = read()
    shown = flat(office.run("grant", "claude", "20", "--for", "4h", "--reason", "launch").stdout)
    assert "today: 20.00 -> 40.00 USD, 21.60 left until 00:00 UTC" in shown
    cap = json.loads(office.run("status", "--json").stdout)["budgets"][3]["caps"][0]
    assert (cap["cap"], cap["state"]) == ("40", "ok")


def test_a_plan_has_no_step_for_them() -> None:
    office = read()
    before = json.loads(office.run("plan", "--json").stdout)
    assert all(one["budget"] not in ("claude", "served") for one in before["steps"])
