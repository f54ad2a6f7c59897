"""A shifted mix: against the same weekdays up to the same hour, with both names."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.signals.mix import Compared, is_enough, shift, shifts, steps_until
from budget_guard.domain.signals.rules import MixShifted
from budget_guard.domain.signals.shapes import DayMix, mix_of
from budget_guard.domain.signals.signal import Signal
from tests.domain.builders import DAY, HOUR, NOW
from tests.domain.signals.hours import PEOPLE, TODAY, an_hour, midnight

RULES = MixShifted()
USUAL = {"large": Decimal(10), "small": Decimal(90)}


def amounts(**usd: int) -> dict[str, Decimal]:
    return {label: Decimal(one) for label, one in usd.items()}


def test_the_label_that_gained_and_the_one_that_lost_are_named_with_both_shares() -> None:
    found = shift(amounts(large=70, small=30), [USUAL, USUAL], RULES)
    assert found is not None
    assert found.lost is not None
    assert (found.gained.label, found.gained.before, found.gained.after) == (
        "large",
        Decimal("0.1"),
        Decimal("0.7"),
    )
    assert (found.lost.label, found.lost.before, found.lost.after) == (
        "small",
        Decimal("0.9"),
        Decimal("0.3"),
    )


def test_money_that_came_from_many_names_no_single_loser() -> None:
    many = amounts(a=20, b=20, c=20, d=20, e=20)
    found = shift(amounts(a=10, b=10, c=10, d=10, e=10, new=50), [many, many], RULES)
    assert found is not None
    assert (found.gained.label, found.lost) == ("new", None)


@pytest.mark.parametrize(("large", "is_told"), [(34, False), (35, True), (36, True), (100, True)])
def test_a_share_is_told_from_the_threshold_on(large: int, is_told: bool) -> None:
    now = amounts(large=large, small=100 - large)
    assert (shift(now, [USUAL, USUAL], RULES) is not None) == is_told


@pytest.mark.parametrize(("total", "is_told"), [(8, False), (9, True)])
def test_little_money_is_no_shift(total: int, is_told: bool) -> None:
    now = {"large": Decimal(total) * 7 / 10, "small": Decimal(total) * 3 / 10}
    assert (shift(now, [USUAL, USUAL], RULES) is not None) == is_told


def test_what_moved_must_be_as_large_a_part_of_a_usual_day() -> None:
    now = amounts(large=70, small=30)
    assert shift(now, [USUAL, USUAL], RULES, Decimal(240)) is not None
    assert shift(now, [USUAL, USUAL], RULES, Decimal(241)) is None


def test_a_share_that_one_of_the_days_had_is_no_shift() -> None:
    odd = amounts(large=60, small=40)
    assert shift(amounts(large=70, small=30), [USUAL, USUAL, USUAL, odd], RULES) is None


@pytest.mark.parametrize("past", [[], [USUAL], [USUAL, {}]])
def test_fewer_than_two_known_days_say_nothing(past: list[Mapping[str, Decimal]]) -> None:
    assert shift(amounts(large=70, small=30), past, RULES) is None


labels = st.dictionaries(
    st.sampled_from("abcd"), st.integers(0, 10**6).map(Decimal), min_size=1, max_size=4
)


@given(now=labels, times=st.integers(1, 100))
def test_growth_alone_is_never_a_shift(now: dict[str, Decimal], times: int) -> None:
    past = [{label: usd / times for label, usd in now.items()}] * 4
    found = shift(now, past, MixShifted(Decimal("0.000001"), Decimal(0)))
    assert found is None


@given(now=labels, past=st.lists(labels, min_size=2, max_size=4))
def test_what_is_told_did_gain_and_its_money_is_what_was_asked_for(
    now: dict[str, Decimal], past: list[dict[str, Decimal]]
) -> None:
    found = shift(now, past, RULES)
    if found:
        assert found.gained.after - found.gained.before >= RULES.by
        assert now[found.gained.label] >= RULES.at_least
        assert found.lost is None or found.lost.after < found.lost.before


def a_day(spent: Mapping[tuple[str, str], int], day: date = TODAY) -> DayMix:
    return mix_of(day, [an_hour(midnight(day), spent)], PEOPLE, NOW)


SMALL = {("s1", "small"): 90, ("s1", "large"): 10, ("r1", "small"): 10}
LARGE = {("s1", "large"): 60, ("s2", "large"): 20, ("s1", "small"): 20, ("r1", "small"): 10}


def compared(spent: Mapping[tuple[str, str], int], step: int = 1) -> Compared:
    before = [a_day(SMALL, TODAY - weeks * 7 * DAY) for weeks in (1, 2, 3)]
    return Compared(step, [an_hour(midnight(), spent)], a_day(spent), before)


def found(step: int = 1) -> tuple[Signal, ...]:
    return shifts(compared(LARGE, step), PEOPLE, RULES)


def test_an_owners_shift_is_told_once_with_the_keys_it_went_to() -> None:
    (signal,) = found()
    assert (signal.id, signal.kind, signal.owner) == (
        "mix/search/model/large",
        Kind.MIX_SHIFTED,
        "search",
    )
    assert signal.contributors == (("s1", Decimal(60)), ("s2", Decimal(20)))
    assert signal.text == (
        "search: model large 80 % (was 10 %), small 20 % (was 90 %) of today's spend until 12:00 UTC, "
        "against the 3 Wednesdays before; most by s1 60.00, s2 20.00 USD"
    )


def test_a_day_that_is_over_is_told_by_its_name() -> None:
    assert "of Wednesday's spend, against" in found(step=3)[0].text


def test_the_account_is_told_of_where_no_owner_has_the_same() -> None:
    spent = {("nobody", "large"): 300, ("s1", "small"): 90, ("r1", "small"): 10}
    (signal,) = shifts(compared(spent), PEOPLE, RULES)
    assert (signal.id, signal.owner) == ("mix/*/model/large", None)
    assert signal.text.startswith("the account: model large 75 % (was 9 %)")


def test_a_provider_that_serves_more_is_told_as_one() -> None:
    before = [
        mix_of(day, [an_hour(midnight(day), SMALL, provider="Acme")], PEOPLE, NOW)
        for day in (TODAY - 7 * DAY, TODAY - 14 * DAY)
    ]
    hours = [an_hour(midnight(), SMALL, provider="Beta")]
    on = Compared(1, hours, mix_of(TODAY, hours, PEOPLE, NOW), before)
    assert {one.id for one in shifts(on, PEOPLE, RULES)} == {
        f"mix/{owner}/{Axis.PROVIDER}/Beta" for owner in ("research", "search")
    }


def test_later_hours_of_the_day_do_not_count() -> None:
    hours = [an_hour(midnight(), SMALL), an_hour(midnight() + 12 * HOUR, LARGE)]
    mix = mix_of(TODAY, hours, PEOPLE, NOW)
    before = compared(SMALL).before
    assert shifts(Compared(1, hours, mix, before), PEOPLE, RULES) == ()
    (signal,) = shifts(Compared(2, hours, mix, before), PEOPLE, MixShifted(Decimal("0.2")))
    assert signal.id == "mix/search/model/large"


def test_keys_are_named_by_what_they_spent_in_the_hours_compared() -> None:
    hours = [an_hour(midnight() + hour * HOUR, LARGE) for hour in (0, 12)]
    on = Compared(1, hours, mix_of(TODAY, hours, PEOPLE, NOW), compared(SMALL).before)
    (signal,) = shifts(on, PEOPLE, RULES)
    assert signal.contributors == (("s1", Decimal(60)), ("s2", Decimal(20)))


@pytest.mark.parametrize(("hour", "steps"), [(0, 0), (5, 0), (6, 1), (12, 2), (23, 3)])
def test_today_counts_in_whole_quarters(hour: int, steps: int) -> None:
    assert steps_until(midnight() + hour * HOUR, TODAY) == steps
    assert steps_until(midnight() + hour * HOUR, TODAY - DAY) == 4


def test_a_day_of_too_little_spend_is_not_judged() -> None:
    assert is_enough(compared(LARGE), RULES)
    assert not is_enough(compared({("s1", "small"): 19}), RULES)
    assert not is_enough(compared({}), RULES)
