"""Fields of OpenRouter's JSON, each checked. They raise `UnusableError`, and `KeyError` where missing."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.domain.money import ZERO, Usd

MOST_USD = Decimal(10) ** 13
MOST_DIGITS = 38
IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,128}")

type Row = Mapping[str, Any]


def data_of(answer: Answer) -> object:
    """Return the answer's `data`; raise `ProviderConfusing` without."""
    if not isinstance(answer.body, dict) or "data" not in answer.body:
        raise answer.unusable(field="data", why="Field required")
    return answer.body["data"]


@contextmanager
def fields_of(answer: Answer) -> Iterator[Row]:
    """Give the one object that an answer is about; within, errors name endpoint and field."""
    data = data_of(answer)
    if not isinstance(data, dict):
        raise answer.unusable(field="data", why="Input should be an object")
    try:
        yield data
    except UnusableError as error:
        raise answer.unusable(field=f"data{error.field}", why=error.why) from None
    except KeyError as missing:
        raise answer.unusable(field=f"data.{missing.args[0]}", why="Field required") from None


def amount(row: Row, name: str) -> Usd:
    """Return an amount in USD that is not negative."""
    value = usd(row, name)
    if value < 0:
        raise UnusableError(field=f".{name}", why="Input should not be negative")
    return value


def usd(row: Row, name: str) -> Usd:
    """Return an amount in USD: JSON numbers only, whole or not, and none that is absurd."""
    value = row[name]
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise UnusableError(field=f".{name}", why="Input should be a number")
    if not value:
        return ZERO
    is_sane = (
        value.is_finite() and -MOST_USD < value < MOST_USD and value.adjusted() >= -MOST_DIGITS
    )
    if not is_sane or len(value.as_tuple().digits) > MOST_DIGITS:
        raise UnusableError(field=f".{name}", why="Input should be an amount of USD")
    return value


def identifier(row: Row, name: str) -> str:
    """Return what can be a part of a path."""
    value = row[name]
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise UnusableError(field=f".{name}", why="Input should be an identifier")
    return value


def text(row: Row, name: str) -> str:
    """Return a text that can be sent on: half a surrogate pair in a name must not blind the guard."""
    value = row[name]
    if not isinstance(value, str):
        raise UnusableError(field=f".{name}", why="Input should be a text")
    return value if value.isascii() else value.encode(errors="replace").decode()


def flag(row: Row, name: str) -> bool:
    """Return whether something is so."""
    value = row[name]
    if not isinstance(value, bool):
        raise UnusableError(field=f".{name}", why="Input should be true or false")
    return value


def time(row: Row, name: str) -> datetime:
    """Return an ISO 8601 time as UTC; both `...Z` and `...+00:00` occur."""
    try:
        moment = datetime.fromisoformat(row[name])
        if moment.tzinfo:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise UnusableError(field=f".{name}", why="Input should be a time with an offset")
