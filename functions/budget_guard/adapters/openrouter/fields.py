"""Fields of OpenRouter's JSON, each checked. They raise `UnusableError`, and `KeyError` where missing."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.domain.money import NOISE, ZERO, Usd

MOST_USD = Decimal(10) ** 13
MOST_DIGITS = 38
MOST_COUNT = 10**15
TEXT_OF_A_NUMBER = re.compile(r"-?\d{1,60}(\.\d{1,60})?([eE][+-]?\d{1,3})?", re.ASCII)
UNLABELLED = "unknown"
"""What a model or provider without a name is called."""
IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,128}")

type Row = Mapping[str, Any]


def data_of(answer: Answer) -> object:
    """Return the answer's `data`; raise `ProviderConfusing` without."""
    if not isinstance(answer.body, dict) or "data" not in answer.body:
        raise answer.unusable(field="data", why="Field required")
    return answer.body["data"]


@contextmanager
def data_in(answer: Answer) -> Iterator[object]:
    """Give what an answer is about; within, errors name endpoint and field."""
    data = data_of(answer)
    try:
        with within("data"):
            yield data
    except UnusableError as error:
        raise answer.unusable(field=error.field, why=error.why) from None


@contextmanager
def fields_of(answer: Answer) -> Iterator[Row]:
    """Give the one object that an answer is about; within, errors name endpoint and field."""
    with data_in(answer) as data:
        if not isinstance(data, dict):
            raise UnusableError(field="", why="Input should be an object")
        yield data


@contextmanager
def within(place: str) -> Iterator[None]:
    """Within, errors name the field at `place`; a missing one is an `UnusableError` too."""
    try:
        yield
    except UnusableError as error:
        raise UnusableError(field=f"{place}{error.field}", why=error.why) from None
    except KeyError as missing:
        raise UnusableError(field=f"{place}.{missing.args[0]}", why="Field required") from None


def each[T](rows: object, read: Callable[[Row], T]) -> list[T]:
    """Return what `read` makes of each object in a list; errors name its place."""
    if not isinstance(rows, list):
        raise UnusableError(field="", why="Input should be a list")
    found: list[T] = []
    for place, row in enumerate(rows):
        with within(f".{place}"):
            if not isinstance(row, dict):
                raise UnusableError(field="", why="Input should be an object")
            found.append(read(row))
    return found


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


def cost(row: Row, name: str) -> Usd:
    """Return an amount in USD that was summed up, as a number or the text of one.

    What is below zero by no more than rounding is 0; what is further below raises.
    """
    value = usd({name: _number(row[name])}, name)
    if value <= -NOISE:
        raise UnusableError(field=f".{name}", why="Input should not be negative")
    return max(ZERO, value)


def count(row: Row, name: str) -> int:
    """Return how many, from a number or the text of one."""
    value = _number(row[name])
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value < MOST_COUNT:
        raise UnusableError(field=f".{name}", why="Input should be a count")
    if value != int(value):
        raise UnusableError(field=f".{name}", why="Input should be a whole number")
    return int(value)


def _number(value: object) -> object:
    """Return the number that a text is of; anything else as it is."""
    is_text = isinstance(value, str) and TEXT_OF_A_NUMBER.fullmatch(value)
    return Decimal(str(value)) if is_text else value


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


def label(row: Row, name: str) -> str | None:
    """Return what something is called, the digits of an id too; None where it has no name."""
    value = row[name]
    if isinstance(value, Decimal):
        return str(count(row, name))
    return None if value is None else text(row, name) or None


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
