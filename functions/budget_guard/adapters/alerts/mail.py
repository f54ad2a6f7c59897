"""The alert as a person reads it at 3 a.m.: ten seconds to know what, whose, and what to do."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import fill

from budget_guard.adapters.alerts.cleaning import ascii_only, clean
from budget_guard.adapters.alerts.wording import SHORT_HASH, amount, in_time, percent, urgency
from budget_guard.domain.alerts import Alert, Entry, Kind
from budget_guard.domain.money import show
from budget_guard.domain.words import moment

WIDTH = 72
MOST_SHOWN = 20
"""Entries of a list that are written out; the rest is counted."""
LABEL = 9
COMMAND = re.compile(r"(?:^|[:;,] )(budget-guard .*)$")
STEP = re.compile(r"; (?=then: )")
"""Where the next step of what is to be done begins, with a command of its own."""
AWS_COMMAND = re.compile(r"[:;,] (aws secretsmanager .*)$")
EACH_HAS_ITS_COMMAND = frozenset({Kind.LINGERING, Kind.ROTATION_FAILED})
"""In lists of these, what is to be done is done key by key."""
TITLES: Mapping[Kind, str] = {
    Kind.THRESHOLD: "budget threshold reached",
    Kind.FENCED: "key fenced",
    Kind.STOPPED: "key stopped; its requests are refused",
    Kind.ACTION_FAILED: "key cannot be changed",
    Kind.RESTRICT_REFUSED: "key not restricted to cheaper models",
    Kind.OVERRIDE: "key changed by somebody",
    Kind.OVERRIDE_MASS: "many keys changed by somebody at once",
    Kind.UNMANAGED: "key in no budget",
    Kind.BLIND: "the guard is blind",
    Kind.BREAKER: "a plan that changes many keys waits for approval",
    Kind.MODE_REFUSED: "the new mode is refused",
    Kind.SECOND: "limits that look like another guard's",
    Kind.TOO_THIN: "budget too thin to hold",
    Kind.PROTECT_PROPOSED: "key proposed for protection",
    Kind.BALANCE: "the account is short of credits",
    Kind.RUNWAY: "the account's credits will not last long",
    Kind.UNEXPLAINED: "spend that nothing explains",
    Kind.MIX_SHIFTED: "money moved to another model or provider",
    Kind.UNUSUAL: "a key out of its usual range",
    Kind.REPRICED: "a model in use has another price",
    Kind.WITHDRAWN: "a model in use may be withdrawn soon",
    Kind.FALLBACKS: "more requests than usual fall back",
    Kind.LOOP: "a session or job that repeats itself",
    Kind.ROTATION_FAILED: "a key was not rotated",
    Kind.ROTATION_STUCK: "a rotation comes to no end",
    Kind.ROTATION_DUE: "keys are rotated",
    Kind.ROTATION_PROPOSED: "a rotation is proposed",
    Kind.LINGERING: "an old key is still enabled",
    Kind.STRAY: "a key that looks rotated, and is not",
    Kind.DELETED: "a key that applications read is gone",
    Kind.RESOLVED: "nothing is left to do",
    Kind.TEST: "nothing has happened",
}


def body(alert: Alert, stack: str) -> str:
    """Return the e-mail's text: ASCII, at most 72 wide but for commands and addresses."""
    safe = clean(alert)
    parts = [f"{urgency(safe)}: {TITLES[safe.kind]}", *_parts(safe), _footer(safe, stack)]
    return ascii_only("\n\n".join(parts)) + "\n"


def _parts(alert: Alert) -> Iterator[str]:
    first, others = alert.entries[:1], alert.entries[1:MOST_SHOWN]
    for entry in first:
        yield _prose(entry.text, AWS_COMMAND)
        yield "\n".join(_line(*line) for line in _lines(entry, alert.kind, alert.at))
    if others:
        yield f"{len(alert.entries) - 1} more{_order(alert.kind)}:"
    for number, entry in enumerate(others, start=2):
        yield _brief(number, entry, alert.kind, alert.at)
    if (unlisted := len(alert.entries) - MOST_SHOWN) > 0:
        yield f"... and {unlisted} not listed here. All of them:\n\n    budget-guard status"


