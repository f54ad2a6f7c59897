"""Where each record lies in the one table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from string import hexdigits

from budget_guard.adapters.ledger import layout
from budget_guard.adapters.ledger.layout import Address
from budget_guard.domain.alerts import Alert, AlertState, Incident
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.holds import Hold
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.records import (
    Approval,
    Audit,
    Deployed,
    Freeze,
    Grant,
    PollReport,
    Release,
    SpendRecord,
    Workspace,
)
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.signal import RequestSignals, Signals
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.ledger import Record

DIGITS = "0123456789abcdef"
OPEN_ALERTS = "ALERT#OPEN"


LAST_POLL = Address("POLL", "LAST")
DEPLOYED = Address("DEPLOYED", "LAST")
SIGNALS = Address("SIGNALS", "LAST")
REQUEST_SIGNALS = Address("SIGNALS", "REQUESTS")
ONLY: Mapping[type, Address] = {
    PollReport: LAST_POLL,
    Deployed: DEPLOYED,
    Signals: SIGNALS,
    RequestSignals: REQUEST_SIGNALS,
}
"""Where records lie of which there is one."""
COST_SPENDS = "COSTSPEND"
LINEAGES = "LINEAGE"
ROTATIONS = "ROTATION"


@dataclass(frozen=True, slots=True)
class Write:
    """What an address is to hold: a record, or nothing any more."""

    address: Address
    record: Record | None = None


def observation_address(key: str) -> Address:
    """Return where the observation of a key lies."""
    return _spread("OBS", key)


def freshness_address(workspace: str) -> Address:
    """Return where it lies when a workspace was last seen completely."""
    return Address("FRESHNESS", workspace)


def hold_address(key: str) -> Address:
    """Return where the hold of a key lies."""
    return _spread("HOLD", key)


def lease_address(name: str) -> Address:
    """Return where the lease of that name lies."""
    return Address("LEASE", name)


def audit_partition(key: str) -> str:
    """Return where the changes made to a key lie, in the order of time."""
    return f"AUDIT#{key}"


def partitions(kind: str) -> tuple[str, ...]:
    """Return the 16 partitions over which records of a key are spread by their hash."""
    return tuple(f"{kind}#{digit}" for digit in DIGITS)


def address(record: Record) -> Address:
    """Return where `record` lies; a record saved there later replaces it."""
    match record:
        case Observation():
            place = observation_address(record.key.hash)
        case Hold():
            place = hold_address(record.key)
        case Wish():
            place = _spread("WISH", record.key)
        case Freshness():
            place = freshness_address(record.workspace)
        case Workspace():
            place = Address("WORKSPACE", record.id)
        case PollReport() | Deployed() | Signals() | RequestSignals():
            place = ONLY[type(record)]
        case CostSpend():
            place = Address(COST_SPENDS, record.budget)
        case Lineage():
            place = Address(LINEAGES, record.secret)
        case Rotation():
            place = Address(ROTATIONS, record.secret)
        case _:
            place = _address_of_rest(record)
    return place


def _address_of_rest(record: Record) -> Address:
    match record:
        case Incident():
            place = Address("INCIDENT", record.id)
        case Alert(state=AlertState.SENT):
            place = Address("ALERT#SENT", f"{_stamp(record.at)}#{record.event_id}")
        case Alert():
            place = Address(OPEN_ALERTS, record.event_id)
        case Grant():
            place = Address("GRANT", record.id)
        case Release():
            place = Address("RELEASE", record.key or "*")
        case Freeze():
            place = Address("FREEZE", record.key)
        case Approval():
            place = Address("APPROVAL", "guard" if record.by_guard else "person")
        case SpendRecord():
            key = record.key or ""
            pk = f"SPEND#{_digit(key)}#{record.budget}"
            place = Address(pk, f"{record.window}#{_stamp(record.start)}#{key}")
        case Audit():
            place = Address(audit_partition(record.key), f"{_stamp(record.at)}#{record.id}")
        case _:
            place = layout.place(record)
    return place


def writes(records: Iterable[Record]) -> Iterator[tuple[Write, ...]]:
    """Yield what saving `records` writes, as groups that must not be torn apart.

    Of two records with one identity the later counts.
    """
    last = {_identity(record): record for record in records}
    for place, record in last.items():
        target = address(record)
        moved = () if target == place else (Write(place),)
        yield (*moved, *_second(record), Write(target, record))


def _second(record: Record) -> tuple[Write, ...]:
    place = layout.second_place(record)
    return (Write(place, record),) if place else ()


def _identity(record: Record) -> Address:
    """Return the address that stays the same over a record's life: an alert moves when sent."""
    if isinstance(record, Alert):
        return Address(OPEN_ALERTS, record.event_id)
    return address(record)


def _spread(kind: str, key: str) -> Address:
    return Address(f"{kind}#{_digit(key)}", key)


def _digit(key: str) -> str:
    first = key[:1].lower()
    return first if first and first in hexdigits else "0"


def _stamp(at: datetime) -> str:
    """Return a text that sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
