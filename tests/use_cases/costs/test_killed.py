"""Killed at any call, or run twice: the next poll leaves the ledger as if nothing had been."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import cast

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.cost_spends import selection_of
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import CostSource
from tests.domain.builders import DAY, HOUR, MINUTE, a_budget, utc
from tests.simulation.guard import Killed, Switch, Watched, WatchedLedger
from tests.use_cases.costs.books import Books, Charge, a_ledger, polled

NOW = utc("2026-11-18 07:20")
KEYS = ("0a", "1b", "1c")
POLICY = Policy(
    (
        a_budget("large", models=("acme/large",), monthly=5),
        a_budget("acme", providers=("Acme",), daily=5, per_key=True),
    ),
    "hash-of-file",
)


def an_account() -> Books:
    return Books(
        [
            Charge(NOW - hours * HOUR, key, Decimal(hours), model, "Acme")
            for hours in (1, 9, 30)
            for key in (*KEYS, "#gone")
            for model in ("acme/small", "acme/large")
        ]
    )


def remembered(ledger: MemoryLedger) -> Mapping[str, object]:
    """Return all that the ledger knows of costs."""
    days = [(NOW - back * DAY).date() for back in range(3)]
    return {
        "hours": [ledger.cost_hours(day) for day in days],
        "days": [ledger.cost_days(day) for day in days],
        "read": ledger.costs_read(),
        "mixes": [ledger.day_mix(day) for day in days],
        "habits": [ledger.day_habits(day) for day in days],
        "signals": ledger.signals(),
        "spends": ledger.cost_spends(),
        "sums": [ledger.day_spends(selection_of(one, ())) for one in POLICY.budgets],
    }


def first_read(books: Books) -> MemoryLedger:
    ledger = a_ledger(books, KEYS)
    polled(books, ledger, NOW - 6 * HOUR - MINUTE, policy=POLICY)
    return ledger


def test_a_poll_killed_before_or_after_any_call_is_repaired_by_the_next() -> None:
    books = an_account()
    whole = first_read(books)
    polled(books, whole, NOW, policy=POLICY)
    deaths = 0
    for after in (False, True):
        for last in count():
            ledger = first_read(books)
            if not killed(books, ledger, last, after=after):
                break
            deaths += 1
            polled(books, ledger, NOW, policy=POLICY)
            assert remembered(ledger) == remembered(whole), (last, after)
    assert deaths > 40


def killed(books: Books, ledger: MemoryLedger, last: int, *, after: bool) -> bool:
    """Poll once, dying at a call; tell whether there was such a call."""
    switch = Switch(at=last, after=after, function="poll_costs")
    source = cast("CostSource", Watched(books, "source", switch))
    memory = cast("CostLedger", WatchedLedger(ledger, "ledger", switch))
    try:
        polled(source, memory, NOW, policy=POLICY)
    except Killed:
        return True
    return False
