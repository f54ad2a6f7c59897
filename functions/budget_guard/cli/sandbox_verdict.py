"""How the sandbox's evening went: in the last sentences on the screen, and for machines."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.markup import escape

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.cli import sandbox_rotation
from budget_guard.domain.money import ZERO
from budget_guard.domain.money import show as usd
from budget_guard.sandbox.turns import Hearing
from budget_guard.sandbox.verdict import Row, Verdict


def sentences(judged: Verdict, alerts: int) -> Iterator[str]:
    """Yield what to print last, in rich's markup: did all go as promised."""
    yield _of_caps(judged.rows, alerts)
    if judged.hearing:
        yield _of_turns(judged.hearing)
    if judged.succession:
        yield sandbox_rotation.sentence(judged.succession)


def _of_caps(rows: Sequence[Row], alerts: int) -> str:
    promised = [row for row in rows if row.promised]
    broken = [row for row in promised if not row.holds]
    most = max((row.in_flight for row in promised), default=ZERO)
    told = (
        f"{_counted(len(promised), 'promised cap')}, {_counted(alerts, 'alert')}, "
        f"at most {usd(most)} USD in flight beyond one"
    )
    if not broken:
        return f"[bold green]Every promised cap held[/] ({told})."
    worst = max(broken, key=lambda row: row.broken)
    return (
        f"[bold red]{len(broken)} of the promised caps did not hold[/] ({told}); the worst: "
        f"{escape(worst.budget)} {escape(worst.key or '')} by {usd(worst.broken)} USD."
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _of_turns(hearing: Hearing) -> str:
    named = (f"{one.axis} {one.label} (since {one.at:%H:%M})" for one in hearing.turns)
    turns, what = escape(" and ".join(named)), escape(f"told {hearing.owner} what made it dearer")
    if hearing.alert is None:
        return f"[bold red]No alert {what}[/]: {turns}."
    return f"[bold green]One alert {what}[/], at {hearing.alert.at:%H:%M}: {turns}."


def as_json(judged: Verdict, alerts: Sequence[AlertEvent]) -> dict[str, Any]:
    """Return the result for machines; amounts are strings, in USD."""
    return {
        "held": judged.held,
        "caps": [_cap(row) for row in judged.rows],
        "turns": _turns(judged.hearing) if judged.hearing else [],
        "rotation": sandbox_rotation.as_json(judged.succession) if judged.succession else None,
        "alerts": [json_of(alert) for alert in alerts],
    }


def _cap(row: Row) -> dict[str, Any]:
    amounts = {
        "cap": row.cap,
        "spent": row.spent,
        "over": row.over,
        "in_flight": row.in_flight,
        "while_not_held": row.unheld,
        "broken": row.broken,
    }
    return {
        "budget": row.budget,
        "key": row.key,
        "keys": len(row.hashes),
        "window": row.window,
        "opens": row.opens.isoformat(),
        "promised": row.promised,
        "held": row.holds,
        **{name: f"{amount:f}" for name, amount in amounts.items()},
    }


def _turns(hearing: Hearing) -> list[dict[str, Any]]:
    """Return what turned, and by which event that was told, if it was."""
    event = hearing.alert.event_id if hearing.alert else None
    return [
        {
            "since": one.at.isoformat(),
            one.axis.value: one.label,
            "owner": hearing.owner,
            "told_by": event,
        }
        for one in hearing.turns
    ]


def json_of(alert: AlertEvent) -> dict[str, Any]:
    """Return an alert as the topic carried it."""
    return alert.model_dump(mode="json", by_alias=True, exclude_none=True)