def _order(kind: Kind) -> str:
    return ", the worst first" if kind in {Kind.THRESHOLD, Kind.FENCED, Kind.STOPPED} else ""


def _lines(entry: Entry, kind: Kind, at: datetime) -> Iterator[tuple[str, str]]:
    """Yield what is known of an entry, as labels with their text."""
    if entry.key:
        yield "Key", _key(entry)
    if entry.budget:
        yield "Budget", f"{entry.budget}, owner {entry.owner or 'unknown'}"
    elif entry.owner:
        yield "Owner", entry.owner
    if spent := amount(entry):
        yield "Spent", f"{spent} ({percent(entry)}){_burn(entry)}"
    if entry.exhausts_at:
        yield "Empty", f"{in_time(entry.exhausts_at, at)}, at {moment(entry.exhausts_at, at)}"
    if entry.resets_at:
        yield _end(kind), f"{moment(entry.resets_at, at)}, {in_time(entry.resets_at, at)}"
    last = {
        "Guard": entry.action,
        "To do": entry.todo,
        "Undo": entry.undo,
        "Runbook": entry.runbook,
    }
    yield from ((label, text) for label, text in last.items() if text)


def _brief(number: int, entry: Entry, kind: Kind, at: datetime) -> str:
    """Return an entry of a list, in as few lines as tell which, whose, until when, and the undo."""
    facts = [
        f"key {entry.key[:SHORT_HASH]}" if entry.key else "",
        f"owner {entry.owner}" if entry.owner else "",
        f"{_end(kind).lower()} {moment(entry.resets_at, at)}" if entry.resets_at else "",
    ]
    indent = " " * 4
    lines = [_paragraph(f"{number:>2}. {entry.text}", indent)]
    if told := ", ".join(one for one in facts if one):
        lines.append(_paragraph(indent + told, indent))
    if entry.undo:
        lines.append(f"{indent}undo: {entry.undo}")
    if kind in EACH_HAS_ITS_COMMAND and (found := COMMAND.search(entry.todo or "")):
        lead = found.string[: found.start(1)].rstrip().rpartition("; ")[2]
        lines += [f"{indent}{lead}", f"{indent}{found[1]}"]
    return "\n".join(lines)


def _end(kind: Kind) -> str:
    return "Until" if kind in {Kind.OVERRIDE, Kind.OVERRIDE_MASS} else "Resets"


def _key(entry: Entry) -> str:
    name = entry.key_name or "(without a name)"
    return f"{name} (hash {(entry.key or '')[:SHORT_HASH]})"


def _burn(entry: Entry) -> str:
    return f", {show(entry.burn_per_hour)} USD an hour now" if entry.burn_per_hour else ""


def _line(label: str, text: str) -> str:
    """Return a labelled paragraph; what has no spaces is not wrapped.

    Only what the guard itself says to do is shown as a command: other texts quote names that
    anybody may have chosen.
    """
    start, indent = label.ljust(LABEL), " " * LABEL
    if " " not in text:
        return start + text
    if label in {"To do", "Undo"}:
        first, *later = STEP.split(text)
        steps = (_prose(one, COMMAND, indent, indent) for one in later)
        return "\n".join([_prose(first, COMMAND, start, indent), *steps])
    return _paragraph(start + text, indent)


def _prose(text: str, command: re.Pattern[str], start: str = "", indent: str = "") -> str:
    """Wrap a text; a command that ends it stands on one line of its own, to be copied."""
    found = command.search(text)
    if not found:
        return _paragraph(start + text, indent)
    prose = text[: found.start(1)].rstrip()
    if not prose:
        return start + text
    return f"{_paragraph(start + prose, indent)}\n{indent or ' ' * 4}{found[1]}"


def _paragraph(text: str, indent: str = "") -> str:
    return fill(
        text,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _footer(alert: Alert, stack: str) -> str:
    return (
        f"--\nBudget Guard, stack {stack}, {alert.at:%Y-%m-%d %H:%M} UTC\n"
        f"{alert.kind}, event {alert.event_id}\n"
        "Every budget and key: budget-guard status"
    )
