"""Signals as conditions; and the account that runs short of credits."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Condition, Entry, Incident, Kind, Unit
from budget_guard.domain.conditions import conditions
from budget_guard.domain.decision import decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Spent
from budget_guard.domain.ladder import Severity
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport
from budget_guard.domain.signals.balance import burn, short_of_credits
from budget_guard.domain.signals.rules import Account
from budget_guard.domain.signals.signal import (
    RequestSignals,
    Signal,
    Signals,
    dearest,
    named,
    percent,
    short,
)
from budget_guard.domain.signals.telling import signalled
from tests.domain.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_budget,
    a_lineage_of,
    counters,
    facts_of,
    policy_of,
    seen,
    usd,
)

SIGNAL = Signal(
    "unusual/#api/cost",
    Kind.UNUSUAL,
    "api: 0.40 USD a request",
    Decimal("0.1"),
    Decimal("0.4"),
    owner="ann",
    key="#api",
    key_name="api",
    todo="see what its job does",
    contributors=(("acme/large", Decimal(3)),),
    unit=Unit.USD_PER_REQUEST,
)
COSTS = (Kind.UNEXPLAINED, Kind.MIX_SHIFTED, Kind.UNUSUAL, Kind.REPRICED, Kind.WITHDRAWN)
REQUESTS = (Kind.FALLBACKS, Kind.LOOP)
OPEN = tuple(
    Incident(f"i/{kind}", kind, 1, NOW - DAY, "event", Entry(f"i/{kind}", "it is so"))
    for kind in (*COSTS, *REQUESTS, Kind.BALANCE, Kind.RUNWAY)
)
OF_COSTS = {f"i/{kind}" for kind in COSTS}
OF_REQUESTS = {f"i/{kind}" for kind in REQUESTS}
FELL_BACK = replace(SIGNAL, id="fallbacks/ann/Acme", kind=Kind.FALLBACKS, key=None)


def facts(*found: Signal, at: timedelta = MINUTE, incidents: tuple[Incident, ...] = ()) -> Facts:
    known = facts_of([seen("api")], policy_of(a_budget()), incidents=incidents)
    when = NOW - at
    return replace(
        known, signals=Signals(when, when, found), request_signals=RequestSignals(NOW, NOW)
    )


def test_each_signal_is_a_condition_with_its_owner_key_and_what_to_do() -> None:
    (found,) = signalled(facts(SIGNAL))
    assert (found.kind, found.step, found.severity) == (Kind.UNUSUAL, 1, Severity.WARNING)
    entry = found.entry
    assert (entry.incident, entry.text) == (SIGNAL.id, SIGNAL.text)
    assert (entry.owner, entry.key, entry.key_name) == ("ann", "#api", "api")
    assert entry.todo == "see what its job does"
    assert (entry.before, entry.after) == (Decimal("0.1"), Decimal("0.4"))
    assert (entry.unit, entry.contributors) == (SIGNAL.unit, SIGNAL.contributors)


def test_signals_and_balance_are_among_the_conditions() -> None:
    short_of = replace(facts(SIGNAL), poll=PollReport(NOW, "r", balance=Decimal(5)))
    policy = replace(short_of.policy, account=Account(balance_below=Decimal(10)))
    kinds = {one.kind for one in conditions(decide(replace(short_of, policy=policy)))}
    assert {Kind.UNUSUAL, Kind.BALANCE} <= kinds


@pytest.mark.parametrize(("at", "are_stale"), [(2 * HOUR, False), (2 * HOUR + MINUTE, True)])
def test_stale_signals_neither_open_nor_end_anything(at: timedelta, are_stale: bool) -> None:
    told = {one.id for one in signalled(facts(SIGNAL, at=at, incidents=OPEN))}
    assert told == (OF_COSTS if are_stale else {SIGNAL.id})


@pytest.mark.parametrize(("at", "are_stale"), [(2 * HOUR, False), (2 * HOUR + MINUTE, True)])
def test_those_of_requests_grow_stale_by_themselves(at: timedelta, are_stale: bool) -> None:
    old = RequestSignals(NOW - at, NOW - at, (FELL_BACK,))
    known = replace(facts(SIGNAL, incidents=OPEN), request_signals=old)
    told = {one.id for one in signalled(known)}
    assert told == ({SIGNAL.id, *OF_REQUESTS} if are_stale else {SIGNAL.id, FELL_BACK.id})


def test_before_the_first_look_nothing_ends() -> None:
    known = replace(facts(incidents=OPEN), signals=None, request_signals=None)
    assert {one.id for one in signalled(known)} == OF_COSTS | OF_REQUESTS


def rising(name: str, per_hour: int | str, hours: int = 30) -> Observation:
    """Return a key that has spent so much in each hour until now."""
    each = usd(per_hour)
    marks = tuple(
        HourMark(NOW - back * HOUR, Spent(each * (hours - back))) for back in range(hours, -1, -1)
    )
    return replace(seen(name, counters(lifetime=each * hours)), hours=marks)


def account(
    balance: str | int | None,
    *keys: Observation,
    rules: Account | None = None,
    age: timedelta = MINUTE,
    incidents: tuple[Incident, ...] = (),
) -> list[Condition]:
    report = PollReport(NOW - age, "r", balance=None if balance is None else usd(balance))
    both = Account(balance_below=Decimal(100), runway_below=timedelta(hours=72))
    policy = Policy((), "hash", account=rules or both)
    known = facts_of(keys, policy, poll=report, incidents=incidents)
    return list(short_of_credits(known))


@pytest.mark.parametrize(
    ("balance", "steps"), [("100", []), ("99.99", [1]), ("0.01", [1]), ("0", [2]), ("-3", [2])]
)
def test_a_balance_below_the_bound_is_critical_and_worse_when_nothing_is_left(
    balance: str, steps: list[int]
) -> None:
    found = account(balance)
    assert [one.step for one in found] == steps
    assert all(one.severity is Severity.CRITICAL and one.kind is Kind.BALANCE for one in found)


def test_a_short_balance_names_both_figures_and_who_spent_most() -> None:
    found = account("90", rising("api", 2), rising("job", 1), rules=Account(Decimal(100)))
    assert found[0].entry.text == (
        "the account's balance is 90.00 USD, below 100.00; most by api 48.00, job 24.00 USD in 24 "
        "hours"
    )
    assert (found[0].entry.before, found[0].entry.after) == (100, 90)
    assert found[0].entry.contributors == (("api", 48), ("job", 24))


def test_the_generations_of_a_key_are_named_as_one() -> None:
    known = facts_of([rising("api", 2), rising("api #2", 1)], Policy((), "hash"))
    known = a_lineage_of(known, "#api", "#api #2")
    report = PollReport(NOW - MINUTE, "r", balance=usd(90))
    rules = Policy((), "hash", account=Account(balance_below=Decimal(100)))
    (found,) = short_of_credits(replace(known, policy=rules, poll=report))
    assert found.entry.contributors == (("api", 72),)


@pytest.mark.parametrize(("balance", "is_told"), [("215.99", True), ("216", False)])
def test_a_runway_is_the_balance_over_the_burn_of_a_day(balance: str, is_told: bool) -> None:
    assert [one.kind for one in account(balance, rising("api", 2), rising("job", 1))] == (
        [Kind.RUNWAY] if is_told else []
    )


def test_a_short_runway_tells_how_long_the_credits_last_and_who_spends() -> None:
    (found,) = account("144", rising("api", 3))
    assert found.severity is Severity.WARNING
    assert found.entry.text == (
        "the account's 144.00 USD last for 48 hours, below 72 hours, at 3.00 USD an hour; most by "
        "api 72.00 USD in 24 hours"
    )
    assert (found.entry.before, found.entry.after, found.entry.unit) == (72, 48, Unit.HOURS)


def test_an_account_that_spends_nothing_has_an_endless_runway() -> None:
    assert account("1000", rising("api", 0)) == []
    assert account("1000") == []


def test_without_bounds_nothing_is_told() -> None:
    assert account("-5", rising("api", 3), rules=Account()) == []


@pytest.mark.parametrize(("balance", "age"), [(None, MINUTE), (5000, 16 * MINUTE)])
def test_without_a_fresh_balance_what_is_open_stays_open(
    balance: int | None, age: timedelta
) -> None:
    told = {one.kind for one in account(balance, age=age, incidents=OPEN)}
    assert told == {Kind.BALANCE, Kind.RUNWAY}


def test_what_is_open_ends_only_a_tenth_above_its_bound() -> None:
    (opened,) = account("99")
    entry = opened.entry
    incident = Incident(entry.incident, opened.kind, 1, NOW, "event", entry)
    assert account("109", incidents=(incident,))
    assert not account("110", incidents=(incident,))


def test_a_burn_of_fewer_hours_than_a_day_counts_those() -> None:
    known = facts_of([rising("api", 6, hours=3)], policy_of(a_budget()))
    assert burn(known).per_hour == 6
    assert burn(known).over == 3 * HOUR


@given(st.lists(st.integers(0, 100), max_size=3), st.integers(1, 40))
def test_the_burn_is_the_sum_of_the_keys(burns: list[int], hours: int) -> None:
    keys = [rising(f"k{at}", each, hours) for at, each in enumerate(burns)]
    found = burn(facts_of(keys, policy_of(a_budget())))
    assert abs(found.per_hour - sum(burns)) < Decimal("0.001")


def test_the_three_dearest_are_named_and_long_names_are_cut() -> None:
    amounts = {"b": Decimal(2), "a": Decimal(2), "c": Decimal(3), "d": Decimal(1), "e": Decimal(0)}
    assert [name for name, _ in dearest(amounts)] == ["c", "a", "b"]
    assert named(dearest(amounts)) == "; most by c 3.00, a 2.00, b 2.00 USD"
    assert named((), "ann") == "; owner ann"
    assert len(short("x" * 300)) == 40
    assert percent(Decimal("0.126")) == "13 %"
