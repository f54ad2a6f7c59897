"""Killed at any call, or run twice: the next poll leaves the ledger as if nothing had been."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import cast

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.cost_spends import selection_of
from budget_guard.domain.offer import Model, Price
from budget_guard.domain.policy import Policy
from budget_guard.domain.signals.signal import Signals
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import CostSource, Models
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
        "offer": ledger.offer(),
    }


def first_read(books: Books) -> MemoryLedger:
    ledger = a_ledger(books, KEYS)
    polled(books, ledger, NOW - 6 * HOUR - MINUTE, policy=POLICY)
    return ledger


def dearer(books: Books) -> None:
    """Let the models be listed with another price: whoever reads them next learns of it."""
    after = (Price("prompt", Decimal("0.5")), Price("completion", Decimal(1)))
    books.on_offer = Models((Model("acme/small", ("Acme: Small",), after),))


def test_a_poll_that_learns_of_prices_is_repaired_wherever_it_was_killed() -> None:
    books, later = an_account(), NOW + 19 * HOUR
    books.charges += [Charge(later - HOUR, KEYS[0], model="Acme: Small")]
    before = (Price("prompt", Decimal("0.1")), Price("completion", Decimal(1)))
    results = list[Mapping[str, object]]()
    for last in count(-1):
        books.on_offer = Models((Model("acme/small", ("Acme: Small",), before),))
        ledger = first_read(books)
        dearer(books)
        if last >= 0 and not killed(books, ledger, last, after=bool(last % 2), now=later):
            break
        polled(books, ledger, later, policy=POLICY)
        results.append(remembered(ledger))
    signals = results[0]["signals"]
    assert isinstance(signals, Signals)
    assert [one.kind for one in signals.found] == [Kind.REPRICED]
    assert len(results) > 20
    assert all(one == results[0] for one in results)


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


def killed(
    books: Books, ledger: MemoryLedger, last: int, *, after: bool, now: datetime = NOW
) -> bool:
    """Poll once, dying at a call; tell whether there was such a call."""
    switch = Switch(at=last, after=after, function="poll_costs")
    source = cast("CostSource", Watched(books, "source", switch))
    memory = cast("CostLedger", WatchedLedger(ledger, "ledger", switch))
    try:
        polled(source, memory, now, policy=POLICY)
    except Killed:
        return True
    return False
