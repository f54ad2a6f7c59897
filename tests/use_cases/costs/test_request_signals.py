"""The last act of a poll of generations: what single requests tell, once an hour, from little."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.adapters.ids import MemoryIds
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.alerts import Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.costs import CostsRead
from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.policy import Costs, Policy
from budget_guard.domain.signals.requests import Busiest, DayRequests, Route, Tried, What
from budget_guard.domain.signals.rules import Fallbacks, Loops, SignalRules
from budget_guard.domain.signals.signal import RequestSignals, Signal
from budget_guard.use_cases.costs.generations import GenerationPoll, poll_generations
from budget_guard.use_cases.costs.ids import Ids
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import CostSource, Offered
from budget_guard.use_cases.leases import leased
from tests.domain.builders import DAY, HOUR, MINUTE, a_budget, utc
from tests.simulation.guard import Killed, Switch, Watched, WatchedLedger
from tests.use_cases.costs.books import DOWN, Books, Charge, a_ledger, polled
from tests.use_cases.costs.fetching import ALL, a_notice

NOW = utc("2026-11-18 13:10")
TODAY = NOW.date()
OFF = SignalRules(fallbacks=None, loops=None)


class Served(Books):
    """Books in which requests that name a provider "A>B" went to A first, and fell back to B."""

    def generation(self, identity: str) -> Generation:
        found = super().generation(identity)
        first, _, then = (found.provider or "").rpartition(">")
        attempts = (Attempt(first, 503, found.served),) if first else ()
        session = found.id.partition("__")[0]
        return replace(
            found,
            provider=then,
            attempts=(*attempts, Attempt(then, 200, found.served)),
            session=session,
        )


class Reads(MemoryLedger):
    """A ledger that remembers the days whose generations were read."""

    def __init__(self) -> None:
        super().__init__()
        self.days: list[date] = []

    def generations(self, day: date) -> Iterator[Generation]:
        self.days.append(day)
        return super().generations(day)


def requests(
    at: datetime, number: int, provider: str = "Acme", session: str = "", cost: str = "0.25"
) -> list[Charge]:
    """Return requests of one hour, each of a session of its own unless one is given."""
    return [
        Charge(
            at + n * MINUTE / 2,
            cost=Decimal(cost),
            provider=provider,
            id=f"{session or f'{at:%d%H}-{n}'}__{at:%d%H}-{provider.replace('>', '-')}-{n}",
        )
        for n in range(number)
    ]


def past(days: int = 4) -> list[Charge]:
    """Return 30 requests at noon of each day before today, none of which fell back."""
    noon = NOW.replace(hour=12, minute=0)
    return [one for back in range(1, days + 1) for one in requests(noon - back * DAY, 30)]


FALLS = requests(NOW.replace(hour=12, minute=0), 30, "Acme>Beta")
LOOP = requests(NOW.replace(hour=11, minute=0), 40, session="stuck")


def watched(
    source: CostSource,
    ledger: CostLedger,
    now: datetime = NOW,
    choice: Choice = ALL,
    ids: Ids | None = None,
    **rest: Any,
) -> None:
    """Poll costs and then generations, as the handler does."""
    polled(source, ledger, now, policy=Policy((a_budget(owner="search"),), "hash-of-file"))
    looked(source, ledger, now, choice, ids, **rest)


def looked(
    source: CostSource,
    ledger: CostLedger,
    now: datetime = NOW,
    choice: Choice = ALL,
    ids: Ids | None = None,
    *,
    rules: SignalRules | None = None,
    time_left: bool = True,
) -> None:
    """Poll generations."""
    budgets, signals = (a_budget(owner="search"),), rules or SignalRules()
    policy = Policy(budgets, "hash-of-file", costs=Costs(choice), signals=signals)
    with leased(ledger, "costs", token="t", now=now, lasts=5 * MINUTE) as lease:
        times = (lambda: True, lambda: True, lambda: time_left)
        keeper, queue = Keeper(source, ledger, lease), ids or MemoryIds(lambda: now)
        poll_generations(GenerationPoll(keeper, queue, policy, now, *times))


def clock(now: datetime) -> Callable[[], datetime]:
    return lambda: now


def lived(books: Books, ledger: MemoryLedger | None = None, choice: Choice = ALL) -> MemoryLedger:
    """Return a ledger after a poll on each of the last days, and one now."""
    memory = ledger or MemoryLedger()
    source = a_ledger(books)
    memory.save(*source.workspaces().values(), *source.observations().values())
    for back in (4, 3, 2, 1):
        watched(books, memory, NOW - back * DAY, choice)
    watched(books, memory, NOW, choice)
    return memory


def found(ledger: CostLedger) -> tuple[Signal, ...]:
    signals = ledger.request_signals()
    assert signals is not None
    return signals.found


def test_a_provider_that_fails_is_found_in_the_first_poll_of_the_next_hour() -> None:
    (told,) = found(lived(Served([*past(), *FALLS])))
    assert (told.id, told.kind, told.owner) == ("fallbacks/search/Acme", Kind.FALLBACKS, "search")
    assert told.contributors == (("api", Decimal("7.5")),)


def test_a_session_that_repeats_itself_is_found_with_its_key() -> None:
    (told,) = found(lived(Served([*past(), *LOOP])))
    assert (told.kind, told.key, told.owner) == (Kind.LOOP, "#api", "search")
    assert "session stuck made 40 requests in an hour (10.00 USD), usually up to 1" in told.text


def test_quiet_days_leave_a_record_without_signals() -> None:
    ledger = lived(Served(past()))
    assert ledger.request_signals() == RequestSignals(NOW, utc("2026-11-18 13:00"))
    assert ledger.signals() is not None


def test_a_job_that_applications_tell_of_is_found_without_any_choice() -> None:
    key = "ab" * 32
    books = Served([one._replace(key=key) for one in [*past(), *LOOP]])
    ledger = a_ledger(books, [key])
    for back in (4, 3, 2, 1, 0):
        now = NOW - back * DAY
        ids = MemoryIds(clock(now))
        for one in books.charges:
            if one.at.date() == now.date():
                ids.send(a_notice(one.id, now, job=one.id.partition("__")[0], key=key))
        watched(books, ledger, now, None, ids)
    jobs = [one for one in found(ledger) if one.id.startswith(f"loop/{key}/job/")]
    assert [one.after for one in jobs] == [40]
    assert "of the requests on record (told by applications)" in jobs[0].text


def test_with_none_on_record_nothing_is_found_and_what_was_open_ends_once() -> None:
    ledger = lived(Served([*past(), *FALLS, *LOOP]), choice=None)
    assert found(ledger) == ()
    assert ledger.day_requests(TODAY - DAY) is not None
    watched(Served([]), ledger, NOW + HOUR, None)
    assert found(ledger) == ()


def test_what_was_told_goes_on_while_it_is_half_as_bad() -> None:
    books = Served([*past(), *FALLS])
    told, fresh = lived(books), lived(Served(past()))
    books.charges += requests(NOW.replace(minute=0), 100)
    for ledger in (told, fresh):
        watched(books, ledger, NOW + HOUR)
    assert [one.kind for one in found(told)] == [Kind.FALLBACKS]
    assert found(fresh) == ()


def test_another_choice_is_compared_with_nothing_before_it() -> None:
    books = Served([*past(), *FALLS, *LOOP])
    ledger = lived(Served(past()))
    watched(books, ledger, NOW + HOUR, Above(Decimal("0.05")))
    assert found(ledger) == ()


def test_signals_that_are_off_are_not_looked_for_and_no_requests_are_read() -> None:
    books, ledger = Served([*past(), *FALLS, *LOOP]), Reads()
    lived(books, ledger)
    ledger.days.clear()
    watched(books, ledger, NOW + HOUR, rules=OFF)
    assert (found(ledger), ledger.days) == ((), [])


def test_each_of_both_may_be_off_by_itself() -> None:
    books = Served([*past(), *FALLS, *LOOP])
    ledger = lived(books)
    assert {one.kind for one in found(ledger)} == {Kind.FALLBACKS, Kind.LOOP}
    watched(books, ledger, NOW + HOUR, rules=SignalRules(loops=None))
    assert {one.kind for one in found(ledger)} == {Kind.FALLBACKS}
    watched(books, ledger, NOW + 2 * HOUR, rules=SignalRules(fallbacks=None))
    assert found(ledger) == ()


def test_later_looks_read_the_requests_of_today_alone() -> None:
    books, ledger = Served(past()), Reads()
    lived(books, ledger)
    ledger.days.clear()
    watched(books, ledger, NOW + HOUR)
    assert ledger.days == [TODAY]
    watched(books, ledger, NOW + HOUR + 30 * MINUTE)
    assert ledger.days == [TODAY]


def test_the_first_look_reads_a_week_and_keeps_each_day() -> None:
    books, ledger = Served(past()), Reads()
    lived(books, ledger)
    for back in range(1, 9):
        day = ledger.day_requests(TODAY - back * DAY)
        assert day is not None
        assert bool(day.routes) == (back <= 4)


def test_in_the_first_hours_yesterday_is_read_too_and_kept_as_it_is_by_then() -> None:
    books, ledger = Served(past()), Reads()
    lived(books, ledger)
    watched(books, ledger, utc("2026-11-18 23:10"))
    books.charges += requests(utc("2026-11-18 23:20"), 25, "Acme>Beta")
    ledger.days.clear()
    midnight = utc("2026-11-19 00:10")
    watched(books, ledger, midnight)
    assert sorted(set(ledger.days)) == [TODAY, TODAY + DAY]
    assert [one.id for one in found(ledger)] == ["fallbacks/search/Acme"]
    kept = ledger.day_requests(TODAY)
    assert kept is not None
    assert (kept.at, [one.fell_back[-1] for one in kept.routes]) == (midnight, [25, 25])
    watched(books, ledger, midnight + HOUR)
    assert ledger.day_requests(TODAY) == kept
    ledger.days.clear()
    watched(books, ledger, midnight + 3 * HOUR)
    assert ledger.days == [TODAY + DAY]


def test_without_time_nothing_is_concluded_and_the_next_run_looks() -> None:
    books = Served([*past(), *FALLS])
    ledger = lived(Served(past()))
    before = ledger.request_signals()
    watched(books, ledger, NOW + HOUR, time_left=False)
    assert ledger.request_signals() == before
    watched(books, ledger, NOW + HOUR + 15 * MINUTE)
    assert [one.kind for one in found(ledger)] == [Kind.FALLBACKS]


def test_requests_that_could_not_be_chosen_leave_the_signals_to_grow_stale() -> None:
    books = Served([*past(), *FALLS])
    ledger = lived(books)
    before = ledger.request_signals()
    books.down.add("w1")
    watched(books, ledger, NOW + HOUR)
    books.failure = DOWN
    assert ledger.request_signals() == before


def test_where_analytics_lists_no_requests_what_was_sent_is_looked_at() -> None:
    books = Served([*past(), *FALLS], offers=Offered(frozenset(Axis), singles=False))
    ledger = lived(books)
    assert ledger.request_signals() == RequestSignals(NOW, utc("2026-11-18 13:00"))


@pytest.mark.parametrize(("hours", "is_looked"), [(3, True), (4, False)])
def test_costs_that_are_hours_behind_say_nothing_of_now(hours: int, is_looked: bool) -> None:
    books = Served(past())
    ledger = lived(books)
    before = ledger.request_signals()
    read, until = ledger.costs_read()["w1"], NOW.replace(minute=0) + HOUR
    ledger.save(replace(read, until=until))
    looked(books, ledger, until + hours * HOUR)
    assert (ledger.request_signals() != before) == is_looked


def remembered(ledger: MemoryLedger) -> Mapping[str, object]:
    days = [(NOW - back * DAY).date() for back in range(9)]
    return {
        "signals": ledger.request_signals(),
        "days": [ledger.day_requests(day) for day in days],
        "generations": [sorted(ledger.generations(day), key=lambda one: one.id) for day in days],
        "sampled": [ledger.sampled(day) for day in days],
        "read": ledger.generations_read(),
    }


SOON = SignalRules(fallbacks=Fallbacks(at_least=5), loops=Loops(times=2))


def known(books: Books) -> MemoryLedger:
    """Return a ledger with hours that were read, and a record of each day before but one."""
    ledger = a_ledger(books)
    ledger.save(CostsRead("w1", NOW - 28 * DAY, NOW.replace(minute=0), NOW))
    for back in (1, 2, 3, 4, 5, 7):
        route = Tried(Route("all", "search", "Acme"), (10,) * 8, (0,) * 8)
        busiest = Busiest("all", "#api", What.SESSION, 1)
        ledger.save(DayRequests(TODAY - back * DAY, NOW, (route,), (busiest,)))
    return ledger


def test_a_poll_killed_before_or_after_any_call_is_repaired_by_the_next() -> None:
    noon = NOW.replace(hour=12, minute=0)
    stuck = requests(noon, 21, "Gamma", session="stuck")
    books = Served([*requests(noon, 6, "Acme>Beta"), *stuck, *requests(noon - 6 * DAY, 2)])
    whole = known(books)
    looked(books, whole, rules=SOON)
    assert {one.kind for one in found(whole)} == {Kind.FALLBACKS, Kind.LOOP}
    deaths = 0
    for after in (False, True):
        for last in count():
            ledger = known(books)
            if not killed(books, ledger, last, after=after):
                break
            deaths += 1
            looked(books, ledger, rules=SOON)
            assert remembered(ledger) == remembered(whole), (last, after)
    assert deaths > 40


def killed(books: Books, ledger: MemoryLedger, last: int, *, after: bool) -> bool:
    """Poll once, dying at a call; tell whether there was such a call."""
    switch = Switch(at=last, after=after, function="poll_costs")
    source = cast("CostSource", Watched(books, "source", switch))
    memory = cast("CostLedger", WatchedLedger(ledger, "ledger", switch))
    try:
        looked(source, memory, rules=SOON)
    except Killed:
        return True
    return False


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 7 * 24 - 1), max_size=20), st.sampled_from([ALL, OneIn(2)]))
def test_a_look_repeated_finds_the_same(hours: list[int], choice: Choice) -> None:
    charges = [
        one._replace(id=f"{one.id}-{n}")
        for n, back in enumerate(hours)
        for one in requests(NOW - (back + 1) * HOUR, 1, "Acme>Beta" if n % 3 else "Acme")
    ]
    once, twice = (a_ledger(Served(charges)) for _ in range(2))
    watched(Served(charges), once, NOW, choice)
    for _ in range(2):
        watched(Served(charges), twice, NOW, choice)
    assert remembered(once) == remembered(twice)
