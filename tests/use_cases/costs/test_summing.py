"""Days of generations summed up: always as they are on record, and told when they have expired."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import cast

import pytest

from budget_guard.adapters.ids import MemoryIds
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.costs import Figures
from budget_guard.domain.daily import DayOutcomes, Tag
from budget_guard.domain.outcomes import PerSuccess, Rate
from budget_guard.domain.sampling import Count
from budget_guard.use_cases.costs.ids import Ids
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.report import By, Period
from budget_guard.use_cases.costs.requests import requests_table
from budget_guard.use_cases.costs.source import CostSource
from budget_guard.use_cases.costs.summing import summary
from tests.domain.builders import DAY, HOUR, MINUTE
from tests.simulation.guard import Killed, Switch, Watched, WatchedLedger
from tests.use_cases.costs.books import NOW, Books, Charge, a_ledger, polled
from tests.use_cases.costs.fetching import ALL, a_charge, a_notice, fetched

TODAY = NOW.date()
YESTERDAY = (NOW - DAY).date()


def charges() -> list[Charge]:
    return [a_charge(1), a_charge(2, minutes=90), a_charge(3, minutes=60 * 20)]


def costs(ledger: CostLedger, day: date = TODAY, tag: Tag = Tag.USER) -> dict[str, Decimal]:
    found = ledger.day_tag(day, tag)
    return {one.label: one.figures.credits for one in found.rows} if found else {}


def assert_as_on_record(ledger: CostLedger, at: datetime) -> None:
    """Every day's sums are those of its generations."""
    assert not ledger.days_touched()
    for day in (TODAY, YESTERDAY):
        found, kept = summary(ledger, day), ledger.day_outcomes(day)
        assert isinstance(kept, DayOutcomes)
        assert found.outcomes(kept.at) == kept
        for one in found.tags(at):
            known = ledger.day_tag(day, one.tag)
            assert known is not None
            assert known.rows == one.rows


def test_a_poll_sums_up_the_days_whose_generations_it_wrote() -> None:
    books = Books(charges())
    ledger, ids = a_ledger(books), MemoryIds(lambda: NOW)
    polled(books, ledger)
    ids.send(a_notice("gen-1", user="ann", job="import", outcome="ok"))
    fetched(books, ledger, ids, ALL)
    assert_as_on_record(ledger, NOW)
    assert costs(ledger) == {"(not told)": Decimal("0.25"), "ann": Decimal("0.25")}
    assert costs(ledger, YESTERDAY) == {"(not told)": Decimal("0.25")}
    told = ledger.day_outcomes(TODAY)
    assert told is not None
    assert (told.fallbacks, told.per_success) == (Rate(0, 2), PerSuccess(Decimal("0.25"), 1))


def test_a_poll_without_news_writes_no_sums() -> None:
    books = Books(charges())
    ledger = a_ledger(books)
    polled(books, ledger)
    fetched(books, ledger, choice=ALL)
    switch = Switch()
    watched = cast("CostLedger", WatchedLedger(ledger, "ledger", switch))
    fetched(books, watched, choice=ALL, now=NOW + MINUTE)
    assert not [one for one in switch.calls if "Day" in one or "forget" in one]


def test_what_is_said_of_a_generation_later_changes_the_sums_of_its_day() -> None:
    books = Books(charges())
    ledger, ids = a_ledger(books), MemoryIds(lambda: NOW)
    polled(books, ledger)
    fetched(books, ledger, choice=ALL)
    ids.send(a_notice("gen-3", user="bob"))
    fetched(books, ledger, ids, ALL, NOW + HOUR)
    assert costs(ledger, YESTERDAY) == {"bob": Decimal("0.25")}
    assert_as_on_record(ledger, NOW)


def test_a_run_without_time_leaves_the_days_to_the_next() -> None:
    books = Books(charges())
    ledger = a_ledger(books)
    polled(books, ledger)
    assert not fetched(books, ledger, choice=ALL, has_time_to_look=lambda: False).is_whole
    assert [one.day for one in ledger.days_touched()] == [YESTERDAY, TODAY]
    assert costs(ledger) == {}
    assert fetched(books, ledger, choice=ALL).is_whole
    assert_as_on_record(ledger, NOW)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_run_killed_before_or_after_any_call_leaves_no_day_with_wrong_sums(
    is_first: bool,
) -> None:
    deaths = 0
    for after in (False, True):
        for last in count():
            books = Books(charges())
            ledger, ids = a_ledger(books), MemoryIds(lambda: NOW)
            polled(books, ledger)
            if not is_first:
                fetched(books, ledger, ids, ALL)
            ids.send(a_notice("gen-1", user="ann"))
            if not dies(books, ledger, ids, last, after=after):
                break
            deaths += 1
            fetched(books, ledger, ids, ALL, NOW + HOUR)
            assert_as_on_record(ledger, NOW)
    assert deaths > 40


def dies(books: Books, ledger: CostLedger, ids: Ids, last: int, *, after: bool) -> bool:
    switch = Switch(at=last, after=after, function="poll_costs")
    source = cast("CostSource", Watched(books, "source", switch))
    memory = cast("CostLedger", WatchedLedger(ledger, "ledger", switch))
    try:
        fetched(source, memory, ids, ALL)
    except Killed:
        return True
    return False


def test_a_report_of_more_days_than_generations_are_kept_for_has_them_all() -> None:
    clock = [NOW]
    ledger, books = MemoryLedger(lambda: clock[0]), Books(charges())
    ledger.save(*a_ledger(books).workspaces().values(), *a_ledger(books).observations().values())
    polled(books, ledger)
    fetched(books, ledger, choice=ALL)
    period = Period(YESTERDAY, (NOW + 60 * DAY).date())
    before = requests_table(ledger, period, By.APP)
    clock[0] += 60 * DAY
    assert not list(ledger.generations(TODAY))
    told = requests_table(ledger, period, By.APP)
    assert told == before
    assert told.on_record is not None
    assert told.on_record.exist == told.on_record.kept == Count(3, Decimal("0.75"))
    assert [one.label for one in told.lines] == ["(not told)"]
    assert told.total == Figures(Decimal("0.75"), requests=3, prompt=300, completion=30)


def test_the_sums_of_a_day_are_not_taken_from_what_is_left_of_its_generations() -> None:
    clock = [NOW]
    ledger, books = MemoryLedger(lambda: clock[0]), Books(charges())
    ledger.save(*a_ledger(books).workspaces().values(), *a_ledger(books).observations().values())
    polled(books, ledger)
    fetched(books, ledger, choice=ALL)
    before = ledger.day_tag(TODAY, Tag.USER)
    clock[0] = NOW + 35 * DAY
    ids = MemoryIds(lambda: clock[0])
    ids.send(a_notice("gen-1", clock[0], user="ann"))
    fetched(books, ledger, ids, None, clock[0])
    assert ledger.day_tag(TODAY, Tag.USER) == before
    assert not ledger.days_touched()
