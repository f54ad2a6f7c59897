"""Completed days: closed when activity has said the same twice, six hours apart."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.errors import KeyGone, ProviderRejected
from budget_guard.domain.keys import Spent
from budget_guard.domain.money import Usd
from budget_guard.domain.observations import HourMark
from tests.domain.builders import DAY, HOUR, MINUTE, seen, utc
from tests.use_cases.costs.books import Books, Charge, a_ledger, polled

DAY_BEFORE = date(2026, 11, 17)
NOON = utc("2026-11-17 12:00")
MIDNIGHT = utc("2026-11-18 00:00")
FIRST, SECOND = MIDNIGHT + HOUR, MIDNIGHT + 7 * HOUR


def closed(ledger: MemoryLedger, day: date = DAY_BEFORE) -> dict[str, Usd]:
    """Return the USD of each key in the closed parts of a day."""
    return {
        row.key: row.figures.credits
        for one in ledger.cost_days(day)
        if one.closed
        for row in one.rows
        if row.model
    }


def at_each(books: Books, ledger: MemoryLedger, *moments: datetime) -> None:
    for moment in moments:
        polled(books, ledger, moment)


def test_a_day_is_closed_by_two_equal_reads_six_hours_apart() -> None:
    books = Books([Charge(NOON)])
    ledger = a_ledger(books)
    at_each(books, ledger, FIRST - MINUTE)
    assert not books.activity_asked
    at_each(books, ledger, FIRST, SECOND - MINUTE)
    assert len(books.activity_asked) == 1
    assert not closed(ledger)
    at_each(books, ledger, SECOND)
    assert closed(ledger) == {"#api": Decimal("0.25")}


def test_a_closed_day_is_not_read_again() -> None:
    books = Books([Charge(NOON)])
    ledger = a_ledger(books)
    at_each(books, ledger, FIRST, SECOND, SECOND + HOUR, SECOND + DAY)
    assert len([day for _, day in books.activity_asked if day == DAY_BEFORE]) == 2


def test_a_day_whose_costs_still_grow_stays_open_until_they_rest() -> None:
    late = Charge(NOON, cost=Decimal(2))
    books = Books([Charge(NOON), late], hides={late})
    ledger = a_ledger(books)
    at_each(books, ledger, FIRST)
    books.hides.clear()
    at_each(books, ledger, SECOND)
    assert not closed(ledger)
    at_each(books, ledger, SECOND + 6 * HOUR)
    assert closed(ledger) == {"#api": Decimal("2.25")}


def test_of_a_key_that_nobody_knows_a_day_has_what_the_hours_said() -> None:
    books = Books([Charge(NOON, "#gone")])
    ledger = a_ledger(books)
    at_each(books, ledger, FIRST, SECOND)
    assert closed(ledger) == {"?gone": Decimal("0.25")}


def test_a_key_that_only_the_counters_saw_spend_is_asked_about() -> None:
    books = Books()
    ledger = a_ledger(books)
    mark = HourMark(NOON, Spent(Decimal(9)))
    ledger.save(replace(seen("api"), hours=(mark,)))
    books.charges.append(Charge(NOON, workspace="elsewhere"))
    at_each(books, ledger, FIRST, SECOND)
    assert closed(ledger) == {"#api": Decimal("0.25")}


def test_a_key_that_is_refused_leaves_its_part_open_and_the_others_are_read() -> None:
    books = Books([Charge(NOON), Charge(NOON, "0f"), Charge(NOON - DAY)], down={"#api"})
    books.failure = ProviderRejected("GET /activity was refused", status=400)
    ledger = a_ledger(books, ["#api", "0f"])
    told = "costs of completed days: GET /activity was refused"
    assert polled(books, ledger, FIRST).problem == told
    at_each(books, ledger, SECOND)
    assert closed(ledger) == {"0f": Decimal("0.25")}
    books.down.clear()
    at_each(books, ledger, SECOND + MINUTE, SECOND + 6 * HOUR + MINUTE)
    assert closed(ledger) == {"#api": Decimal("0.25"), "0f": Decimal("0.25")}


def test_nothing_more_is_asked_while_activity_does_not_answer() -> None:
    books = Books([Charge(NOON), Charge(NOON, "0f")], down={"#api"})
    ledger = a_ledger(books, ["#api", "0f"])
    report = polled(books, ledger, FIRST)
    assert report.problem == "costs of completed days: OpenRouter answered 503"
    assert len(books.activity_asked) == 1


def test_of_a_key_that_activity_does_not_know_any_more_a_day_has_what_the_hours_said() -> None:
    books = Books([Charge(NOON)], down={"#api"}, failure=KeyGone("GET /activity: 404"))
    ledger = a_ledger(books)
    at_each(books, ledger, FIRST, SECOND)
    assert closed(ledger) == {"#api": Decimal("0.25")}


def test_a_day_without_costs_is_closed_without_a_question() -> None:
    books = Books()
    ledger = a_ledger(books)
    assert polled(books, ledger, SECOND - MINUTE).days == 29
    assert polled(books, ledger, SECOND).days == 1
    assert not books.activity_asked


def test_days_that_were_missed_are_read_when_the_guard_is_back() -> None:
    books = Books([Charge(NOON - 20 * DAY)])
    ledger = a_ledger(books)
    at_each(books, ledger, SECOND, SECOND + 6 * HOUR)
    assert closed(ledger, (NOON - 20 * DAY).date()) == {"#api": Decimal("0.25")}


def test_a_run_without_time_leaves_the_rest_of_a_day_to_the_next() -> None:
    books = Books([Charge(NOON, "0a"), Charge(NOON, "0b")])
    ledger = a_ledger(books, ["0a", "0b"])
    at_each(books, ledger, FIRST)
    books.activity_asked.clear()
    a_span_a_day_and_a_part = iter([True] * 3 + [False] * 9)
    polled(books, ledger, SECOND, has_time=lambda: next(a_span_a_day_and_a_part))
    assert closed(ledger).keys() == {"0a"}
    at_each(books, ledger, SECOND)
    assert closed(ledger).keys() == {"0a", "0b"}
