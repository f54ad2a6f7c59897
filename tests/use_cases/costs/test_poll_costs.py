"""`poll_costs`: what was spent on what, read whole or not at all, the same however often."""

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import CostHour, Figures
from budget_guard.domain.money import Usd
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.costs.source import Offered
from tests.domain.builders import DAY, HOUR, MINUTE, utc
from tests.use_cases.costs.books import NOW, Books, Charge, a_ledger, know, polled

MIDNIGHT = utc("2026-11-18 00:00")


def hours(ledger: MemoryLedger, now: datetime = NOW, days: int = 32) -> list[CostHour]:
    return [hour for back in range(days) for hour in ledger.cost_hours((now - back * DAY).date())]


def spent(ledger: MemoryLedger, axis: Axis = Axis.MODEL) -> dict[tuple[datetime, str, str], Usd]:
    """Return the USD of each hour, key and label."""
    found: dict[tuple[datetime, str, str], Usd] = {}
    for hour in hours(ledger):
        for one in hour.models if axis is Axis.MODEL else hour.providers:
            place = (hour.hour, one.key, one.model or one.provider or "")
            assert place not in found
            found[place] = one.figures.credits
    return found


def test_the_first_poll_reads_four_weeks_and_later_ones_the_last_hours() -> None:
    books = Books([Charge(NOW - 27 * DAY), Charge(NOW - MINUTE)])
    ledger = a_ledger(books)
    assert polled(books, ledger).is_whole
    assert len(spent(ledger)) == 2
    books.asked.clear()
    assert polled(books, ledger, NOW + HOUR).hours == 0
    assert {one.begins for one in books.asked} == {utc("2026-11-18 10:00")}


def test_a_charge_that_analytics_learns_of_two_hours_late_is_counted() -> None:
    books = Books([Charge(NOW - MINUTE)])
    ledger = a_ledger(books)
    polled(books, ledger)
    books.charges.append(Charge(NOW - 2 * HOUR))
    polled(books, ledger, NOW + MINUTE)
    assert sum(spent(ledger).values()) == Decimal("0.50")


