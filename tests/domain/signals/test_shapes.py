"""The shape of a day: everything counted once, the same in whatever order it was told."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import CostHour
from budget_guard.domain.signals.shapes import Usual, habits_of, mix_of, usual
from tests.domain.builders import HOUR, NOW
from tests.domain.signals.hours import PEOPLE, TODAY, an_hour, midnight

hours = st.lists(
    st.builds(
        lambda hour, key, model, usd, requests: an_hour(
            midnight() + hour * HOUR, {(key, model): usd}, requests
        ),
        st.integers(0, 23),
        st.sampled_from(["s1", "s2", "r1", "nobody", "gone"]),
        st.sampled_from(["small", "large"]),
        st.integers(0, 1000),
        st.integers(0, 50),
    ),
    max_size=20,
)


@given(hours)
def test_the_account_is_every_dollar_once_and_owners_are_parts_of_it(told: list[CostHour]) -> None:
    mix = mix_of(TODAY, told, PEOPLE, NOW)
    total = sum(one.figures.credits for hour in told for one in hour.models)
    for axis in Axis:
        whole = [one.by[-1] for one in mix.slices if one.axis is axis and one.owner is None]
        owned = [one.by[-1] for one in mix.slices if one.axis is axis and one.owner]
        assert sum(whole) == total
        assert sum(owned) <= total


@given(hours)
def test_what_was_spent_since_midnight_never_falls(told: list[CostHour]) -> None:
    for one in mix_of(TODAY, told, PEOPLE, NOW).slices:
        assert list(one.by) == sorted(one.by)


@given(hours, st.randoms())
def test_the_order_of_hours_does_not_matter(told: list[CostHour], rng: Random) -> None:
    shuffled = list(told)
    rng.shuffle(shuffled)
    assert mix_of(TODAY, shuffled, PEOPLE, NOW) == mix_of(TODAY, told, PEOPLE, NOW)
    assert habits_of(TODAY, shuffled, NOW) == habits_of(TODAY, told, NOW)


def test_a_dollar_counts_from_the_quarter_of_its_hour_on() -> None:
    told = [an_hour(midnight() + 13 * HOUR, {("s1", "small"): 5})]
    mix = mix_of(TODAY, told, PEOPLE, NOW)
    assert {one.by for one in mix.slices} == {(0, 0, 5, 5)}
    assert {one.owner for one in mix.slices} == {None, "search"}


def test_habits_are_those_of_hours_with_requests_and_lie_by_the_first_digit() -> None:
    told = [
        an_hour(midnight() + hour * HOUR, {("s1", "small"): usd}, requests)
        for hour, usd, requests in [(1, 10, 10), (2, 40, 20), (3, 90, 30), (4, 0, 0)]
    ]
    (part,) = habits_of(TODAY, told, NOW)
    (key,) = part.keys
    assert (part.part, key.key) == ("#", "#s1")
    assert key.requests == Usual(Decimal(20), Decimal(10), Decimal(30))
    assert key.cost == Usual(Decimal(2), Decimal(1), Decimal(3))


@given(st.lists(st.integers(0, 1000).map(Decimal), min_size=1))
def test_the_usual_lies_within_what_was_and_its_distance_too(figures: list[Decimal]) -> None:
    found = usual(figures)
    assert min(figures) <= found.median <= found.most == max(figures)
    assert found.mad <= max(figures) - min(figures)
