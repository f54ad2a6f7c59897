"""The short phrases of an alert: its subject, amounts, times as somebody just woken reads them."""

from datetime import datetime, timedelta

from budget_guard.adapters.alerts.cleaning import ascii_only, clean, cut
from budget_guard.domain.alerts import Alert, Entry, Kind
from budget_guard.domain.money import show
from budget_guard.domain.words import PERIODS, moment

LONGEST_SUBJECT = 99
"""SNS refuses subjects of 100 characters and more."""
LONGEST_WHO = 36
SHORT_HASH = 12
SIGNALS = {
    *(Kind.BALANCE, Kind.RUNWAY, Kind.UNEXPLAINED, Kind.MIX_SHIFTED, Kind.UNUSUAL),
    *(Kind.REPRICED, Kind.WITHDRAWN, Kind.FALLBACKS, Kind.LOOP),
}
"""Kinds whose sentence ends with those who spent most: too long for a subject."""


def subject(alert: Alert) -> str:
    """Return what the alert is in under 100 ASCII characters, how urgent first; one line."""
    safe = clean(alert)
    more = f" (+{len(safe.entries) - 1} more)" if len(safe.entries) > 1 else ""
    told = headline(safe.kind, safe.entries[0], safe.at) if safe.entries else safe.kind.value
    return cut(ascii_only(f"{urgency(safe)} {told}"), LONGEST_SUBJECT - len(more)) + more


def urgency(alert: Alert) -> str:
    """Return the word that a subject begins with."""
    match alert.kind:
        case Kind.RESOLVED | Kind.TEST:
            return alert.kind.value.upper()
        case _:
            return alert.severity.value.upper()


def headline(kind: Kind, entry: Entry, at: datetime) -> str:
    """Return one entry in a line: who, what happened, how much of what, until when."""
    spent = amount(entry)
    if spent is None:
        told = entry.text.removeprefix("over: ")
        return told.partition("; most by ")[0] if kind in SIGNALS else told
    until = f", until {moment(entry.resets_at, at)}" if entry.resets_at else ""
    match kind:
        case Kind.STOPPED:
            return f"{who(entry)} stopped: {spent}{until}"
        case Kind.FENCED:
            return f"{who(entry)} fenced: {spent}{until}"
        case Kind.THRESHOLD:
            return f"{who(entry)} at {percent(entry)}: {spent}{until.replace('until', 'resets')}"
        case Kind.RESOLVED:
            return entry.text.removeprefix("over: ")
        case _:
            return entry.text


def who(entry: Entry) -> str:
    """Return what the entry is about: its key, else its budget."""
    return cut(entry.key_name or entry.budget or (entry.key or "")[:SHORT_HASH], LONGEST_WHO)


def amount(entry: Entry) -> str | None:
    """Return "91.20 of 100.00 USD today"; None where the entry is not about an amount."""
    if entry.spent is None or entry.cap is None:
        return None
    return f"{show(entry.spent)} of {show(entry.cap)} USD {PERIODS[entry.window]}"


def percent(entry: Entry) -> str:
    """Return how much of the cap is spent, in whole percent, never more than was."""
    if entry.spent is None or not entry.cap:
        return "100 %"
    return f"{int(entry.spent * 100 / entry.cap)} %"


def in_time(until: datetime, at: datetime) -> str:
    """Return how long it is from `at`: "in 5 h 12 min"."""
    minutes = max(timedelta(), until - at) // timedelta(minutes=1)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"in {days} d {hours} h"
    return f"in {hours} h {minutes % 60:02} min" if hours else f"in {minutes} min"
