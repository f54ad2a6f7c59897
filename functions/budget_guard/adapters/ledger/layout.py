"""How records lie in the table: who keeps or reads records of a form, registers it here.

No function knows all forms: what it does not import, it has no place for.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import singledispatch
from string import hexdigits
from typing import NamedTuple

YEAR_AND_MORE = timedelta(days=400)
HOURS_KEPT = timedelta(days=35)
"""Of what is told by the hour, and of single generations."""
DIGITS = "0123456789abcdef"
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


class Address(NamedTuple):
    """The key of an item: its partition, and its place in it."""

    pk: str
    sk: str


@singledispatch
def place(record: object) -> Address:
    """Return where `record` lies; a record saved there later replaces it."""
    message = f"this ledger has no place for {type(record).__name__}"
    raise TypeError(message)


@singledispatch
def first_place(record: object) -> Address:
    """Return where `record` lay at first: some move, and must not be left behind."""
    return place(record)


@singledispatch
def second_place(_record: object) -> Address | None:
    """Return where `record` lies too, for those who look for it otherwise."""
    return None


@singledispatch
def lifetime(_record: object) -> tuple[datetime | None, timedelta]:
    """Return for how long a record is kept, and since when that counts; None: for ever."""
    return None, timedelta()


@singledispatch
def form(record: object) -> str:
    """Return what the item says it is."""
    return type(record).__name__


@singledispatch
def marks(_record: object) -> Mapping[str, int | str]:
    """Return what the item says beside the record, for those who do not read it whole."""
    return {}


def expires(record: object) -> datetime | None:
    """Return from when on `record` is of no use; None: it is kept until it is forgotten."""
    since, kept = lifetime(record)
    return since + kept if since and since < LAST_MOMENT - kept else None


def spread(kind: str, key: str) -> Address:
    """Return the place of a key's record, in one of the 16 partitions of its kind."""
    return Address(f"{kind}#{digit(key)}", key)


def partitions(kind: str) -> tuple[str, ...]:
    """Return the 16 partitions over which records of a key are spread by their hash."""
    return tuple(f"{kind}#{one}" for one in DIGITS)


def digit(key: str) -> str:
    """Return the first digit of a hash, "0" of anything else."""
    first = key[:1].lower()
    return first if first and first in hexdigits else "0"


def stamp(at: datetime) -> str:
    """Return a text that sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
