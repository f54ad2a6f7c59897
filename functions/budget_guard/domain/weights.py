"""Rule 4b: how much of what is left a key asks for, compared with the others."""

from decimal import Decimal

from budget_guard.domain.holds import Hold
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import FLOOR

QUARTER_HOURS = Decimal(4)


def expected(seen: Observation) -> Usd:
    """Return what a key can be expected to spend in 15 minutes, in whole cents (USD)."""
    return (seen.burn(include_byok=True) / QUARTER_HOURS).quantize(CENT)


def weight(burn: Usd, hold: Hold | None, allowed: Usd) -> Usd:
    """Return a key's weight (USD): its expected spend `burn`, at least `FLOOR`.

    For a key that ran dry it is twice its last portion at least: its burn tells what it got, not
    what it wanted. `allowed` is what its fence leaves it.
    """
    last = hold.portion.quantize(CENT) if hold and allowed < CENT else ZERO
    return max(FLOOR, burn, 2 * last)


def short_below(burn: Usd) -> Usd:
    """Return the allowance under which a key is short: half its expected spend, at least `FLOOR`."""
    return max(FLOOR, burn / 2)
