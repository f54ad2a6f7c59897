"""Figures as they are printed add up, whatever was rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.cli.figures import adding_up, human, usd
from budget_guard.domain.money import CENT

MICROS = st.integers(0, 10**9).map(lambda number: Decimal(number) / 10**6)


@given(st.lists(MICROS, min_size=1, max_size=30))
def test_parts_in_whole_cents_sum_to_the_printed_total(parts: list[Decimal]) -> None:
    total = sum(parts, Decimal(0))
    shown = adding_up(parts, total)
    assert usd(sum(shown, Decimal(0))) == usd(total)
    for one, told in zip(parts, shown, strict=True):
        assert told == told.quantize(CENT)
        assert abs(told - one) < CENT


def test_the_largest_remainders_are_rounded_up() -> None:
    third = Decimal(10) / 3
    assert [usd(one) for one in adding_up([third, third, third], Decimal(10))] == [
        "3.34",
        "3.33",
        "3.33",
    ]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (9949, "9.9k"),
        (9950, "10k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (38_400_000_000, "38B"),
        (10**13, "10000B"),
    ],
)
def test_counts_are_short(count: int, shown: str) -> None:
    assert human(count) == shown
