"""Figures that add up as they are printed, whatever was rounded."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP

from budget_guard.domain.money import CENT, Usd


def adding_up(parts: Sequence[Usd], total: Usd) -> list[Usd]:
    """Return the parts in whole cents that sum to `total` in whole cents.

    Each is less than a cent from what it was, if they summed to `total` before.
    """
    cents = [one.quantize(CENT, rounding=ROUND_FLOOR) for one in parts]
    missing = total.quantize(CENT, rounding=ROUND_HALF_UP) - sum(cents)
    by_remainder = sorted(range(len(parts)), key=lambda n: cents[n] - parts[n])
    for place in by_remainder[: max(0, int(missing / CENT))]:
        cents[place] += CENT
    return cents


def usd(amount: Usd) -> str:
    """Return an amount in a sum: two decimals, always."""
    return f"{amount.quantize(CENT, rounding=ROUND_HALF_UP):f}"
