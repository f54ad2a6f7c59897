"""Keys that have a name the guard asked for, and are on no record: what became of lost answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.lineage import Lineage

LATEST = timedelta(hours=6)
"""How long after it was asked for a key may come to be (OpenRouter states no bound)."""
CLOCKS = timedelta(minutes=1)
"""By how much the guard's clock and OpenRouter's may differ."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A key in a listing: who it is, since when it exists, and whether, and when last, it was used.

    `used_at` is None too where OpenRouter does not say, or it was before the end of 2025.
    """

    hash: str
    name: str
    created_at: datetime
    is_used: bool
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stray:
    """Keys that have a name the guard asked for, and are on no record.

    `orphans` are nobody's: made soon after the name was asked for, and never used, since their
    plaintext is lost. `doubtful` may be a person's: they are told of, and not touched.
    """

    orphans: tuple[Sighting, ...] = ()
    doubtful: tuple[Sighting, ...] = ()


def stray(lineage: Lineage, seen: Iterable[Sighting], *, pending: str | None = None) -> Stray:
    """Return which of the keys `seen` are stray; `pending` is one whose plaintext is kept."""
    names = {one.name for one in lineage.asked}
    found = [
        one
        for one in seen
        if one.name in names and one.hash != pending and not lineage.knows(one.hash)
    ]
    orphans = [one for one in found if not one.is_used and _was_asked_for(one, lineage)]
    doubtful = [one for one in found if one not in orphans]
    return Stray(tuple(orphans), tuple(doubtful))


def _was_asked_for(one: Sighting, lineage: Lineage) -> bool:
    return any(
        asked.name == one.name and asked.at - CLOCKS <= one.created_at <= asked.at + LATEST
        for asked in lineage.asked
    )
