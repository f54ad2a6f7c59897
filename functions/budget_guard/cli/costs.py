"""`budget-guard costs`: what was spent, by owner, key, model, provider or day."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import Enum
from typing import Annotated

import typer
from rich.console import Console

from budget_guard.cli.costs_export import csv_lines, json_text
from budget_guard.cli.costs_page import NOTHING_READ, show_costs
from budget_guard.cli.costs_told import told
from budget_guard.cli.costs_unused import show_unused, unused_csv, unused_json
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    Deployment,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.focus import focus_lines
from budget_guard.cli.telling import safe
from budget_guard.domain.errors import RequestError
from budget_guard.use_cases.costs.idle import unused_keys
from budget_guard.use_cases.costs.report import By, Period

DAYS = 7
MOST_DAYS = 400
"""So long are closed days kept."""
TOP = 20
NO_CHOICE = "--unused is of 30 days and by key: only --top, --csv or --json go with it"


class Form(Enum):
    """What the costs are written as; `PAGE` is for people."""

    PAGE = "page"
    CSV = "--csv"
    JSON = "--json"
    FOCUS = "--focus"


def costs(
    ctx: typer.Context,
    *,
    by: Annotated[By, typer.Option("--by", help="What each line is.")] = By.KEY,
    days: Annotated[
        int | None,
        typer.Option("--days", help=f"So many days, today included; {DAYS} if nothing is said."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="The first day (UTC): YYYY-MM-DD.")
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", help="The last day, included; today if only --from is said."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", help="Lines of the table; --csv and --json have all.")
    ] = TOP,
    csv: Annotated[bool, typer.Option("--csv", help="Print it as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    focus: Annotated[
        bool,
        typer.Option("--focus", help="Print FOCUS 1.2 rows (CSV) by day, key, model and provider."),
    ] = False,
    unused: Annotated[
        bool, typer.Option("--unused", help="List the enabled keys without spend for 30 days.")
    ] = False,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Show what was spent in a period: by key, owner, model, provider or day; or by user, app, job, session.

    Each line has its share, and its change to the period of the same length before. Days are UTC.
    Exit code 0, also where nothing was read yet; 2 where the request or the guard is at fault.
    """
    given = [(Form.CSV, csv), (Form.JSON, json), (Form.FOCUS, focus)]
    forms = [form for form, is_wanted in given if is_wanted]
    _refuse(_faults(days, first, last, top, forms))
    deployment = find(ctx, stack, region, profile)
    if unused:
        if by is not By.KEY or any((days, first, last, focus)):
            raise RequestError(NO_CHOICE)
        _write_unused(deployment, top, forms[0] if forms else Form.PAGE)
        return
    period = _period(days, first, last, deployment.clock().date())
    _write(deployment, period, by, top, forms[0] if forms else Form.PAGE)


def _write(deployment: Deployment, period: Period, by: By, top: int, form: Form) -> None:
    if form is Form.FOCUS:
        if not deployment.ledger.costs_read():
            _warn()
        _print(focus_lines(deployment.ledger, period, deployment.stack))
        return
    found = told(deployment.ledger, period, by)
    if form is Form.PAGE:
        show_costs(found, top, deployment.stack, deployment.clock(), Console())
        return
    if found.table.read_until is None:
        _warn()
    _print(csv_lines(found) if form is Form.CSV else [json_text(found), "\n"])


def _write_unused(deployment: Deployment, top: int, form: Form) -> None:
    found = unused_keys(deployment.ledger, deployment.clock())
    match form:
        case Form.CSV:
            _print(unused_csv(found))
        case Form.JSON:
            _print([unused_json(found), "\n"])
        case _:
            show_unused(found, top, deployment.stack, deployment.clock(), Console())


def _warn() -> None:
    Console(stderr=True).print(safe(NOTHING_READ, "yellow"))


def _print(lines: Iterable[str]) -> None:
    """Write to stdout in UTF-8 with the line ends as they are, whatever the terminal has."""
    for line in lines:
        typer.echo(line.encode(), nl=False)


def _faults(
    days: int | None, first: str | None, last: str | None, top: int, forms: list[Form]
) -> Iterator[str]:
    """Yield everything that is wrong with a request, each with the right form."""
    if len(forms) > 1:
        yield f"give one of {', '.join(form.value for form in forms)}"
    if top < 1:
        yield f"--top {top} shows no line: give 1 or more"
    if days is not None and (first or last):
        yield "give --days, or --from and --to, not both"
    if days is not None and not 1 <= days <= MOST_DAYS:
        yield f"--days {days} is not between 1 and {MOST_DAYS}"
    if last and not first:
        yield "--to needs --from YYYY-MM-DD"
    for option, text in (("--from", first), ("--to", last)):
        if text and _day(text) is None:
            yield f"{option} {text!r} is not a day such as 2026-11-18"
    yield from _span_faults(_day(first), _day(last))


def _span_faults(begins: date | None, ends: date | None) -> Iterator[str]:
    if begins is None or ends is None:
        return
    if begins > ends:
        yield f"--from {begins} is after the last day, {ends}: begin with that day or before"
    if (ends - begins).days >= MOST_DAYS:
        yield f"{begins} to {ends} is more than {MOST_DAYS} days: costs are kept no longer"


def _day(text: str | None) -> date | None:
    if not re.fullmatch(r"20\d\d-\d\d-\d\d", text or "", re.ASCII):
        return None
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _refuse(faults: Iterable[str]) -> None:
    if found := list(faults):
        raise RequestError("\n".join(found))


def _period(days: int | None, first: str | None, last: str | None, today: date) -> Period:
    """Return the days meant; raise `RequestError` where --from alone does not lie before today."""
    begins = _day(first)
    if begins is None:
        return Period(today - timedelta(days=(days or DAYS) - 1), today)
    ends = _day(last) or today
    _refuse(_span_faults(begins, ends))
    return Period(begins, ends)
