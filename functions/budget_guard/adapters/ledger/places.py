"""Where it lies what people ask for, and what is decided and told; imported, the ledger knows."""

from datetime import datetime, timedelta

from budget_guard.adapters.ledger.layout import (
    HOURS_KEPT,
    YEAR_AND_MORE,
    Address,
    digit,
    first_place,
    lifetime,
    place,
    stamp,
)
from budget_guard.domain.alerts import Alert, AlertState, Incident
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.records import Approval, Deployed, Freeze, Grant, Release, SpendRecord
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.signal import RequestSignals, Signals

DEPLOYED = Address("DEPLOYED", "LAST")
SIGNALS = Address("SIGNALS", "LAST")
REQUEST_SIGNALS = Address("SIGNALS", "REQUESTS")
COST_SPENDS = "COSTSPEND"
LINEAGES = "LINEAGE"
ROTATIONS = "ROTATION"
OPEN_ALERTS = "ALERT#OPEN"
SENT_KEPT = timedelta(days=35)
GRANT_KEPT = timedelta(days=62)


@place.register(Deployed)
def _(_record: Deployed) -> Address:
    return DEPLOYED


@place.register(Signals)
def _(_record: Signals) -> Address:
    return SIGNALS


@place.register(RequestSignals)
def _(_record: RequestSignals) -> Address:
    return REQUEST_SIGNALS


@place.register(CostSpend)
def _(record: CostSpend) -> Address:
    return Address(COST_SPENDS, record.budget)


@lifetime.register(CostSpend)
def _(record: CostSpend) -> tuple[datetime, timedelta]:
    return record.at, HOURS_KEPT


@place.register(Lineage)
def _(record: Lineage) -> Address:
    return Address(LINEAGES, record.secret)


@place.register(Rotation)
def _(record: Rotation) -> Address:
    return Address(ROTATIONS, record.secret)


@place.register(Incident)
def _(record: Incident) -> Address:
    return Address("INCIDENT", record.id)


@place.register(Alert)
def _(record: Alert) -> Address:
    if record.state is AlertState.SENT:
        return Address("ALERT#SENT", f"{stamp(record.at)}#{record.event_id}")
    return Address(OPEN_ALERTS, record.event_id)


@first_place.register(Alert)
def _(record: Alert) -> Address:
    # It moves when it is sent.
    return Address(OPEN_ALERTS, record.event_id)


@lifetime.register(Alert)
def _(record: Alert) -> tuple[datetime | None, timedelta]:
    return record.at if record.state is AlertState.SENT else None, SENT_KEPT


@place.register(Grant)
def _(record: Grant) -> Address:
    return Address("GRANT", record.id)


@lifetime.register(Grant)
def _(record: Grant) -> tuple[datetime, timedelta]:
    return record.ends, GRANT_KEPT


@place.register(Release)
def _(record: Release) -> Address:
    return Address("RELEASE", record.key or "*")


@place.register(Freeze)
def _(record: Freeze) -> Address:
    return Address("FREEZE", record.key)


@place.register(Approval)
def _(record: Approval) -> Address:
    return Address("APPROVAL", "guard" if record.by_guard else "person")


@place.register(SpendRecord)
def _(record: SpendRecord) -> Address:
    key = record.key or ""
    pk = f"SPEND#{digit(key)}#{record.budget}"
    return Address(pk, f"{record.window}#{stamp(record.start)}#{key}")


@lifetime.register(SpendRecord)
def _(record: SpendRecord) -> tuple[datetime, timedelta]:
    return record.start, YEAR_AND_MORE
