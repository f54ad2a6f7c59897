"""`budget-guard retire`: a key's earlier generations disabled, though somebody uses them."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from budget_guard.cli import spoken
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.telling import SHORT_HASH, ago, indented, safe, safe_name, warn_of_delay
from budget_guard.domain.money import show
from budget_guard.use_cases.rotation.cutting import Cut, cut, to_cut
from budget_guard.use_cases.rotation.generations import GenerationView


def retire(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Argument(help="The key: its name, its hash, its start, or its secret.")
    ],
    *,
    reason: Annotated[str | None, typer.Option(help="Why; it stays on record.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    by: Annotated[str | None, typer.Option(help="Who retires them, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Disable the earlier generations of a key that was rotated, though somebody uses them.

    Their requests get 401 within five minutes; the key in use is not touched. Shows who is hit,
    and asks. Exit code 2 where there is none, 1 where the answer is no.
    """
    told = spoken.reason(reason)
    desk, console = find(ctx, stack, region, profile).desk(by), Console()
    asked = to_cut(key, desk)
    _show(asked, console)
    if not yes:
        typer.confirm("Disable them?" if len(asked.hit) > 1 else "Disable it?", abort=True)
    done = cut(asked, told, desk)
    name = safe_name(done.lineage.name)
    head = f"The earlier generations of {name} are disabled within five minutes."
    console.print(safe(head, "bold green"))
    watch = f"to watch it: budget-guard lineage {done.lineage.current.hash[:12]}"
    console.print(indented(safe(watch)))
    undo = "to take it back once that is done: enable the key at openrouter.ai"
    console.print(indented(safe(undo)))
    warn_of_delay(done.problem, console)


def _show(asked: Cut, console: Console) -> None:
    current = asked.lineage.current
    head = f"In use is {safe_name(asked.lineage.name)}, generation {current.number}"
    console.print(safe(f"{head} ({current.hash[:12]}). Requests by these will get 401:"))
    table = Table(box=None, pad_edge=False)
    for heading in ("Key", "Hash", "Last seen in use", "USD an hour"):
        table.add_column(heading, overflow="fold")
    for one in asked.hit:
        table.add_row(
            Text(safe_name(one.name)), one.key[:SHORT_HASH], _used(one, asked), show(one.burn)
        )
    console.print(table)


def _used(one: GenerationView, asked: Cut) -> str:
    return ago(one.used_at, asked.at) if one.used_at else "not looked at yet"
