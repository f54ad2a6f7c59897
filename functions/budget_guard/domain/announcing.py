"""Which alerts follow: each step of an incident is told once, in one list per run and kind."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import batched
from uuid import NAMESPACE_URL, uuid5

from budget_guard.domain.alerts import Alert, Condition, Entry, Incident, Kind
from budget_guard.domain.ladder import Severity

MOST_ENTRIES = 250
"""Entries of one alert: what a ledger item (400 KB) and a message (256 KB) take."""
SILENT = frozenset(
    {
        Kind.OVERRIDE,
        Kind.OVERRIDE_MASS,
        Kind.RESTRICT_REFUSED,
        Kind.UNMANAGED,
        Kind.TOO_THIN,
        Kind.PROTECT_PROPOSED,
        Kind.MIX_SHIFTED,
        Kind.REPRICED,
        Kind.ROTATION_DUE,
        Kind.ROTATION_PROPOSED,
        Kind.STRAY,
    }
)
"""Kinds whose end nobody needs to hear of."""


def announce(
    conditions: Sequence[Condition], open_incidents: Mapping[str, Incident], now: datetime
) -> tuple[tuple[Alert, ...], tuple[Incident, ...]]:
    """Return the alerts to prepare, and the incidents that end without one.

    A condition is told when its incident is new, or has come to a higher step. An incident whose
    condition no longer holds is told as resolved.
    """
    current = {one.id: one for one in conditions}
    ended = [one for one in open_incidents.values() if one.id not in current]
    told = [one for one in ended if one.kind not in SILENT]
    worse = [one for one in conditions if _is_news(one, open_incidents.get(one.id))]
    alerts = [
        _alert(kind, part, now)
        for kind in Kind
        for part in batched(
            _worst_first([one for one in worse if one.kind is kind]), MOST_ENTRIES, strict=False
        )
    ]
    alerts += [_resolved(part, now) for part in batched(told, MOST_ENTRIES, strict=False)]
    return tuple(alerts), tuple(one for one in ended if one.kind in SILENT)


def _is_news(condition: Condition, known: Incident | None) -> bool:
    return known is None or condition.step > known.step


def _worst_first(conditions: Sequence[Condition]) -> list[Condition]:
    return sorted(conditions, key=lambda one: (-one.severity.rank, -one.step, one.id))


def _alert(kind: Kind, conditions: Sequence[Condition], now: datetime) -> Alert:
    steps = "|".join(f"{one.id}:{one.step}" for one in conditions)
    return Alert(
        event_id=_event_id(kind, steps, now),
        kind=kind,
        severity=max((one.severity for one in conditions), key=lambda one: one.rank),
        at=now,
        entries=tuple(one.entry for one in conditions),
        steps=tuple(one.step for one in conditions),
    )


def _resolved(incidents: Sequence[Incident], now: datetime) -> Alert:
    steps = "|".join(one.id for one in incidents)
    return Alert(
        event_id=_event_id(Kind.RESOLVED, steps, now),
        kind=Kind.RESOLVED,
        severity=Severity.INFO,
        at=now,
        entries=tuple(_over(one.entry) for one in incidents),
        closes=tuple(one.id for one in incidents),
    )


def _over(entry: Entry) -> Entry:
    """Return the line of an ended incident: what it was, without what no longer applies."""
    return replace(
        entry,
        text=f"over: {entry.text}",
        burn_per_hour=None,
        exhausts_at=None,
        resets_at=None,
        action=None,
        todo=None,
        undo=None,
    )


def _event_id(kind: Kind, steps: str, now: datetime) -> str:
    return str(uuid5(NAMESPACE_URL, f"budget-guard/{kind}/{now.isoformat()}/{steps}"))
