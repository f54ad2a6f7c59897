"""Figures that add up as they are printed, whatever was rounded."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from budget_guard.domain.money import CENT, Usd

ROUNDS_UP, ROUNDS_TO_TEN = Decimal("999.5"), Decimal("9.95")


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


def human(count: int) -> str:
    """Return about how many these are: "999", "1.2k", "45M"."""
    if count < 1000:
        return str(count)
    many, unit = Decimal(count), ""
    for bigger in ("k", "M", "B"):
        if many < ROUNDS_UP:
            break
        many, unit = many / 1000, bigger
    return f"{many:.1f}{unit}" if many < ROUNDS_TO_TEN else f"{many:.0f}{unit}"
