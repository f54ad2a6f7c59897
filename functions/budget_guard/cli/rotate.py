"""`budget-guard rotate`: a key's successor made and put in its place now, not when it is due."""

from collections.abc import Iterator
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
from budget_guard.cli.telling import indented, safe, safe_name, spanning
from budget_guard.use_cases.rotation.asking import AskedFor, ask


def rotate(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Argument(help="The key: its name, its hash, its start, or its secret.")
    ],
    *,
    reason: Annotated[str | None, typer.Option(help="Why; it stays on record.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Who has it rotated, if not the AWS caller.")
    ] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Rotate a key now: a new one takes its place in its secret, with what is free of its budgets.

    The old one works on until nobody uses it. Exit code 2, and nothing is changed, where the key
    is not to be rotated as it is.
    """
    told = spoken.reason(reason)
    deployment = find(ctx, stack, region, profile)
    from budget_guard.cli.aws_refusals import told_of_secrets  # noqa: PLC0415 - botocore is slow

    with told_of_secrets("secretsmanager:RotateSecret"):
        done = ask(key, told, deployment.desk(by), deployment.vault())
    _show(done, Console())


def _show(done: AskedFor, console: Console) -> None:
    lineage = done.lineage
    head = f"{safe_name(lineage.name)} is being rotated: {safe_name(lineage.next_name)} is to take"
    console.print(safe(f"{head} the place of {lineage.current.hash[:12]}.", "bold green"))
    for told in _consequences(done):
        console.print(indented(safe(told)))


def _consequences(done: AskedFor) -> Iterator[str]:
    rule, secret = done.rule, done.lineage.secret_name
    yield (
        f"Secrets Manager does it in four steps, in a few minutes; the secret {secret} stays as it "
        "is until the new key is proven"
    )
    yield (
        "who reads the secret again then gets the new key; the old one is disabled when idle for "
        f"{spanning(rule.drain)}, and deleted {spanning(rule.delete_after)} later"
    )
    late = f"who uses it after {spanning(rule.drain_max)} "
    yield late + ("is cut off" if rule.force else "is told of in an alert, and not cut off")
    yield f"to watch it: budget-guard lineage {done.lineage.current.hash[:12]}"
