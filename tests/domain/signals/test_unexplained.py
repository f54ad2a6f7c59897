"""Spend that nothing explains: told where it is missing for sure, never where it may be late."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Kind
from budget_guard.domain.keys import Spent
from budget_guard.domain.observations import Former, HourMark, Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.polls import PollReport
from budget_guard.domain.signals.rules import Unexplained
from budget_guard.domain.signals.signal import BalanceMark, Gap, Signal
from budget_guard.domain.signals.unexplained import (
    keyless,
    marked,
    missing,
    span,
    untold,
)
from tests.domain.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    a_budget,
    a_key,
    counters,
    seen,
    usd,
    utc,
)
from tests.domain.signals.hours import of_a_lineage

RULES = Unexplained()
MIDNIGHT = utc("2026-11-17 00:00")
SPAN = span(NOW, MIDNIGHT, {"w1": NOW})


def marks(
    spent: Sequence[str | int | Decimal], first: datetime = NOW - 24 * HOUR
) -> tuple[HourMark, ...]:
    return tuple(HourMark(first + at * HOUR, Spent(usd(one))) for at, one in enumerate(spent))


def a_key_with(spent: Sequence[str | int | Decimal], name: str = "api") -> Observation:
    return replace(seen(name), hours=marks(spent))


def found(*keys: Observation, told: dict[str, dict[datetime, Decimal]]) -> Signal | None:
    people = People({one.key.hash: one for one in keys}, (a_budget(owner="ann"),))
    return untold(people, missing(people, told, SPAN), RULES)


def hours(usd_each: str, last: int = 24) -> dict[datetime, Decimal]:
    return {NOW - 24 * HOUR + at * HOUR: Decimal(usd_each) for at in range(last)}


def test_what_is_missing_is_known_also_where_it_is_too_little_to_be_told() -> None:
    rising = a_key_with([10 * hour for hour in range(24)])
    people = People({rising.key.hash: rising}, ())
    lacking = missing(people, {"#api": hours("9.52")}, SPAN)
    assert lacking.gap == Gap(lacking.by_key["#api"], usd(210))
    assert 0 < lacking.gap.usd < 1
    assert untold(people, lacking, RULES) is None


def test_what_analytics_did_not_tell_of_is_told_with_both_sums_and_the_owner() -> None:
    rising = a_key_with([10 * hour for hour in range(24)])
    signal = found(rising, told={"#api": hours("5")})
    assert signal is not None
    assert (signal.id, signal.kind) == ("unexplained/analytics", Kind.UNEXPLAINED)
    # Of 21 hours between its marks, 22 are told of; later ones are not old enough.
    assert (signal.before, signal.after) == (Decimal(110), Decimal(210))
    assert signal.owner == "ann"
    assert signal.contributors == (("api", Decimal(100)),)
    assert signal.text == (
        "100.00 of 210.00 USD that keys spent in 24 hours are not in OpenRouter's analytics; most by "
        "api 100.00 USD; owner ann"
    )


def test_the_generations_of_a_key_are_named_as_one() -> None:
    steps = [10 * hour for hour in range(24)]
    keys = {f"#{name}": a_key_with(steps, name) for name in ("old", "new")}
    people = of_a_lineage(People(keys), "old", "new")
    signal = untold(people, missing(people, {}, SPAN), RULES)
    assert signal
    assert signal.contributors == (("new", Decimal(420)),)


def test_hours_that_are_not_two_hours_old_are_not_compared() -> None:
    late = {hour: one for hour, one in hours("10").items() if hour < NOW - 2 * HOUR}
    assert found(a_key_with([10 * hour for hour in range(24)]), told={"#api": late}) is None


def test_hours_that_were_not_read_are_not_compared() -> None:
    people = People({"#api": a_key_with([10 * hour for hour in range(24)])})
    behind = span(NOW, MIDNIGHT, {"w1": NOW - 9 * HOUR})
    told = {"#api": {hour: one for hour, one in hours("10").items() if hour < NOW - 9 * HOUR}}
    assert untold(people, missing(people, told, behind), RULES) is None
    assert untold(people, missing(people, told, span(NOW, MIDNIGHT, {})), RULES) is None


def test_a_key_renamed_since_is_passed_over() -> None:
    renamed = replace(
        a_key_with([10 * hour for hour in range(24)]),
        former=(Former(a_key("old"), counters(), NOW - HOUR),),
    )
    assert found(renamed, told={}) is None


def test_the_three_keys_that_lack_most_are_named() -> None:
    keys = [
        a_key_with([(number + 1) * hour for hour in range(24)], f"k{number}") for number in range(5)
    ]
    signal = found(*keys, told={})
    assert signal is not None
    assert [name for name, _ in signal.contributors] == ["k4", "k3", "k2"]


@given(
    spent=st.lists(st.integers(0, 10**6), min_size=2, max_size=24),
    seen_of=st.lists(st.integers(0, 100), min_size=24, max_size=24),
)
def test_what_analytics_told_in_full_is_never_unexplained_whenever_the_marks_were_made(
    spent: list[int], seen_of: list[int]
) -> None:
    before, made = Decimal(0), list[HourMark]()
    told = dict[datetime, Decimal]()
    for at, (one, part) in enumerate(zip(spent, seen_of, strict=False)):
        hour = NOW - 24 * HOUR + at * HOUR
        mark = Spent(before + Decimal(one) * part / 100)
        if one and (not made or made[-1].spent != mark):
            made.append(HourMark(hour, mark))
        told[hour] = Decimal(one)
        before += one
    assert found(replace(seen("api"), hours=tuple(made)), told={"#api": told}) is None


@given(part=st.integers(0, 80), cents=st.integers(1, 100_000))
def test_a_fifth_that_is_missing_all_day_is_found_unless_it_is_less_than_a_dollar(
    part: int, cents: int
) -> None:
    burn = Decimal(cents) / 100
    key = a_key_with([burn * hour for hour in range(24)])
    told = dict.fromkeys(hours("0"), burn * part / 100)
    signal = found(key, told={"#api": told})
    # Between its first mark and its last it spent 21 hours' burn, and is told of in 22 hours.
    assert (signal is not None) == (burn * Decimal(2100 - 22 * part) / 100 > 1)


def balances(*amounts: tuple[int, int]) -> list[BalanceMark]:
    """Return hourly marks of the balance, and of what all keys had spent."""
    return [
        BalanceMark(NOW + hour * HOUR, Decimal(left), Decimal(spent))
        for hour, (left, spent) in enumerate(amounts)
    ]


def test_what_left_the_balance_and_no_key_spent_is_told() -> None:
    signal = keyless(balances((100, 0), (80, 15), (60, 30)), RULES)
    assert signal is not None
    assert (signal.id, signal.before, signal.after) == ("unexplained/balance", 30, 40)
    assert signal.text == (
        "10.00 of 40.00 USD that left the balance in 2 hours went to no key that the guard can see "
        "(keys spent 30.00)"
    )


def test_an_hour_in_which_credits_were_bought_explains_nothing_and_accuses_nobody() -> None:
    assert keyless(balances((100, 0), (80, 20), (1080, 20), (1060, 40)), RULES) is None
    assert keyless(balances((100, 0), (95, 20), (75, 40)), RULES) is None
    assert keyless(balances((100, 0), (90, 20), (60, 30)), RULES) is not None


def test_keys_that_are_forgotten_make_no_hour_unexplained() -> None:
    assert keyless(balances((100, 500), (99, 20), (98, 21)), RULES) is None


def test_a_balance_is_marked_once_an_hour_and_only_by_a_complete_poll() -> None:
    polled = PollReport(NOW, "run", balance=Decimal(5))
    keys = [seen("api", counters(2)), seen("job", counters(3))]
    once = marked((), polled, keys)
    assert once == (BalanceMark(NOW, Decimal(5), Decimal(5)),)
    assert marked(once, replace(polled, at=NOW + 59 * MINUTE), keys) == once
    assert marked(once, replace(polled, at=NOW + HOUR, problem="w2: 503"), keys) == once
    assert marked(once, replace(polled, at=NOW + HOUR, balance=None), keys) == once
    assert marked(once, None, keys) == once
    assert len(marked(once, replace(polled, at=NOW + HOUR), keys)) == 2
    assert len(marked(once, replace(polled, at=NOW + DAY + HOUR), keys)) == 1


@pytest.mark.parametrize(("missing", "is_told"), [(190, False), (230, True)])
def test_two_percent_of_the_spend_may_be_missing(missing: int, is_told: bool) -> None:
    # One key spends all in its first hour; of the last hour nothing is told, as nothing was spent.
    key = a_key_with([0, 10_000, 10_000 + missing])
    told = {NOW - 24 * HOUR: Decimal(10_000)}
    assert (found(key, told={"#api": told}) is not None) == is_told
