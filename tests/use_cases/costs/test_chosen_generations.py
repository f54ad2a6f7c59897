"""Generations that the budgets file chooses: fetched once, and what is not fetched is counted."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.choices import Above, OneIn
from budget_guard.domain.costs import CostsRead
from budget_guard.domain.errors import ProviderConfusing, ProviderError
from budget_guard.domain.sampling import Count, coverage
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import Offered, Single
from tests.domain.builders import DAY, HOUR, MINUTE, utc
from tests.domain.generations import strata_of
from tests.simulation.guard import Switch, WatchedLedger
from tests.use_cases.costs.books import DOWN, NOW, Books, Charge, a_ledger, know, not_found, polled
from tests.use_cases.costs.fetching import ALL, a_charge, fetched, on_record, sampled

FIVE_CENTS = Above(Decimal("0.05"))
DEAR, CHEAP = a_charge(1, "0.06"), a_charge(2, "0.05")


def test_what_cost_more_is_fetched_once_with_its_key_and_its_tools() -> None:
    books = Books([DEAR, CHEAP])
    ledger = a_ledger(books)
    assert fetched(books, ledger, choice=FIVE_CENTS).chosen == 1
    (one,) = on_record(ledger).values()
    assert (one.id, one.key, one.tools) == ("gen-1", "#api", Decimal(0))
    fetched(books, ledger, choice=FIVE_CENTS, now=NOW + MINUTE)
    assert books.fetched == ["gen-1"]


def test_what_is_not_fetched_is_counted_by_the_hour() -> None:
    books = Books([DEAR, CHEAP, a_charge(3, "0.01", 90)])
    ledger = a_ledger(books)
    polled(books, ledger)
    fetched(books, ledger, choice=FIVE_CENTS)
    before, last = sampled(ledger)
    assert (before.hour, last.hour) == (utc("2026-11-18 10:00"), utc("2026-11-18 11:00"))
    assert (before.exist, before.chosen) == (Count(1, Decimal("0.01")), Count())
    assert last.exist == Count(2, Decimal("0.11"))
    assert last.chosen == last.kept == Count(1, Decimal("0.06"))
    assert coverage(
        strata_of(sampled(ledger), on_record(ledger).values(), lambda one: one.cost)
    ) == (
        Count(3, Decimal("0.12")),
        Count(1, Decimal("0.06")),
    )


def test_none_are_fetched_where_the_file_says_so_and_all_are_counted() -> None:
    books = Books([DEAR, CHEAP])
    ledger = a_ledger(books)
    polled(books, ledger)
    books.asked.clear()
    assert fetched(books, ledger).is_whole
    assert (books.asked, books.fetched) == ([], [])
    (hour,) = sampled(ledger)
    assert (hour.exist.number, hour.chosen, hour.choice) == (2, Count(), None)


def test_one_in_n_are_those_that_their_ids_choose() -> None:
    charges = [a_charge(number) for number in range(200)]
    books = Books(charges)
    ledger = a_ledger(books)
    fetched(books, ledger, choice=OneIn(10))
    chosen = [one.id for one in charges if OneIn(10).takes(one.id, one.cost)]
    assert sorted(on_record(ledger)) == sorted(chosen)
    assert 10 < len(chosen) < 40


@given(
    st.lists(st.integers(0, 200).map(Decimal), max_size=60),
    st.sampled_from([ALL, FIVE_CENTS, OneIn(3)]),
    st.integers(3, 12),
)
def test_answers_that_are_cut_are_narrowed_until_all_that_is_chosen_is_there(
    costs: list[Decimal], choice: Above | OneIn, most: int
) -> None:
    charges = [
        Charge(NOW - (1 + 4 * n) * MINUTE, "#api", cost / 1000, id=f"gen-{n}")
        for n, cost in enumerate(costs)
    ]
    books = Books(charges, most=most)
    ledger = a_ledger(books)
    assert fetched(books, ledger, choice=choice).is_whole
    wanted = {one.id for one in charges if choice.takes(one.id, one.cost)}
    assert set(on_record(ledger)) == wanted
    assert len(books.fetched) == len(wanted)


def test_an_answer_that_is_cut_below_what_is_wanted_is_enough() -> None:
    books = Books([DEAR, *(a_charge(number, "0.01") for number in range(2, 50))], most=10)
    ledger = a_ledger(books)
    fetched(books, ledger, choice=FIVE_CENTS)
    assert list(on_record(ledger)) == ["gen-1"]
    spans = {(one.begins, one.ends) for one in books.asked}
    assert len(books.asked) == len(spans) == 9


def test_a_minute_with_too_many_to_list_is_named_and_what_is_listed_is_fetched() -> None:
    at = utc("2026-11-18 11:30")
    books = Books(
        [Charge(at, id=f"gen-{number}") for number in range(9)], most=5, ends_inclusive=False
    )
    ledger = a_ledger(books)
    report = fetched(books, ledger, choice=ALL)
    assert len(on_record(ledger)) == 5
    assert (
        "Of the minute 2026-11-18 11:30 UTC analytics lists only the dearest" in report.warnings[0]
    )


def test_two_keys_of_one_name_are_told_apart() -> None:
    charges = [a_charge(1, key="#one"), a_charge(2, key="#two"), a_charge(3, key="#gone")]
    books = Books(charges, names={"#one": "api", "#two": "api"})
    ledger = a_ledger(books, ["#one", "#two"])
    fetched(books, ledger, choice=ALL)
    found = on_record(ledger)
    assert {name: one.key for name, one in found.items()} == {
        "gen-1": "#one",
        "gen-2": "#two",
        "gen-3": "?gone",
    }
    know(ledger, books, ["#gone"])
    fetched(books, ledger, choice=ALL)
    assert on_record(ledger)["gen-3"].key == "#gone"


@pytest.mark.parametrize("error", [DOWN, not_found("gen-1"), ProviderConfusing("no usage")])
def test_what_cannot_be_fetched_is_tried_again_for_a_day_and_is_counted(
    error: ProviderError,
) -> None:
    books = Books([DEAR, a_charge(2, "1", 400)])
    ledger = a_ledger(books)
    books.refused["gen-1"] = error
    for hours in (0, 6, 12):
        fetched(books, ledger, choice=FIVE_CENTS, now=NOW + hours * HOUR)
    assert sorted(books.fetched) == ["gen-1"] * 3 + ["gen-2"]
    (_, hour) = sampled(ledger)
    assert (hour.chosen.number, hour.kept) == (1, Count())
    for hours in (40, 41):
        fetched(books, ledger, choice=FIVE_CENTS, now=NOW + hours * HOUR)
    assert len(books.fetched) == 5


def test_what_could_be_fetched_at_last_is_on_record() -> None:
    books = Books([DEAR], refused={"gen-1": DOWN})
    ledger = a_ledger(books)
    fetched(books, ledger, choice=FIVE_CENTS)
    books.refused.clear()
    fetched(books, ledger, choice=FIVE_CENTS, now=NOW + 12 * HOUR)
    assert list(on_record(ledger)) == ["gen-1"]
    (hour,) = sampled(ledger)
    assert hour.kept == hour.chosen


def test_a_run_without_time_goes_on_next_time_and_fetches_nothing_twice() -> None:
    charges = [a_charge(number, minutes=1 + 5 * number) for number in range(200)]
    books = Books(charges)
    ledger = a_ledger(books)
    for time in range(1, 40):
        left = iter([True] * time)
        report = fetched(books, ledger, choice=ALL, has_time_to_choose=partial(next, left, False))
    assert report.is_whole
    assert len(books.fetched) == len(on_record(ledger)) == 200


def test_the_first_run_reads_a_day_and_later_ones_what_may_be_late() -> None:
    books = Books([a_charge(1, minutes=60 * 23), a_charge(2, minutes=60 * 26)])
    ledger = a_ledger(books)
    fetched(books, ledger, choice=ALL)
    assert list(on_record(ledger)) == ["gen-1"]
    books.asked.clear()
    fetched(books, ledger, choice=ALL, now=NOW + 15 * MINUTE)
    (question,) = books.asked
    assert question.begins == utc("2026-11-18 10:00")
    assert question.axis is Single.GENERATION


def test_a_workspace_outside_of_the_scope_is_not_asked_about() -> None:
    books = Books([DEAR])
    fetched(books, a_ledger(books), choice=ALL, scope=("w2",))
    assert not books.asked


def test_after_a_pause_of_days_nothing_is_left_out() -> None:
    books = Books([a_charge(1)])
    ledger = a_ledger(books)
    fetched(books, ledger, choice=ALL)
    books.charges += [a_charge(n, minutes=-1440 * n) for n in (2, 3, 4)]
    fetched(books, ledger, choice=ALL, now=NOW + 5 * DAY)
    assert sorted(books.fetched) == ["gen-1", "gen-2", "gen-3", "gen-4"]


def test_a_workspace_that_fails_keeps_no_other_from_being_read() -> None:
    books = Books([DEAR, Charge(NOW - HOUR, "#b", workspace="w2", id="gen-2")], down={"w1"})
    ledger = a_ledger(books)
    know(ledger, books, ["#b"], "w2")
    report = fetched(books, ledger, choice=FIVE_CENTS)
    assert report.problem == "generations of workspace w1-name: OpenRouter answered 503"
    assert not report.is_whole
    assert list(on_record(ledger)) == ["gen-2"]


def test_where_analytics_lists_no_generations_nothing_is_asked() -> None:
    books = Books([DEAR], offers=Offered(frozenset(), singles=False))
    report = fetched(books, a_ledger(books), choice=ALL)
    assert not books.asked
    assert not report.is_whole


def test_where_none_can_be_listed_those_that_exist_are_counted_all_the_same() -> None:
    books = Books([DEAR])
    ledger = a_ledger(books)
    polled(books, ledger)
    books.offers = Offered(frozenset(), singles=False)
    fetched(books, ledger, choice=ALL)
    (hour,) = sampled(ledger)
    assert (hour.exist.number, hour.choice, hour.chosen) == (1, None, Count())


def test_each_workspace_is_counted_for_itself() -> None:
    books = Books([DEAR, a_charge(2, "2")._replace(workspace="w2", key="#b")])
    ledger = a_ledger(books)
    know(ledger, books, ["#b"], "w2")
    polled(books, ledger)
    fetched(books, ledger, choice=ALL)
    assert [(one.workspace, one.exist.usd, one.kept.usd) for one in sampled(ledger)] == [
        ("w1", Decimal("0.06"), Decimal("0.06")),
        ("w2", Decimal(2), Decimal(2)),
    ]


def test_hours_that_were_not_read_yet_are_counted_when_they_are() -> None:
    books = Books([DEAR, a_charge(2, "1", 900)])
    ledger = a_ledger(books)
    ledger.save(CostsRead("w1", NOW - 28 * DAY, utc("2026-11-17 16:00"), NOW))
    fetched(books, ledger, choice=ALL)
    assert not [one for one in sampled(ledger) if one.exist.number]
    polled(books, ledger, NOW + HOUR)
    fetched(books, ledger, choice=ALL, now=NOW + HOUR)
    assert [one.exist.number for one in sampled(ledger)] == [1, 1]


def test_a_poll_repeated_changes_nothing() -> None:
    books = Books([DEAR, CHEAP, a_charge(3, "2", 60 * 20)], warnings=("a warning",))
    ledger = a_ledger(books)
    polled(books, ledger)
    assert fetched(books, ledger, choice=ALL).warnings == ("a warning",)
    before = on_record(ledger), sampled(ledger)
    switch = Switch()
    watched = cast("CostLedger", WatchedLedger(ledger, "ledger", switch))
    fetched(books, watched, choice=ALL, now=NOW + timedelta(seconds=1))
    assert (on_record(ledger), sampled(ledger)) == before
    assert {one for one in switch.calls if "save(" in one and "Read" not in one} == {
        ": ledger.save()"
    }
    assert len(books.fetched) == 3


def test_another_choice_from_now_on_is_told_of_the_hours_it_was_made_in() -> None:
    books = Books([a_charge(1, minutes=300), a_charge(2)])
    ledger = a_ledger(books)
    fetched(books, ledger, choice=ALL)
    fetched(books, ledger, choice=OneIn(1000), now=NOW + MINUTE)
    assert [one.choice for one in sampled(ledger)] == [ALL, OneIn(1000)]
    assert not [one for one in sampled(ledger) if one.hour > NOW]
    assert len(on_record(ledger, NOW + DAY)) == 2
