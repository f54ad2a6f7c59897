"""Where single generations lie, each twice (by its day and by its id), and what they came to."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from budget_guard.adapters.ledger.layout import (
    DIGITS,
    HOURS_KEPT,
    YEAR_AND_MORE,
    Address,
    lifetime,
    place,
    second_place,
)
from budget_guard.domain.daily import DayOutcomes, DayTag, DayTouched, Tag
from budget_guard.domain.generations import KEPT, Generation
from budget_guard.domain.sampling import GenerationsRead, Sampled
from budget_guard.domain.signals.requests import DayRequests

READ = "GENERATIONSREAD"
TOUCHED = "DAYTOUCHED"


@place.register(Generation)
def _(record: Generation) -> Address:
    digit = sha256(record.id.encode()).hexdigest()[0]
    day = record.created_at.astimezone(UTC).date()
    return Address(f"GENERATION#{_day(day)}#{digit}", record.id)


@second_place.register(Generation)
def _(record: Generation) -> Address:
    return by_id(record.id)


@place.register(Sampled)
def _(record: Sampled) -> Address:
    hour = record.hour.astimezone(UTC)
    return Address(sampled_partition(hour.date()), f"{hour:%H}#{record.workspace}")


@place.register(GenerationsRead)
def _(record: GenerationsRead) -> Address:
    return Address(READ, record.workspace)


@place.register(DayOutcomes)
def _(record: DayOutcomes) -> Address:
    return outcomes(record.day)


@place.register(DayTag)
def _(record: DayTag) -> Address:
    return tagged(record.day, record.tag)


@place.register(DayTouched)
def _(record: DayTouched) -> Address:
    return Address(TOUCHED, _day(record.day))


@place.register(DayRequests)
def _(record: DayRequests) -> Address:
    return day_requests(record.day)


@lifetime.register(DayRequests)
def _(record: DayRequests) -> tuple[datetime, timedelta]:
    return datetime.combine(record.day, time(), UTC), HOURS_KEPT


@lifetime.register(Generation)
def _(record: Generation) -> tuple[datetime, timedelta]:
    return record.created_at, KEPT


@lifetime.register(DayOutcomes)
@lifetime.register(DayTag)
def _(record: DayOutcomes | DayTag) -> tuple[datetime, timedelta]:
    return datetime.combine(record.day, time(), UTC), YEAR_AND_MORE


@lifetime.register(Sampled)
def _(record: Sampled) -> tuple[datetime, timedelta]:
    return record.hour, HOURS_KEPT


def by_id(identity: str) -> Address:
    """Return where a generation lies under its id."""
    return Address(f"GENERATIONID#{identity}", "ONE")


def partitions(day: date) -> tuple[str, ...]:
    """Return where all generations of a day lie."""
    return tuple(f"GENERATION#{_day(day)}#{digit}" for digit in DIGITS)


def outcomes(day: date) -> Address:
    """Return where it lies what the generations of a day came to."""
    return Address("DAYOUTCOMES", _day(day))


def tagged(day: date, tag: Tag) -> Address:
    """Return where the costs of a day's generations by a tag lie."""
    return Address(f"DAYTAG#{tag}", _day(day))


def sampled_partition(day: date) -> str:
    """Return where it lies what became of the generations of a day."""
    return f"SAMPLED#{_day(day)}"


def day_requests(day: date) -> Address:
    """Return where it lies what the requests of a day were like."""
    return Address("DAYREQUESTS", _day(day))


def _day(day: date) -> str:
    return day.isoformat()
