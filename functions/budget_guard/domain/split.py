"""How a lineage's money is split while two of its keys live."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from budget_guard.domain.holds import Possible, exposure
from budget_guard.domain.keys import Counters
from budget_guard.domain.money import MICRO, ZERO, Usd, round_down
from budget_guard.domain.policy import FLOOR
from budget_guard.domain.windows import Window

AHEAD = Decimal(6)
"""So many times ten minutes, for which the old key keeps what it spends, are an hour."""
EXPIRY_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Room:
    """What a constraint leaves to one lineage (USD): all that others can spend of it taken off.

    `window` None: for ever.
    """

    left: Usd
    window: Window | None = None
    include_byok: bool = False


class Limited(NamedTuple):
    """Every limit that may be in force on a key, and its counters as read at `read_at`."""

    possible: tuple[Possible, ...]
    counters: Counters
    read_at: datetime

    def reaches(self, room: Room, now: datetime) -> Usd:
        """Return the most the key can still spend of a room, if nobody acts (USD)."""
        return exposure(
            self.possible,
            self.counters,
            self.read_at,
            window=room.window,
            byok=room.include_byok,
            now=now,
        )


def kept(allowance: Usd, burn: Usd, reach: Usd) -> Usd:
    """Return what the old key keeps: `allowance` and what it spends in 10 minutes at `burn` an hour.

    Never more than half of the most it could spend before (`reach`): the rest is its successor's.
    """
    return max(ZERO, min(reach / 2, allowance + burn / AHEAD))


def free(rooms: Iterable[Room], keys: Sequence[Limited], now: datetime) -> Usd:
    """Return what is free in every room beside what the lineage's keys can spend (USD, rounded down).

    Infinity where there is no room: nothing bounds the lineage.
    """
    lefts = [room.left - sum((key.reaches(room, now) for key in keys), ZERO) for room in rooms]
    least = min(lefts, default=Decimal("Infinity"))
    if not least.is_finite():
        return least if least > 0 else ZERO
    return max(ZERO, round_down(least))


def is_enough(granted: Usd, allowed: Usd) -> bool:
    """Tell whether a key can take the place of one that could spend `allowed` with so much (USD).

    With `FLOOR` it can, or with a quarter of what there was; never with nothing: no limit of 0 is
    documented.
    """
    return granted >= max(MICRO, min(FLOOR, allowed / 4))


def expiry(made_at: datetime, ends_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a key made now ends, so that it lives as long as the one made at `made_at`.

    A minute less, in whole seconds: an account may have a maximum lifetime, and clocks differ. None
    where the old one never ends.
    """
    if ends_at is None:
        return None
    return (now + (ends_at - made_at) - EXPIRY_MARGIN).replace(microsecond=0)
