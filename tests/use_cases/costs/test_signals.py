"""The last act of a poll of costs: signals written down, once an hour, from few records."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.costs import CostHour, CostsRead
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport
from budget_guard.domain.signals.rules import SignalRules
from budget_guard.domain.signals.shapes import DayMix
from budget_guard.domain.signals.signal import Gap, Signal, Signals
from budget_guard.use_cases.costs.signals import Watch
from budget_guard.use_cases.leases import leased
from tests.domain.builders import DAY, HOUR, MINUTE, a_budget, utc
from tests.use_cases.costs.books import Books, Charge, a_ledger, know, polled

NOW = utc("2026-11-18 13:10")  # a Wednesday
TODAY = NOW.date()
POLICY = Policy((a_budget(owner="search"),), "hash-of-file")
OFF = SignalRules(unexplained=None, mix_shifted=None, unusual=None, fallbacks=None, loops=None)


class Reads(MemoryLedger):
    """A ledger that remembers the days whose hours, or whose mixes, were read."""

    def __init__(self) -> None:
        super().__init__()
        self.days: list[date] = []
        self.shapes: list[date] = []

    def cost_hours(self, day: date) -> Sequence[CostHour]:
        self.days.append(day)
        return super().cost_hours(day)

    def day_mix(self, day: date) -> DayMix | None:
        self.shapes.append(day)
        return super().day_mix(day)


def a_month(
    last: datetime = NOW, model: str = "acme/small", provider: str = "Acme"
) -> list[Charge]:
    """Return 20 USD in each hour of 28 days; on the last day on another model and provider."""
    midnight = last.replace(hour=0, minute=0)
    begin = midnight - 28 * DAY
    hours = int((last - begin) / HOUR)
    usual = [Charge(begin + hour * HOUR, "#api", Decimal(20)) for hour in range(hours)]
    return [
        one._replace(model=model, provider=provider) if one.at >= midnight else one for one in usual
    ]


def found(ledger: MemoryLedger) -> tuple[Signal, ...]:
    signals = ledger.signals()
    assert signals is not None
    return signals.found


def looked(charges: list[Charge], policy: Policy = POLICY, now: datetime = NOW) -> MemoryLedger:
    books = Books(charges)
    ledger = a_ledger(books)
    polled(books, ledger, now, policy=policy)
    return ledger


def test_a_quiet_month_leaves_a_record_without_signals() -> None:
    ledger = looked(a_month())
    assert ledger.signals() == Signals(
        NOW, utc("2026-11-18 13:00"), gap=Gap(Decimal(0), Decimal(0))
    )


def test_a_model_and_the_provider_it_came_from_are_found_in_the_first_poll() -> None:
    told = found(looked(a_month(model="acme/large", provider="Beta")))
    assert [one.id for one in told] == [
        "mix/search/model/acme/large",
        "mix/search/provider/Beta",
    ]
    assert "model acme/large 100 % (was 0 %), acme/small 0 % (was 100 %)" in told[0].text
    assert told[0].contributors == (("api", Decimal(240)),)


def test_early_in_the_day_yesterday_is_looked_at() -> None:
    charges = a_month(utc("2026-11-17 23:30"), model="acme/large")
    told = found(looked(charges, now=utc("2026-11-18 02:10")))
    assert "of Tuesday's spend" in told[0].text


def test_a_key_that_gets_dearer_is_found_within_the_hour() -> None:
    charges = [*a_month(), Charge(NOW - HOUR, "#api", Decimal(600))]
    (told,) = found(looked(charges))
    assert (told.kind, told.key) == (Kind.UNUSUAL, "#api")


def test_hours_after_midnight_are_compared_with_the_days_before_both() -> None:
    late = utc("2026-11-18 01:10")
    charges = [*a_month(late), Charge(late - 2 * HOUR, "#api", Decimal(900))]
    assert [one.kind for one in found(looked(charges, now=late))] == [Kind.UNUSUAL]


def test_what_the_balance_lost_and_no_key_spent_is_found() -> None:
    books = Books(a_month())
    ledger = a_ledger(books)
    for hour in range(3):
        now = NOW + hour * HOUR
        ledger.save(PollReport(now, "run", balance=Decimal(100 - 10 * hour)))
        polled(books, ledger, now, policy=POLICY)
    assert [one.id for one in found(ledger)] == ["unexplained/balance"]


def test_a_part_of_an_account_is_not_held_against_its_balance() -> None:
    books = Books(a_month())
    ledger = a_ledger(books)
    part = Policy((), "hash", scope=("w1",))
    for hour in range(3):
        now = NOW + hour * HOUR
        ledger.save(PollReport(now, "run", balance=Decimal(100 - 10 * hour)))
        polled(books, ledger, now, policy=part)
    assert found(ledger) == ()


def test_signals_that_are_off_are_not_looked_for_and_no_day_is_kept() -> None:
    off = Policy(POLICY.budgets, "hash", signals=OFF)
    ledger = looked(a_month(model="acme/large"), off)
    assert found(ledger) == ()
    assert ledger.day_mix(TODAY - DAY) is None


def test_a_poll_within_the_same_hour_looks_no_second_time() -> None:
    books = Books(a_month())
    ledger = a_ledger(books)
    polled(books, ledger, policy=POLICY, now=NOW)
    books.charges += [Charge(NOW - HOUR, "#api", Decimal(600))]
    polled(books, ledger, policy=POLICY, now=NOW + 45 * MINUTE)
    assert found(ledger) == ()
    polled(books, ledger, policy=POLICY, now=NOW + HOUR)
    assert [one.kind for one in found(ledger)] == [Kind.UNUSUAL]


def look(ledger: MemoryLedger, now: datetime) -> None:
    with leased(ledger, "costs", token="t", now=now, lasts=HOUR) as lease:
        people = People(ledger.observations(), POLICY.budgets)
        Watch(ledger, lease, POLICY, people, now, lambda: False).look()


def test_later_looks_read_the_hours_of_today_and_yesterday_and_few_shapes() -> None:
    books, ledger = Books(a_month()), Reads()
    know(ledger, books, ["#api"])
    polled(books, ledger, NOW, policy=POLICY)
    ledger.save(CostsRead("w1", NOW - 28 * DAY, utc("2026-11-18 14:00"), NOW + HOUR))
    ledger.days.clear()
    ledger.shapes.clear()
    look(ledger, NOW + HOUR)
    signals = ledger.signals()
    assert signals is not None
    assert signals.at == NOW + HOUR
    assert sorted(ledger.days) == [TODAY - DAY, TODAY]
    weekdays = [TODAY - back * DAY for back in (28, 21, 14, 7)]
    assert sorted(ledger.shapes) == [*weekdays, TODAY - DAY]


@pytest.mark.parametrize(("hours", "is_looked"), [(3, True), (4, False)])
def test_costs_that_are_hours_behind_say_nothing_of_now(hours: int, is_looked: bool) -> None:
    ledger = looked(a_month())
    before = ledger.signals()
    ledger.save(CostsRead("w1", NOW - 28 * DAY, utc("2026-11-18 14:00"), NOW))
    look(ledger, utc("2026-11-18 14:00") + hours * HOUR)
    assert (ledger.signals() != before) == is_looked


def test_the_hour_that_has_just_begun_is_not_judged() -> None:
    charges = [*a_month(), Charge(NOW - 5 * MINUTE, "#api", Decimal(600))]
    assert found(looked(charges)) == ()
    assert found(looked(charges, now=NOW + HOUR))


def test_costs_that_lag_behind_leave_the_signals_to_grow_stale() -> None:
    books = Books(a_month())
    ledger = a_ledger(books)
    polled(books, ledger, NOW, policy=POLICY)
    books.down.add("w1")
    polled(books, ledger, NOW + 4 * HOUR, policy=POLICY)
    signals = ledger.signals()
    assert signals is not None
    assert signals.at == NOW


def test_nothing_read_is_no_record() -> None:
    books = Books(a_month(), down={"w1"})
    ledger = a_ledger(books)
    polled(books, ledger, NOW, policy=POLICY)
    assert ledger.signals() is None


@pytest.mark.parametrize("calls", range(20, 110, 9))
def test_a_run_that_comes_to_its_end_anywhere_is_made_good_by_the_next(calls: int) -> None:
    books = Books(a_month(model="acme/large"))
    ledger = a_ledger(books)
    clock = iter([True] * calls)
    polled(books, ledger, policy=POLICY, now=NOW, has_time=lambda: next(clock, False))
    polled(books, ledger, policy=POLICY, now=NOW)
    assert [one.id for one in found(ledger)] == ["mix/search/model/acme/large"]
    assert all(ledger.day_mix(TODAY - back * DAY) for back in range(1, 29))


def test_a_day_whose_hours_change_is_kept_anew_and_one_that_does_not_is_left() -> None:
    books = Books(a_month())
    ledger = a_ledger(books)
    first = utc("2026-11-18 00:10")
    polled(books, ledger, first, policy=POLICY)
    kept = ledger.day_mix(TODAY - DAY)
    polled(books, ledger, first + HOUR, policy=POLICY)
    assert ledger.day_mix(TODAY - DAY) == kept
    books.charges.append(Charge(utc("2026-11-17 23:50"), "#api", Decimal(7)))
    polled(books, ledger, first + 2 * HOUR, policy=POLICY)
    changed = ledger.day_mix(TODAY - DAY)
    assert kept is not None
    assert changed is not None
    assert changed.slices[0].by[-1] == kept.slices[0].by[-1] + 7
    assert changed.at == first + 2 * HOUR


def test_habits_told_under_a_name_are_gone_once_the_key_is_known() -> None:
    books = Books([Charge(utc("2026-11-17 23:30"), "#api")])
    ledger = a_ledger(books, ["#other"])
    now = utc("2026-11-18 00:10")

    def known() -> list[str]:
        return [key.key for one in ledger.day_habits(TODAY - DAY) for key in one.keys]

    polled(books, ledger, now, policy=POLICY)
    assert known() == ["?api"]
    know(ledger, books, ["#api"])
    polled(books, ledger, now + HOUR, policy=POLICY)
    assert known() == ["#api"]


charges = st.lists(
    st.builds(
        Charge,
        at=st.integers(1, 60 * 24 * 10).map(lambda minutes: NOW - minutes * MINUTE),
        key=st.sampled_from(["#api", "#batch", "#gone"]),
        cost=st.integers(1, 10**8).map(lambda micro: Decimal(micro).scaleb(-6)),
        model=st.sampled_from(["acme/small", "acme/large"]),
        provider=st.sampled_from(["Acme", "Beta"]),
        workspace=st.just("w1"),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(charges)
def test_a_look_repeated_finds_the_same(told: list[Charge]) -> None:
    once, twice = (a_ledger(Books(told), ["#api", "#batch"]) for _ in range(2))
    polled(Books(told), once, policy=POLICY, now=NOW)
    for minutes in (60, 30, 0):
        polled(Books(told), twice, policy=POLICY, now=NOW - minutes * MINUTE)
    assert found(once) == found(twice)


@pytest.mark.parametrize("back", [1, 7, 28])
def test_each_of_the_last_28_days_is_kept_after_the_first_poll(back: int) -> None:
    ledger = looked(a_month())
    mix = ledger.day_mix(TODAY - back * DAY)
    assert mix is not None
    assert {one.by[-1] for one in mix.slices} == {Decimal(480)}
