"""When a record may be thrown away."""

from datetime import datetime, timedelta

from budget_guard.adapters.ledger import layout
from budget_guard.adapters.ledger.layout import HOURS_KEPT, YEAR_AND_MORE
from budget_guard.domain.alerts import Alert, AlertState
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.observations import FORMER_KEPT, Observation
from budget_guard.domain.records import Audit, Grant, SpendRecord
from budget_guard.use_cases.ledger import Record

SENT_KEPT = timedelta(days=35)
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
        case CostSpend():
            since, kept = record.at, HOURS_KEPT
        case _:
            since, kept = layout.lifetime(record)
    return since, kept