charges = st.lists(
    st.builds(
        Charge,
        at=st.integers(1, 60 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        key=st.sampled_from(["#api", "#batch", "#twin", "#gone"]),
        cost=st.integers(1, 10**7).map(lambda micro: Decimal(micro).scaleb(-6)),
        model=st.sampled_from(["acme/small", "acme/large"]),
        provider=st.sampled_from(["Acme", "Beta"]),
        workspace=st.just("w1"),
    ),
    max_size=40,
)


@given(charges=charges, most=st.integers(8, 30), inclusive=st.booleans())
def test_the_sums_by_hour_key_model_and_provider_are_the_truth(
    charges: list[Charge], most: int, inclusive: bool
) -> None:
    twins = {"#api": "api", "#twin": "api"}
    books = Books(charges, names=twins, most=most, ends_inclusive=inclusive)
    ledger = a_ledger(books, ["#api", "#batch", "#twin"])
    polled(books, ledger)

    def place(one: Charge, label: str) -> tuple[datetime, str, str]:
        key = "?gone" if one.key == "#gone" else one.key
        return one.at.replace(minute=0, second=0), key, label

    assert spent(ledger) == books.spent(lambda one: place(one, one.model))
    assert spent(ledger, Axis.PROVIDER) == books.spent(lambda one: place(one, one.provider))


@given(charges=charges)
def test_a_poll_repeated_changes_nothing(charges: list[Charge]) -> None:
    books = Books(charges)
    ledger = a_ledger(books, ["#api", "#batch", "#twin"])
    polled(books, ledger)
    before = hours(ledger)
    assert polled(books, ledger).hours == 0
    assert hours(ledger) == before


def test_an_hour_with_more_rows_than_an_item_takes_is_kept_in_parts() -> None:
    charges = [Charge(NOW - MINUTE, model=f"acme/{number:04}") for number in range(4500)]
    books = Books(charges)
    ledger = a_ledger(books)
    polled(books, ledger)
    assert [len(one.models) for one in hours(ledger)] == [2000, 2000, 500]
    assert len(spent(ledger)) == 4500


def test_an_answer_that_is_cut_even_for_a_minute_is_told_and_nothing_of_it_is_counted() -> None:
    minute = NOW - HOUR
    rows = [Charge(minute, model=f"acme/{number}") for number in range(9)]
    books = Books(rows, most=8, ends_inclusive=False)
    ledger = a_ledger(books)
    report = polled(books, ledger)
    assert not spent(ledger)
    assert not report.is_whole
    assert report.problem is not None
    assert "cut its answer about the minute 2026-11-18 11:20 UTC" in report.problem
    books.most = 9
    assert polled(books, ledger, NOW + HOUR).is_whole
    assert len(spent(ledger)) == 9


def test_what_two_keys_of_one_name_spent_is_told_apart() -> None:
    books = Books(
        [Charge(NOW - MINUTE, "#one"), Charge(NOW - MINUTE, "#two", Decimal(3))],
        names={"#one": "api", "#two": "api"},
    )
    ledger = a_ledger(books, ["#one", "#two"])
    polled(books, ledger)
    assert {key: usd for (_, key, _), usd in spent(ledger).items()} == {
        "#one": Decimal("0.25"),
        "#two": Decimal(3),
    }


def test_what_none_of_the_keys_of_a_shared_name_spent_stays_under_the_name() -> None:
    names = dict.fromkeys(["#one", "#two", "#deleted"], "api")
    books = Books([Charge(NOW - MINUTE, "#one"), Charge(NOW - MINUTE, "#deleted")], names=names)
    ledger = a_ledger(books, ["#one", "#two"])
    polled(books, ledger)
    assert {key for _, key, _ in spent(ledger)} == {"#one", "?api"}
    assert sum(spent(ledger).values()) == Decimal("0.50")


def test_a_name_that_is_known_later_is_not_counted_twice() -> None:
    books = Books([Charge(NOW - MINUTE, "#new")])
    ledger = a_ledger(books)
    polled(books, ledger)
    assert {key for _, key, _ in spent(ledger)} == {"?new"}
    know(ledger, books, ["#new"])
    polled(books, ledger, NOW + MINUTE)
    assert {key for _, key, _ in spent(ledger)} == {"#new"}


def test_a_workspace_that_fails_keeps_what_was_known_and_the_others_are_read() -> None:
    books = Books([Charge(NOW - HOUR), Charge(NOW - HOUR, "#other", workspace="w2")])
    ledger = a_ledger(books)
    know(ledger, books, ["#other"], "w2")
    polled(books, ledger)
    books.down.add("w1")
    books.charges.append(Charge(NOW, "#other", workspace="w2"))
    report = polled(books, ledger, NOW + MINUTE)
    assert report.problem == "costs of workspace w1-name: OpenRouter answered 503"
    assert len(spent(ledger)) == 3
    books.down.clear()
    assert polled(books, ledger, NOW + MINUTE).problem is None


def test_a_workspace_outside_of_the_scope_is_not_asked_about() -> None:
    books = Books([Charge(NOW - HOUR), Charge(NOW - HOUR, "#other", workspace="w2")])
    ledger = a_ledger(books)
    know(ledger, books, ["#other"], "w2")
    polled(books, ledger, policy=Policy((), "hash", scope=("w2",)))
    assert {one.workspace for one in books.asked} == {"w2"}


def test_a_run_without_time_goes_on_next_time_where_it_stopped() -> None:
    books = Books([Charge(NOW - number * DAY) for number in range(28)], most=3)
    ledger = a_ledger(books)
    clock = iter([True] * 6 + [False] * 100)
    report = polled(books, ledger, has_time=lambda: next(clock))
    assert not report.is_whole
    assert len(spent(ledger)) == 4  # of the first of its five days there was nothing
    assert polled(books, ledger).is_whole
    assert len(spent(ledger)) == 28


def test_a_small_account_is_read_by_the_week_and_a_large_one_by_the_day() -> None:
    books = Books([Charge(NOW - number * DAY) for number in range(28)])
    polled(books, a_ledger(books))
    assert len(books.asked) == 5 * len(Axis)
    books.asked.clear()
    books.most = 3
    polled(books, a_ledger(books))
    assert len(books.asked) == 1 + 29 * len(Axis)


def test_an_axis_that_analytics_lacks_is_left_out_and_people_are_told() -> None:
    told = "Analytics has no providers: costs are not told by provider."
    books = Books([Charge(NOW - MINUTE)], offers=Offered(frozenset([Axis.MODEL]), (told,)))
    books.warnings = ("a warning of analytics",)
    ledger = a_ledger(books)
    report = polled(books, ledger)
    assert report.warnings == (told, "a warning of analytics")
    assert spent(ledger)
    assert not spent(ledger, Axis.PROVIDER)


def test_costs_that_analytics_takes_back_are_taken_back() -> None:
    books = Books([Charge(NOW - MINUTE)])
    ledger = a_ledger(books)
    polled(books, ledger)
    books.charges.clear()
    polled(books, ledger)
    assert not spent(ledger)


def test_all_figures_of_a_row_are_kept() -> None:
    books = Books([Charge(NOW - MINUTE), Charge(NOW - MINUTE)])
    ledger = a_ledger(books)
    polled(books, ledger)
    (row,) = hours(ledger)[0].models
    assert row.figures == Figures(Decimal("0.50"), requests=2, prompt=200, completion=20)
