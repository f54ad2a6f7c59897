"""Rule 4b: how much of what is left a key asks for, compared with the others."""

from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.domain.holds import Hold
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import FLOOR

SECOND = timedelta(seconds=1)
AHEAD = timedelta(minutes=15)
QUARTER = Decimal(AHEAD // SECOND)
BRIEFEST = timedelta(minutes=5)
"""Less than this tells little of a pace: one request would look like many."""


def expected(seen: Observation, hold: Hold | None, allowed: Usd, read_at: datetime) -> Usd:
    """Return what a key can be expected to spend in 15 minutes, in whole cents (USD).

    By its pace over the last hours, or since its fence was set if that is more. `allowed` is what
    this fence left it at `read_at`.
    """
    pace = seen.burn(include_byok=True)
    if pace:
        pace /= 4
    if hold and hold.portion > allowed:
        pace = max(pace, (hold.portion - allowed) * _times(hold, read_at))
    return pace.quantize(CENT) if pace else ZERO


def expected_or_floor(seen: Observation, hold: Hold | None, allowed: Usd, read_at: datetime) -> Usd:
    """Return what is `expected` of a key, at least `FLOOR`: that of most keys is told at once."""
    spent, seconds = seen.lately(include_byok=True)
    is_slow = not spent or spent * QUARTER <= FLOOR * seconds
    if is_slow and not (hold and hold.portion > allowed):
        return FLOOR
    return max(FLOOR, expected(seen, hold, allowed, read_at))


def _times(hold: Hold, read_at: datetime) -> Decimal:
    """Return how often the time since a key's fence was set goes into 15 minutes."""
    if hold.confirmed_at is None or hold.confirmed_at >= read_at:
        return ZERO
    return QUARTER / (max(BRIEFEST, read_at - hold.confirmed_at) // SECOND)


def weight(
    burn: Usd, hold: Hold | None, allowed: Usd, read_at: datetime, *, floor: Usd = FLOOR
) -> Usd:
    """Return a key's weight (USD): its expected spend `burn`, at least `floor`.

    For a key that ran dry it is twice its last portion at least: its burn tells what it got, not
    what it wanted. Until a key was read again its new portion counts: what was decided by the same
    facts a moment ago is not decided otherwise.
    """
    if hold is None:
        return max(floor, burn)
    if hold.confirmed_at is not None and hold.confirmed_at >= read_at:
        return max(floor, burn, hold.portion.quantize(CENT))
    return max(floor, burn, 2 * hold.portion.quantize(CENT)) if allowed < CENT else max(floor, burn)


def short_below(burn: Usd) -> Usd:
    """Return the allowance under which a key is short: half its expected spend, at least `FLOOR`."""
    return max(FLOOR, burn / 2) if burn > FLOOR else FLOOR
