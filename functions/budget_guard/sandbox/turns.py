"""Turns of a play: a key's money goes to another model, or provider, and its owner must hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain.alerts import Kind
from budget_guard.domain.axis import Axis


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at` on, requests of the key of this hash are for (or served by) `label`."""

    at: datetime
    hash: str
    axis: Axis
    label: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """Which alert named all the turns to the owner of their keys; None: none did."""

    turns: Sequence[Turn]
    owner: str | None
    alert: AlertEvent | None


def hearing(turns: Sequence[Turn], owner: str | None, alerts: Sequence[AlertEvent]) -> Hearing:
    """Return the first alert of money that moved in which each turn is named, with this owner."""
    found = (one for one in alerts if all(_names(one, turn, owner) for turn in turns))
    return Hearing(turns, owner, next(found, None))


def _names(alert: AlertEvent, turn: Turn, owner: str | None) -> bool:
    return (
        alert.kind is Kind.MIX_SHIFTED
        and alert.at >= turn.at
        and any(
            one.owner == owner and f"{turn.axis} {turn.label} " in one.text for one in alert.entries
        )
    )
