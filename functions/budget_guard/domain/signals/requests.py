"""Requests on record, day by day and small: what routes and sessions are compared with.

What is on record was selected: above a price, one in so many, or sent by applications. Each
selection is compared with nothing but itself on the days before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.generations import Generation
from budget_guard.domain.sampling import Hours

RECENT = timedelta(hours=3)
"""What is looked at: long enough for some requests, short enough to be told soon."""
STEP = 3
"""Hours: as long as what is looked at."""
STEPS = 24 // STEP
HISTORY_DAYS = 7
FEWEST_DAYS = 3
SENT = "sent"
"""The selection of what only applications told of."""


class What(StrEnum):
    """What repeats itself: a session as OpenRouter tells it, or a job as an application does."""

    SESSION = "session"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Route:
    """The requests of a selection that an owner (None: the account) sent to a provider first."""

    selection: str
    owner: str | None
    provider: str


@dataclass(frozen=True, slots=True)
class Tried:
    """How many requests took a route in each three hours of a day, and how many fell back."""

    route: Route
    requests: tuple[int, ...]
    fell_back: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Busiest:
    """The most requests of a selection that one session, or job, of a key made in an hour."""

    selection: str
    key: str
    what: What
    requests: int


@dataclass(frozen=True, slots=True)
class DayRequests:
    """What the requests of a day that are on record were like."""

    day: date
    at: datetime
    routes: tuple[Tried, ...] = ()
    busiest: tuple[Busiest, ...] = ()


def selection(one: Generation, hour: datetime, hours: Hours) -> str:
    """Return why a generation is on record: as the budgets file said when its hour was read."""
    sampled = hours.get((one.workspace, hour))
    choice = sampled.choice if sampled else None
    return _spelled(choice) if choice and choice.takes(one.id, one.cost) else SENT


def _spelled(choice: Choice) -> str:
    match choice:
        case OneIn(1):
            return "all"
        case OneIn(n):
            return f"1 in {n}"
        case Above(usd):
            return f"above {usd.normalize():f}"
        case None:
            return SENT


def of_those(selected: str) -> str:
    """Return of which requests something is told, in words."""
    match selected.split():
        case ["all"]:
            return "of the requests on record"
        case ["above", usd]:
            return f"of the requests on record (above {usd} USD)"
        case [one] if one == SENT:
            return "of the requests on record (told by applications)"
        case _:
            return f"of the requests on record (a sample of {selected})"


def stands_for(selected: str) -> int:
    """Return for how many requests one on record stands: more than one in a sample."""
    return int(selected.rsplit(maxsplit=1)[-1]) if selected.startswith("1 in ") else 1


def usual_most(past: Mapping[date, Decimal], day: date) -> Decimal | None:
    """Return the most that is usual; None where too few days tell.

    One day may have been odd: it is forgotten, unless it was the same weekday a week before.
    """
    if len(past) < FEWEST_DAYS:
        return None
    second = sorted(past.values())[-2]
    return max(second, past.get(day - timedelta(days=7), second))
