"""Amounts and times as texts. Equal ones are often one object: accounts have thousands alike."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from budget_guard.domain.keys import Spent
from budget_guard.domain.money import ZERO, Usd

NOTHING = Spent()
BROKEN = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What reading raises where the ledger's JSON is not what it should be."""


def amount(text: str) -> Usd:
    """Return the amount with exactly its digits; raise `ArithmeticError` or `TypeError`."""
    return ZERO if text == "0" else Decimal(text)


def spent(text: str) -> Spent:
    """Return the counters that a text has: credits, and BYOK unless that is 0."""
    if text == "0":
        return NOTHING
    credits_, _, byok = text.partition(" ")
    return Spent(amount(credits_), amount(byok or "0"))


def spent_text(counters: Spent) -> str:
    """Return what `spent` reads."""
    byok = str(counters.byok)
    return str(counters.credits) if byok == "0" else f"{counters.credits} {byok}"


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
