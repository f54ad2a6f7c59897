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


def weight(seen: Observation, hold: Hold | None, allowed: Usd) -> Usd:
    """Return a key's weight (USD): its expected spend, at least `FLOOR`.

    For a key that ran dry it is twice its last portion at least: its burn tells what it got, not
    what it wanted. `allowed` is what its fence leaves it.
    """
    last = hold.portion.quantize(CENT) if hold and allowed < CENT else ZERO
    return max(FLOOR, expected(seen), 2 * last)


def short_below(seen: Observation) -> Usd:
    """Return the allowance under which a key is short: 7.5 minutes' spend, at least `FLOOR`."""
    return max(FLOOR, expected(seen) / 2)
