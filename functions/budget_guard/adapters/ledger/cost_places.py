"""Where costs lie, and what follows from them; imported, the ledger knows."""

from datetime import UTC, date, datetime, time, timedelta

from budget_guard.adapters.ledger.layout import (
    HOURS_KEPT,
    YEAR_AND_MORE,
    Address,
    lifetime,
    place,
)
from budget_guard.domain.costs import CostDay, CostHour, CostsRead
from budget_guard.domain.offer import Offer
from budget_guard.domain.signals.shapes import DayHabits, DayMix

READ = "COSTSREAD"
OFFER = Address("OFFER", "LAST")


@place.register(CostHour)
def _(record: CostHour) -> Address:
    hour = record.hour.astimezone(UTC)
    sk = f"{hour.isoformat(timespec='seconds')}#{record.workspace}#{record.part:04}"
    return Address(hours_partition(hour.date()), sk)


@place.register(CostDay)
def _(record: CostDay) -> Address:
    return Address(day_partition(record.day), record.part)


@place.register(CostsRead)
def _(record: CostsRead) -> Address:
    return Address(READ, record.source)


@place.register(DayMix)
def _(record: DayMix) -> Address:
    return mix(record.day)


@place.register(DayHabits)
def _(record: DayHabits) -> Address:
    return Address(habits_partition(record.day), record.part)


@place.register(Offer)
def _(_record: Offer) -> Address:
    return OFFER


@lifetime.register(CostHour)
def _(record: CostHour) -> tuple[datetime, timedelta]:
    return record.hour, HOURS_KEPT


@lifetime.register(CostDay)
@lifetime.register(DayMix)
@lifetime.register(DayHabits)
def _(record: CostDay | DayMix | DayHabits) -> tuple[datetime, timedelta]:
    return datetime.combine(record.day, time(), UTC), YEAR_AND_MORE


def hours_partition(day: date) -> str:
    """Return where the costs of a day's hours lie."""
    return f"COSTHOUR#{day.isoformat()}"


def day_partition(day: date) -> str:
    """Return where the costs of a day lie, as activity told them."""
    return f"COSTDAY#{day.isoformat()}"


def mix(day: date) -> Address:
    """Return where it lies who spent on what on a day."""
    return Address("DAYMIX", day.isoformat())


def habits_partition(day: date) -> str:
    """Return where the habits of keys on a day lie."""
    return f"DAYHABITS#{day.isoformat()}"
