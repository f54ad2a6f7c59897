"""Where it lies what people ask for, and what is decided and told; imported, the ledger knows."""

from datetime import datetime, timedelta

from budget_guard.adapters.ledger.layout import (
    YEAR_AND_MORE,
    Address,
    digit,
    first_place,
    lifetime,
    place,
    stamp,
)
from budget_guard.domain.alerts import Alert, AlertState, Incident
from budget_guard.domain.records import Approval, Freeze, Grant, Release, SpendRecord

OPEN_ALERTS = "ALERT#OPEN"
SENT_KEPT = timedelta(days=35)
GRANT_KEPT = timedelta(days=62)


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
