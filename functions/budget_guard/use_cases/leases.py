"""One run at a time for each function: a lease in the ledger, which ends by itself."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from budget_guard.domain.errors import LedgerError
from budget_guard.use_cases.ledger import Lease, Ledger


@contextmanager
def leased(
    ledger: Ledger, name: str, *, token: str, now: datetime, lasts: timedelta
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
