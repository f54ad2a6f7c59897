"""Amounts and times as texts. Equal ones are often one object: accounts have thousands alike."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from budget_guard.domain.money import ZERO, Usd


def amount(text: str) -> Usd:
    """Return the amount with exactly its digits; raise `ArithmeticError` or `TypeError`."""
    return ZERO if text == "0" else Decimal(text)


@lru_cache(maxsize=10_000)
def moment(text: str) -> datetime:
    """Return an ISO 8601 time with an offset; raise `ValueError` or `TypeError`."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        message = f"the time {text} has no offset"
        raise ValueError(message)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def stamp(at: datetime) -> str:
    """Return a time as text, in UTC."""
    return at.astimezone(UTC).isoformat()
