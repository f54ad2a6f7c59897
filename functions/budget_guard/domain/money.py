"""US dollars as `Decimal`: exact inside, rounded only where a person reads them."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

type Usd = Decimal

ZERO: Usd = Decimal(0)
CENT: Usd = Decimal("0.01")
MICRO: Usd = Decimal("0.000001")
NOISE: Usd = Decimal("0.00001")
"""OpenRouter's figures are sums of doubles; differences up to this are rounding, not money."""


def round_down(amount: Usd) -> Usd:
    """Return `amount` in whole millionths of a dollar, never more than it was."""
    return amount.quantize(MICRO, rounding=ROUND_FLOOR)


def show(amount: Usd) -> str:
    """Return `amount` as people write it: two decimals, and more only for less than a cent."""
    if ZERO < abs(amount) < CENT:
        return f"{amount.quantize(MICRO, rounding=ROUND_HALF_UP).normalize():f}"
    return f"{amount.quantize(CENT, rounding=ROUND_HALF_UP):f}"
