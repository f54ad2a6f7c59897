"""Where it lies what is held, and wished, of keys; imported, the ledger knows."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from budget_guard.adapters.ledger.layout import (
    YEAR_AND_MORE,
    Address,
    form,
    lifetime,
    marks,
    place,
    spread,
    stamp,
)
from budget_guard.domain.audit import Audit
from budget_guard.domain.holds import Hold
from budget_guard.domain.wishes import Wish


@place.register(Hold)
def _(record: Hold) -> Address:
    return hold_address(record.key)


@place.register(Wish)
def _(record: Wish) -> Address:
    return spread("WISH", record.key)


@place.register(Audit)
def _(record: Audit) -> Address:
    return Address(audit_partition(record.key), f"{stamp(record.at)}#{record.id}")


@lifetime.register(Audit)
def _(record: Audit) -> tuple[datetime, timedelta]:
    return record.at, YEAR_AND_MORE


@form.register(Wish)
def _(record: Wish) -> str:
    # A broken fence must never be taken for a restore.
    return f"Wish.{type(record.want).__name__}"


@marks.register(Wish)
def _(record: Wish) -> Mapping[str, int]:
    return {"generation": record.generation}


def hold_address(key: str) -> Address:
    """Return where the hold of a key lies."""
    return spread("HOLD", key)


def audit_partition(key: str) -> str:
    """Return where the changes made to a key lie, in the order of time."""
    return f"AUDIT#{key}"
