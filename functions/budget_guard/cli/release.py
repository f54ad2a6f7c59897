"""`budget-guard release`: a key, or every key, back to its own settings."""

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from budget_guard.cli import spoken
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    Deployment,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.release_all import release_all
from budget_guard.cli.telling import indented, safe, safe_name, so_are, until, warn_of_delay
from budget_guard.domain import words
from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.releasing import Released, end_release
from budget_guard.use_cases.releasing import release as write_release


def release(
    ctx: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help="The key: its name, its hash, or the hash's start.")
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every key, at once, without the functions.")
    ] = False,
    end: Annotated[bool, typer.Option("--end", help="Take a release back.")] = False,
    lasts: Annotated[
        timedelta | None,
        typer.Option("--for", parser=spoken.span, metavar="SPAN", help="Such as 30m, 4h or 2d."),
    ] = None,
    ends: Annotated[
        datetime | None,
        typer.Option("--until", parser=spoken.moment, metavar="TIME", help="ISO 8601, UTC."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it stays on record.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --all.")] = False,
    by: Annotated[str | None, typer.Option(help="Who releases, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Give a key back its own settings and leave it alone: until 00:00 UTC, if nothing else is said.

    With --all: give back every key and hold none, until `release --all --end`. Exit code 1 if a
    key could not be given back.
    """
    if every == (key is not None):
        message = "say which key, or --all"
        raise typer.BadParameter(message)
    lasting = spoken.either(lasts, ends)
    if end:
        _end(key, find(ctx, stack, region, profile).desk(by))
    elif key is not None:
        told = spoken.reason(reason)
        deployment = find(ctx, stack, region, profile)
        _show(write_release(key, lasting, told, deployment.desk(by)), Console())
    else:
        _all(lasting, reason, find(ctx, stack, region, profile), by, yes=yes)


def _all(
    lasting: timedelta | datetime | None,
    reason: str | None,
    deployment: Deployment,
    by: str | None,
    *,
    yes: bool,
) -> None:
    if lasting is not None:
        message = "--all lasts until it is ended by release --all --end"
        raise typer.BadParameter(message)
    told = spoken.reason(reason)
    release_all(deployment, by or deployment.caller(), told, yes=yes)


def _show(done: Released, console: Console) -> None:
    name, ends = safe_name(done.seen.key.known_as), until(done.release.until, done.at)
    head = f"{name} ({done.seen.key.hash[:12]}) is released {ends}: the guard does not hold it."
    console.print(safe(head, "bold green"))
    if done.hold:
        told = f"it gets back: {words.settings(done.hold.baseline)}"
    else:
        told = f"it was not held: {words.settings(done.seen.reading.settings)}"
    console.print(indented(safe(told)))
    if (one := done.restricted) is not None:
        own = (
            "no guardrail" if one.baseline is None else f"its guardrail {one.called(one.baseline)}"
        )
        console.print(indented(safe(f"it gets back: {own}, not {one.wanted} any more")))
    if done.others:
        console.print(indented(safe(so_are(done.others))))
    if frozen := done.freeze:
        told = f"{frozen.by} froze it ({frozen.reason}); this word is newer, and counts {ends}"
        if done.release.until < frozen.until:
            told += f"; to end the freeze as well: budget-guard freeze --end {frozen.key[:12]}"
        console.print(indented(safe(told)))
    undo = f"to take that back: budget-guard release --end {done.seen.key.hash[:12]}"
    console.print(indented(safe(undo)))
    warn_of_delay(done.problem, console)


def _end(key: str | None, desk: Desk) -> None:
    ended = end_release(key, desk)
    word, console = ended.release, Console()
    whose = f"of {word.key[:12]}" if word.key else "of all keys"
    console.print(safe(f"The release {whose} has ended: budgets hold again.", "bold green"))
    if frozen := ended.freeze:
        told = f"the freeze by {frozen.by} counts again ({frozen.reason}); to end that: "
        console.print(indented(safe(f"{told}budget-guard freeze --end {frozen.key[:12]}")))
    warn_of_delay(ended.problem, console)
