"""How the commands write: safe text, times as people say them, JSON for machines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from budget_guard.adapters.alerts.cleaning import LONGEST_NAME, one_line
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.words import moment

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORT_HASH = 12


def safe(text: str, style: str = "") -> Text:
    """Return a sentence for the terminal: no markup, no control characters, no secrets."""
    return Text(one_line(text), style=style)


def indented(text: Text) -> Padding:
    """Return a sentence set off by two columns, all its lines."""
    return Padding(text, (0, 0, 0, 2))


def safe_name(name: str) -> str:
    """Return a key's name, which anybody may have chosen, as it can be shown."""
    return one_line(name, LONGEST_NAME) or "(no name)"


def so_are(generations: Sequence[str]) -> str:
    """Return which other generations of a key a person's word is for."""
    verb = "is" if len(generations) == 1 else "are"
    return f"so {verb} {', '.join(generations)} of its lineage: the word is for every generation"


def warn_of_delay(problem: str | None, console: Console) -> None:
    """Say that a person's word waits for the next evaluation, and why, if it does."""
    if problem:
        told = f"It is on record, and counts from the next evaluation. {problem}"
        console.print(safe(told, "yellow"))


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago something was: "2 min ago"."""
    gone = now - at
    return "just now" if gone < MINUTE else f"{_span(gone)} ago"


def when(at: datetime, now: datetime) -> str:
    """Return when something was: "at 09:00 UTC" today, with the date before."""
    return f"at {at:%H:%M} UTC" if at.date() == now.date() else f"on {at:%Y-%m-%d at %H:%M} UTC"


def roughly(until: datetime, now: datetime) -> str:
    """Return how long it is until then, in one unit: "5 h"."""
    number, unit, *_ = within(until, now).split()
    return f"{number} {unit}"


def within(until: datetime, now: datetime) -> str:
    """Return how long it is until then: "5 h 12 min"."""
    return _span(max(timedelta(), until - now))


def _span(span: timedelta) -> str:
    if span >= DAY:
        return f"{span // DAY} d {span % DAY // HOUR} h"
    if span >= HOUR:
        return f"{span // HOUR} h {span % HOUR // MINUTE:02} min"
    return f"{span // MINUTE} min"


def spanning(span: timedelta) -> str:
    """Return how long something lasts, in one unit if it can be: "30 min", "24 h", "7 d"."""
    for unit, name in ((DAY, "d"), (HOUR, "h")):
        if span >= 2 * unit and not span % unit:
            return f"{span // unit} {name}"
    return _span(span)


def spoken_every(hours: int) -> str:
    """Return an interval of whole hours as people say it: "30 days", "36 hours"."""
    days, rest = divmod(hours, 24)
    if rest:
        return f"{hours} hours"
    return f"{days} days" if days > 1 else "day"


def until(at: datetime, now: datetime) -> str:
    """Return until when something lasts."""
    return "until it is ended" if at == FOR_EVER else f"until {moment(at, now)}"


def as_json(value: Any) -> str:
    """Return the JSON of a view: amounts as exact text, times as ISO 8601 in UTC, spans in seconds."""
    plain = _plain(asdict(value) if is_dataclass(value) else value)  # type: ignore[arg-type]
    return json.dumps(plain, indent=2, default=_seconds)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case frozenset():
            return sorted(_plain(one) for one in value)
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.isoformat()
        case _:
            return value
