"""`budget-guard grant`: more money on a budget for a while."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console

from budget_guard.cli import spoken
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.telling import indented, safe, until, warn_of_delay
from budget_guard.domain.money import show
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.granting import GrantAsked, Granted, cap_change, end_grant
from budget_guard.use_cases.granting import grant as write_grant


def grant(
    ctx: typer.Context,
    budget: Annotated[str, typer.Argument(help="The budget's name.")],
    amount: Annotated[
        Decimal | None,
        typer.Argument(parser=spoken.amount, metavar="USD", help="USD more than its cap."),
    ] = None,
    *,
    lasts: Annotated[
        timedelta | None,
        typer.Option("--for", parser=spoken.span, metavar="SPAN", help="Such as 30m, 4h or 2d."),
    ] = None,
    ends: Annotated[
        datetime | None,
        typer.Option("--until", parser=spoken.moment, metavar="TIME", help="ISO 8601, UTC."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it stays on record.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Which key, where the budget is one for each key.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="End the grant of this id now.")] = None,
    by: Annotated[str | None, typer.Option(help="Who grants it, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Grant a budget more money until a time, or end a grant.

    It lifts each of the budget's caps, takes effect at once, and needs no deployment. What was
    spent of it stays granted when it ends.
    """
    if end is not None:
        _end(end, budget, find(ctx, stack, region, profile).desk(by))
        return
    lasting = spoken.either(lasts, ends)
    if amount is None or lasting is None:
        message = "say how much, and until when: grant BUDGET 20 --for 4h --reason TEXT"
        raise typer.BadParameter(message)
    asked = GrantAsked(budget, amount, lasting, spoken.reason(reason), key)
    _show(write_grant(asked, find(ctx, stack, region, profile).desk(by)), Console())


def _show(done: Granted, console: Console) -> None:
    given, now = done.grant, done.at
    whose = f" for the key {given.key[:12]}" if given.key else ""
    head = f"{given.budget}{whose}: {show(given.amount)} USD more {until(given.ends, now)}"
    console.print(safe(f"{head} (grant {given.id}, by {given.by})", "bold green"))
    for before, after in done.caps:
        console.print(indented(safe(cap_change(before, after, now))))
    for told in done.keys:
        console.print(indented(safe(told)))
    warn_of_delay(done.problem, console)


def _end(name: str, budget: str, desk: Desk) -> None:
    ended, problem = end_grant(name, budget, desk)
    console = Console()
    console.print(safe(f"The grant {ended.id} on {ended.budget} has ended.", "bold green"))
    warn_of_delay(problem, console)
