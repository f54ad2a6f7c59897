"""One run at a time for each function: a lease in the ledger, which ends by itself."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from budget_guard.domain.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run (`token`) to write for `name`, until a moment of the wall clock."""

    name: str
    token: str
    until: datetime


class Leasing(Protocol):
    """Who gives leases. Methods may raise `LedgerUnavailable`."""

    def acquire(self, lease: Lease, *, now: datetime) -> None:
        """Take the lease; raise `LeaseLost` while another token's has not ended at `now`."""
        ...

    def give_back(self, lease: Lease) -> None:
        """End the lease; does nothing if it is another's by now."""
        ...


@contextmanager
def leased(
    ledger: Leasing, name: str, *, token: str, now: datetime, lasts: timedelta
) -> Iterator[Lease]:
    """Hold the lease `name` for the block; `lasts` must exceed the longest run.

    Raises `LeaseLost` where another run holds it. A run that dies leaves it to end by itself.
    """
    lease = Lease(name, token, now + lasts)
    ledger.acquire(lease, now=now)
    try:
        yield lease
    finally:
        with suppress(LedgerError):
            ledger.give_back(lease)
