"""Where it lies what was spent on a selection of models or providers; imported, the ledger knows."""

from datetime import UTC, datetime, time, timedelta

from budget_guard.adapters.ledger.layout import HOURS_KEPT, Address, lifetime, place
from budget_guard.domain.cost_spends import DaySpend


@place.register(DaySpend)
def _(record: DaySpend) -> Address:
    return Address(partition(record.selection), f"{record.day.isoformat()}#{record.part}")


@lifetime.register(DaySpend)
def _(record: DaySpend) -> tuple[datetime, timedelta]:
    return datetime.combine(record.day, time(), UTC), HOURS_KEPT


def partition(selection: str) -> str:
    """Return where it lies what was spent on a selection, by day."""
    return f"DAYSPEND#{selection}"
