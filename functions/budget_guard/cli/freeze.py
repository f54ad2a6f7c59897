"""`budget-guard freeze`: one key stopped now, by a person's word."""

from collections.abc import Iterator
from datetime import datetime, timedelta
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
from budget_guard.cli.telling import indented, safe, safe_name, so_are, until, warn_of_delay
from budget_guard.use_cases.freezing import Frozen, end_freeze
from budget_guard.use_cases.freezing import freeze as write_freeze


def freeze(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="The key: its name, its hash, or the hash's start.")],
    *,
    end: Annotated[bool, typer.Option("--end", help="Take a freeze back.")] = False,
    lasts: Annotated[
        timedelta | None,
        typer.Option("--for", parser=spoken.span, metavar="SPAN", help="Such as 30m, 4h or 2d."),
    ] = None,
    ends: Annotated[
        datetime | None,
        typer.Option("--until", parser=spoken.moment, metavar="TIME", help="ISO 8601, UTC."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it stays on record.")] = None,
    by: Annotated[str | None, typer.Option(help="Who freezes it, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Stop a key now, by its off switch, whatever it has spent: until that is ended.

    Its requests get 401, as of a disabled key. A key that people have disabled stays so after.
    """
    lasting = spoken.either(lasts, ends)
    if end:
        if lasting is not None:
            message = "--end ends it now: give no time with it"
            raise typer.BadParameter(message)
        _show_ended(end_freeze(key, find(ctx, stack, region, profile).desk(by)), Console())
        return
    told = spoken.reason(reason)
    desk = find(ctx, stack, region, profile).desk(by)
    _show(write_freeze(key, lasting, told, desk), Console())


def _show(done: Frozen, console: Console) -> None:
    key, word = done.seen.key, done.freeze
    head = f"{safe_name(key.known_as)} ({key.hash[:12]}) is frozen {until(word.until, done.at)}."
    console.print(safe(head, "bold green"))
    for told in _consequences(done):
        console.print(indented(safe(told)))
    console.print(indented(safe(f"to take that back: budget-guard freeze --end {key.hash[:12]}")))
    warn_of_delay(done.problem, console)


def _consequences(done: Frozen) -> Iterator[str]:
    if done.is_off:
        yield "it is disabled already, and stays disabled when the freeze ends"
    else:
        yield (
            "within seconds OpenRouter refuses its requests with 401, as of a disabled key; what it "
            "may not spend, its budgets' other keys may"
        )
    if done.others:
        yield so_are(done.others)
    if done.before:
        yield f"this replaces what {done.before.by} said: {done.before.reason}"
    if release := done.release:
        ends = until(release.until, done.at)
        yield f"{release.by} released it {ends} ({release.reason}); this word is newer, and counts"


def _show_ended(done: Frozen, console: Console) -> None:
    key = done.seen.key
    head = f"The freeze of {safe_name(key.known_as)} ({key.hash[:12]}) has ended."
    console.print(safe(head, "bold green"))
    told = "people have disabled it: it stays so" if done.is_off else "it is enabled again"
    if release := done.release:
        ends = until(release.until, done.at)
        told += f"; {release.by} released it {ends} ({release.reason}), and that counts again"
    elif not done.is_off:
        told += ", with a fence that its budgets' free money pays for"
    console.print(indented(safe(told)))
    warn_of_delay(done.problem, console)
