"""The models on offer: read once a day, one name for each, their changes told by the poll."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import pytest

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.costs import Figures
from budget_guard.domain.offer import Model, Price
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import Workspace
from budget_guard.domain.signals.rules import SignalRules
from budget_guard.domain.signals.signal import Signal
from budget_guard.sandbox.openrouter import Account, Behaviour, Clock, Work
from budget_guard.sandbox.openrouter.in_process_costs import in_process_costs
from budget_guard.use_cases.costs.source import Models
from tests.domain.builders import DAY, HOUR, MINUTE, a_budget, seen, utc
from tests.use_cases.costs.books import Books, Charge, a_ledger, polled
from tests.use_cases.costs.fetching import ALL, fetched, on_record

NOW = utc("2026-11-18 07:20")
POLICY = Policy(
    (a_budget(owner="search"),),
    "hash-of-file",
    signals=SignalRules(unexplained=None, mix_shifted=None, unusual=None),
)


def on_offer(prompt: str, until: date | None = None) -> Models:
    """Return one model at a price in USD per million prompt tokens."""
    per_token = Decimal(prompt).scaleb(-6)
    prices = (Price("prompt", per_token), Price("completion", Decimal(0)))
    return Models((Model("acme/small", ("acme/small-2026",), prices, until),))


class Dear(Charge):
    """A request with ten million tokens."""

    @property
    def figures(self) -> Figures:
        return replace(super().figures, prompt=10**7)


def an_account(**rest: object) -> Books:
    charges = [Dear(NOW + hour * HOUR) for hour in range(-3, 60)]
    return Books(list[Charge](charges), on_offer=on_offer("2"))


def found(ledger: MemoryLedger) -> tuple[Signal, ...]:
    signals = ledger.signals()
    assert signals is not None
    return signals.found


def test_the_models_are_read_once_a_day() -> None:
    books = an_account()
    ledger, asked = a_ledger(books), list[int]()
    for minutes in (0, 15, 60, 24 * 60 - 1, 24 * 60, 24 * 60 + 15, 48 * 60):
        polled(books, ledger, NOW + minutes * MINUTE, policy=POLICY)
        asked.append(books.models_asked)
    assert asked == [1, 1, 1, 1, 2, 2, 3]


def test_a_price_that_changed_is_told_for_a_day_and_then_no_more() -> None:
    books = an_account()
    ledger, told = a_ledger(books), list[tuple[int, str]]()
    polled(books, ledger, NOW, policy=POLICY)
    books.on_offer = on_offer("3")
    for hour in range(1, 60):
        polled(books, ledger, NOW + hour * HOUR, policy=POLICY)
        told += [(hour, one.text) for one in found(ledger)]
    assert [hour for hour, _ in told] == list(range(24, 48))
    assert told[-1][1] == (
        "acme/small is dearer: prompt 2.00 -> 3.00, completion 0.00 USD per million tokens; "
        "240.00 USD a day more at the tokens of the last 24 hours; changed between 2026-11-18 "
        "07:20 and 2026-11-19 07:20 UTC; most by api 240.00 USD; owner search"
    )


def test_a_model_to_be_withdrawn_is_told_until_it_is_gone() -> None:
    books = an_account()
    books.on_offer = on_offer("2", until=date(2026, 11, 20))
    ledger = a_ledger(books)
    polled(books, ledger, NOW, policy=POLICY)
    assert [one.kind for one in found(ledger)] == [Kind.WITHDRAWN]
    books.on_offer = Models((Model("acme/other"),))
    polled(books, ledger, NOW + 2 * DAY, policy=POLICY)
    assert found(ledger) == ()


def test_nothing_is_told_of_models_where_it_is_off() -> None:
    books = an_account()
    books.on_offer = on_offer("2", until=date(2026, 11, 20))
    ledger = a_ledger(books)
    off = replace(POLICY, signals=replace(POLICY.signals, prices=None))
    polled(books, ledger, NOW, policy=off)
    assert found(ledger) == ()


def test_models_that_cannot_be_read_fail_the_run_and_keep_nothing_from_being_read() -> None:
    books = an_account()
    ledger = a_ledger(books)
    polled(books, ledger, NOW, policy=POLICY)
    first = ledger.offer()
    books.down.add("models")
    report = polled(books, ledger, NOW + DAY, policy=POLICY)
    assert report.problem == "models on offer: OpenRouter answered 503"
    assert ledger.offer() == first
    assert ledger.costs_read()["w1"].until == utc("2026-11-19 07:00")
    books.down.clear()
    books.on_offer = on_offer("3")
    assert polled(books, ledger, NOW + DAY + HOUR, policy=POLICY).problem is None
    assert [one.kind for one in found(ledger)] == [Kind.REPRICED]


def test_what_could_not_be_read_of_the_models_is_warned_of() -> None:
    books = an_account()
    books.on_offer = replace(books.on_offer, warnings=("Odd prices.",))
    assert polled(books, a_ledger(books), NOW, policy=POLICY).warnings == ("Odd prices.",)


def test_two_names_of_one_model_become_one_row() -> None:
    both = [Charge(NOW - HOUR, model=name) for name in ("acme/small", "acme/small-2026")]
    books = Books(both, on_offer=on_offer("2"))
    ledger = a_ledger(books)
    polled(books, ledger, NOW, policy=POLICY)
    (hour,) = ledger.cost_hours(NOW.date())
    assert [(one.model, one.figures.credits) for one in hour.models] == [
        ("acme/small", Decimal("0.5"))
    ]


def test_a_model_that_is_gone_keeps_its_name() -> None:
    books = Books([Charge(NOW + 2 * DAY - HOUR, model="acme/small-2026")], on_offer=on_offer("2"))
    ledger = a_ledger(books)
    polled(books, ledger, NOW, policy=POLICY)
    books.on_offer = Models((Model("acme/other"),))
    polled(books, ledger, NOW + 2 * DAY, policy=POLICY)
    (hour,) = ledger.cost_hours(NOW.date() + 2 * DAY)
    assert [one.model for one in hour.models] == ["acme/small"]


@pytest.mark.parametrize("form", ["permaslug", "name", "slug"])
def test_a_closed_day_its_hours_and_its_generations_name_a_model_alike(
    form: Literal["permaslug", "name", "slug"],
) -> None:
    behaviour = Behaviour(analytics_models=form, analytics_per_minute=None)
    account = Account(clock=Clock(NOW - HOUR), behaviour=behaviour)
    workspace, ledger = account.workspaces.default, MemoryLedger()
    key = str(account.create_key({"name": "api"})[1]["hash"])
    ledger.save(Workspace(workspace, "Default"), seen("api", workspace=workspace, hash=key))
    for model in ("anthropic/claude-sonnet-4", "openai/gpt-4.1", "sim/0.01"):
        account.spending.charge(key, Decimal(1), work=Work(model=model))
    source, day = in_process_costs(account), NOW.date()
    for wait in (HOUR, timedelta(hours=18), 6 * HOUR):
        account.clock.advance(wait)
        polled(source, ledger, account.clock.now)
        fetched(source, ledger, choice=ALL, now=account.clock.now)
    hours = {one.model for hour in ledger.cost_hours(day) for one in hour.models}
    closed = {one.model for part in ledger.cost_days(day) for one in part.rows if part.closed}
    singles = {one.served for one in on_record(ledger, account.clock.now).values()}
    names = {"anthropic/claude-sonnet-4", "openai/gpt-4.1", "sim/0.01"}
    assert (hours, closed, singles) == (names, names, names)
