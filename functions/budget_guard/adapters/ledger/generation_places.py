"""Where single generations lie, each twice, by its day and by its id alone; and what follows."""

from datetime import UTC, date
from hashlib import sha256

from budget_guard.domain.generations import Generation
from budget_guard.domain.sampling import GenerationsRead, Sampled
from budget_guard.domain.signals.requests import DayRequests
from budget_guard.domain.signals.signal import RequestSignals

DIGITS = "0123456789abcdef"
READ = "GENERATIONSREAD"
SIGNALS = ("SIGNALS", "REQUESTS")


def of(
    record: Generation | Sampled | GenerationsRead | DayRequests | RequestSignals,
) -> tuple[str, str]:
    """Return partition and place: of a generation, one of the sixteen of its day."""
    match record:
        case Generation():
            digit = sha256(record.id.encode()).hexdigest()[0]
            return f"GENERATION#{_day(record.created_at.astimezone(UTC).date())}#{digit}", record.id
        case Sampled():
            hour = record.hour.astimezone(UTC)
            return sampled_partition(hour.date()), f"{hour:%H}#{record.workspace}"
        case GenerationsRead():
            return READ, record.workspace
        case DayRequests():
            return day_requests(record.day)
        case RequestSignals():
            return SIGNALS


def by_id(identity: str) -> tuple[str, str]:
    """Return where a generation lies under its id."""
    return f"GENERATIONID#{identity}", "ONE"


def partitions(day: date) -> tuple[str, ...]:
    """Return where all generations of a day lie."""
    return tuple(f"GENERATION#{_day(day)}#{digit}" for digit in DIGITS)


def sampled_partition(day: date) -> str:
    """Return where it lies what became of the generations of a day."""
    return f"SAMPLED#{_day(day)}"


def day_requests(day: date) -> tuple[str, str]:
    """Return where it lies what the requests of a day were like."""
    return "DAYREQUESTS", _day(day)


def _day(day: date) -> str:
    return day.isoformat()
