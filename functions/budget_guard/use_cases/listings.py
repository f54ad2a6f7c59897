"""What a listing says of a workspace's keys, beside what is known of them.

Most keys are as they were: their rows are told by a fingerprint, and not read again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from budget_guard.domain.keys import Reading
from budget_guard.domain.observations import Observation


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that was left unread, for its fingerprint is known. Times are as a `Reading`'s."""

    began: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """All keys of one workspace by hash, disabled and expired ones included.

    `began` is before the first page's request, `at` the last page's `Date`.
    """

    rows: Mapping[str, Reading | Unread]
    began: datetime
    at: datetime

    @property
    def readings(self) -> Sequence[Reading]:
        """Return the rows that were read."""
        return [one for one in self.rows.values() if isinstance(one, Reading)]


@dataclass(frozen=True, slots=True)
class Known:
    """What a poll must know of every key on record; `observation` gives the rest.

    `workspace` is where the key must be listed, None if it is gone. A row that has `fingerprint`
    ("": none has) says nothing new. `observation` may raise `LedgerError`.
    """

    workspace: str | None
    fingerprint: str
    observation: Callable[[], Observation]

    @classmethod
    def of(cls, seen: Observation) -> Self:
        """Return this of an observation that was read already."""
        return cls(None if seen.gone_at else seen.key.workspace, seen.fingerprint, lambda: seen)
