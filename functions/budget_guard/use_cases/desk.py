"""A person's word to the guard: written in the ledger, then evaluated.

Times count from the ledger's own: the latest of `now` and what was seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from budget_guard.domain.errors import GuardError, RequestError
from budget_guard.domain.records import Approval, Freeze, Grant, Release
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.ports import Starter

type Until = datetime | timedelta
"""A moment, or how long from now."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a person's word needs: the memory, the start of `evaluate`, whose word it is, when."""

    ledger: Ledger
    evaluate: Starter
    by: str
    now: datetime
    new_id: Callable[[], str] = lambda: uuid4().hex

    def put(self, record: Grant | Release | Freeze | Approval, at: datetime) -> str | None:
        """Write a person's word and start `evaluate`; return what kept it from starting."""
        self.ledger.save(record)
        return self.start(at)

    def start(self, at: datetime) -> str | None:
        """Start `evaluate`; return what kept it from starting."""
        try:
            self.evaluate.start(time=at, run=f"operator-{self.new_id()}")
        except GuardError as error:
            return str(error)
        return None


def end_of(until: Until, now: datetime) -> datetime:
    """Return the moment meant; raise `RequestError` unless it is after `now`."""
    ends = until if isinstance(until, datetime) else now + until
    if ends <= now:
        message = f"{ends:%Y-%m-%d %H:%M} UTC is not in the future"
        raise RequestError(message)
    return ends
