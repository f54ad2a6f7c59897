"""What people type: amounts, spans of time and moments, reasons."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import typer

from budget_guard.adapters.alerts.cleaning import one_line
from budget_guard.use_cases.desk import Until

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST_REASON = 200


def amount(text: str) -> Decimal:
    """Return an amount in USD above 0."""
    is_plain = re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text, re.ASCII)
    if not is_plain or not Decimal(text):
        message = f"{text!r} is not an amount in USD above 0, such as 20 or 12.50"
        raise typer.BadParameter(message)
    return Decimal(text)


def span(text: str) -> timedelta:
    """Return a span of time such as 30m, 4h or 2d."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}[mhd]", text, re.ASCII):
        message = f"{text!r} is not a span of time such as 30m, 4h or 2d"
        raise typer.BadParameter(message)
    return int(text[:-1]) * UNITS[text[-1]]


def moment(text: str) -> datetime:
    """Return a moment such as 2026-11-21T18:00Z; a day alone is its beginning, UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a time such as 2026-11-21T18:00Z"
        raise typer.BadParameter(message) from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def either(lasts: timedelta | None, ends: datetime | None) -> Until | None:
    """Return the one of --for and --until that was given, if any."""
    if lasts is not None and ends is not None:
        message = "give --for or --until, not both"
        raise typer.BadParameter(message)
    return lasts or ends


def reason(text: str | None) -> str:
    """Return why, in one line; people will read it when they wonder."""
    told = one_line(text or "", LONGEST_REASON)
    if not told:
        message = "say why with --reason: it stays on record, and others read it"
        raise typer.BadParameter(message)
    return told
