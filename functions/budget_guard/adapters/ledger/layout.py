"""Where records lie that not every function knows: those who do, register what they know."""

from datetime import datetime, timedelta
from functools import singledispatch
from typing import NamedTuple

YEAR_AND_MORE = timedelta(days=400)
HOURS_KEPT = timedelta(days=35)
"""Of what is told by the hour, and of single generations."""


class Address(NamedTuple):
    """The key of an item: its partition, and its place in it."""

    pk: str
    sk: str


@singledispatch
def place(record: object) -> Address:
    """Return where `record` lies; a record saved there later replaces it."""
    message = f"a ledger without costs has no place for {type(record).__name__}"
    raise TypeError(message)


@singledispatch
def second_place(_record: object) -> Address | None:
    """Return where `record` lies too, for those who look for it otherwise."""
    return None


@singledispatch
def lifetime(_record: object) -> tuple[datetime | None, timedelta]:
    """Return for how long a record is kept, and since when that counts; None: for ever."""
    return None, timedelta()
