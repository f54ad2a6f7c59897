"""Where costs lie, and what follows from them."""

from datetime import UTC, date

from budget_guard.domain.costs import CostDay, CostHour, CostsRead
from budget_guard.domain.offer import Offer
from budget_guard.domain.signals.shapes import DayHabits, DayMix
from budget_guard.domain.signals.signal import Signals

READ = "COSTSREAD"
SIGNALS = ("SIGNALS", "LAST")
OFFER = ("OFFER", "LAST")


def of(
    record: CostHour | CostDay | CostsRead | DayMix | DayHabits | Signals | Offer,
) -> tuple[str, str]:
    """Return partition and place."""
    match record:
        case CostHour():
            hour = record.hour.astimezone(UTC)
            place = f"{hour.isoformat(timespec='seconds')}#{record.workspace}#{record.part:04}"
            return hours_partition(hour.date()), place
        case CostDay():
            return day_partition(record.day), record.part
        case CostsRead():
            return READ, record.source
        case DayMix():
            return mix(record.day)
        case DayHabits():
            return habits_partition(record.day), record.part
        case Signals() | Offer():
            return SIGNALS if isinstance(record, Signals) else OFFER


def hours_partition(day: date) -> str:
    """Return where the costs of a day's hours lie."""
    return f"COSTHOUR#{day.isoformat()}"


def day_partition(day: date) -> str:
    """Return where the costs of a day lie, as activity told them."""
    return f"COSTDAY#{day.isoformat()}"


def mix(day: date) -> tuple[str, str]:
    """Return where it lies who spent on what on a day."""
    return "DAYMIX", day.isoformat()


def habits_partition(day: date) -> str:
    """Return where the habits of keys on a day lie."""
    return f"DAYHABITS#{day.isoformat()}"
