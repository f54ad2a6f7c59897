"""Costs by whatever people ask for: every dollar once, hours and closed days together."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.costs import value
from budget_guard.domain.deployed import Deployed
from budget_guard.domain.policy import Costs, Policy
from budget_guard.domain.premium import Premium
from budget_guard.use_cases.costs.report import By, CostTable, Period, cost_table, share
from tests.domain.builders import DAY, HOUR, a_budget, utc
from tests.use_cases.costs.books import Books, Charge, a_ledger, know, polled

TODAY = date(2026, 11, 18)
NOW = utc("2026-11-18 12:20")
WEEK = Period(TODAY - timedelta(days=6), TODAY)


def told(table: CostTable) -> dict[str, Decimal]:
    return {line.label: line.figures.credits for line in table.lines}


def a_week() -> tuple[Books, MemoryLedger]:
    books = Books(
        [
            Charge(NOW - HOUR, "#api", Decimal(3), "acme/large", "Acme"),
            Charge(NOW - DAY, "#api", Decimal(1), "acme/small", "Beta"),
            Charge(NOW - 2 * DAY, "#job", Decimal(2), "acme/small", "Acme"),
            Charge(NOW - 3 * DAY, "#gone", Decimal("0.5"), "acme/small", "Acme"),
            Charge(NOW - 8 * DAY, "#api", Decimal(2), "acme/small", "Acme"),
        ]
    )
    ledger = a_ledger(books, ["#api", "#job"])
    budgets = (a_budget("apis", keys="a*", owner="search"), a_budget("all", owner=None))
    ledger.save(Deployed(Policy(budgets, "hash"), NOW))
    for moment in (NOW - 6 * HOUR, NOW):
        polled(books, ledger, moment)
    return books, ledger


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        (By.KEY, {"api": 4, "job": 2, "gone": Decimal("0.5")}),
        (By.OWNER, {"search": 4, "(no owner)": Decimal("2.5")}),
        (By.MODEL, {"acme/small": Decimal("3.5"), "acme/large": 3}),
        (By.PROVIDER, {"Acme": Decimal("5.5"), "Beta": 1}),
        (
            By.DAY,
            {"2026-11-15": Decimal("0.5"), "2026-11-16": 2, "2026-11-17": 1, "2026-11-18": 3},
        ),
    ],
)
def test_costs_are_told_by_each(by: By, lines: dict[str, Decimal]) -> None:
    _, ledger = a_week()
    table = cost_table(ledger, WEEK, by)
    assert told(table) == lines
    assert list(told(table)) == list(lines)
    assert table.total.credits == Decimal("6.5")


@pytest.mark.parametrize("by", [one for one in By if not one.is_of_requests])
def test_what_premium_models_took_is_told_whatever_it_is_told_by(by: By) -> None:
    _, ledger = a_week()
    usd = Decimal(20_000)
    ledger.save(Deployed(Policy((), "hash", costs=Costs(premium_above=usd)), NOW))
    table = cost_table(ledger, WEEK, by)
    assert table.premium == Premium(usd, Decimal(3), Decimal("6.5"))
    assert table.premium_before == Premium(usd, Decimal(0), Decimal(2))


def test_each_line_has_its_share_and_what_it_was_before() -> None:
    _, ledger = a_week()
    table = cost_table(ledger, WEEK, By.KEY)
    api = table.lines[0]
    assert share(api, table) == Decimal(4) / Decimal("6.5")
    assert api.before.credits == 2
    assert table.before.credits == 2
    assert api.key == "#api"


def test_a_table_says_how_far_it_goes() -> None:
    _, ledger = a_week()
    table = cost_table(ledger, WEEK, By.DAY)
    assert table.read_until == utc("2026-11-18 12:00")
    assert table.closed_until == TODAY


def test_nothing_read_yet_is_said_and_is_not_zero_costs() -> None:
    table = cost_table(MemoryLedger(), WEEK, By.DAY)
    assert table.read_until is None
    assert table.lines == ()


def test_a_workspace_that_is_behind_holds_back_how_far_all_goes() -> None:
    books, ledger = a_week()
    know(ledger, books, ["#other"], "w2")
    books.down.add("w1")
    polled(books, ledger, NOW + 3 * HOUR)
    assert cost_table(ledger, WEEK, By.DAY).read_until == utc("2026-11-18 12:00")


@given(
    st.lists(
        st.builds(
            Charge,
            at=st.integers(1, 9 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
            key=st.sampled_from(["0a", "0b", "#gone"]),
            cost=st.integers(1, 10**7).map(lambda micro: Decimal(micro).scaleb(-6)),
            model=st.sampled_from(["acme/small", "acme/large"]),
            provider=st.sampled_from(["Acme", "Beta"]),
            workspace=st.just("w1"),
        ),
        max_size=30,
    ),
    st.sampled_from([one for one in By if not one.is_of_requests]),
)
def test_every_dollar_is_told_once_whether_its_day_is_closed_or_not(
    charges: list[Charge], by: By
) -> None:
    books = Books(charges)
    ledger = a_ledger(books, ["0a", "0b"])
    for hours in (7, 1, 0):
        polled(books, ledger, NOW - hours * HOUR)
    table = cost_table(ledger, Period(TODAY - timedelta(days=9), TODAY), by)
    assert sum(told(table).values()) == sum(one.cost for one in charges)
    assert value(table.total) == sum(one.cost for one in charges)
