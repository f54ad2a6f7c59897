"""When a record may be thrown away."""

from datetime import UTC, datetime, time, timedelta

from budget_guard.domain.alerts import Alert, AlertState
from budget_guard.domain.costs import CostDay, CostHour
from budget_guard.domain.generations import Generation
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.observations import FORMER_KEPT, Observation
from budget_guard.domain.records import Audit, Grant, SpendRecord
from budget_guard.domain.sampling import Sampled
from budget_guard.domain.signals.requests import DayRequests
from budget_guard.domain.signals.shapes import DayHabits, DayMix
from budget_guard.use_cases.ports import Record

YEAR_AND_MORE = timedelta(days=400)
SENT_KEPT = timedelta(days=35)
HOURS_KEPT = timedelta(days=35)
GRANT_KEPT = timedelta(days=62)


def expires(record: Record) -> datetime | None:
    """Return from when on `record` is of no use; None: it is kept until it is forgotten."""
    since, kept = _kept(record)
    return since + kept if since and since < FOR_EVER - kept else None


def _kept(record: Record) -> tuple[datetime | None, timedelta]:
    """Return for how long a record is kept, and since when that counts; None: for ever."""
    since, kept = None, timedelta()
    match record:
        case Observation():
            since, kept = record.gone_at, FORMER_KEPT
        case SpendRecord():
            since, kept = record.start, YEAR_AND_MORE
        case Audit():
            since, kept = record.at, YEAR_AND_MORE
        case Alert(state=AlertState.SENT):
            since, kept = record.at, SENT_KEPT
        case Grant():
            since, kept = record.ends, GRANT_KEPT
        case CostHour() | Sampled():
            since, kept = record.hour, HOURS_KEPT
        case Generation():
            since, kept = record.created_at, HOURS_KEPT
        case DayRequests():
            since, kept = datetime.combine(record.day, time(), UTC), HOURS_KEPT
        case CostDay() | DayMix() | DayHabits():
            since, kept = datetime.combine(record.day, time(), UTC), YEAR_AND_MORE
    return since, kept
