"""`budget-guard lineage`: a key with all its generations, or every key that is under rotation."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    Deployment,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.lineage_page import show_lineage, show_lineages
from budget_guard.cli.telling import as_json, safe
from budget_guard.domain.errors import SecretGone, SettingsError, VaultError
from budget_guard.use_cases.rotation.lineage_view import lineage_view, lineage_views


def lineage(
    ctx: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help="One key: its name, its hash, its start, or its secret.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Show a key's generations, its budgets over all of them, and what happens next.

    Without a key: every one that is under rotation. Exit code 0, or 2 where the deployed guard cannot be read, or the key is not under rotation.
    """
    deployment = find(ctx, stack, region, profile)
    now, console = deployment.clock(), Console()
    if key is None:
        every = lineage_views(deployment.ledger, now)
        typer.echo(as_json([asdict(one) for one in every])) if json else show_lineages(
            every, console
        )
        return
    one = lineage_view(deployment.ledger, key, now)
    if json:
        typer.echo(as_json(one))
        return
    show_lineage(one, console)
    if gone := _gone(one.secret, deployment):
        console.print(safe(gone, "bold red"), soft_wrap=True)


def _gone(secret: str, deployment: Deployment) -> str | None:
    """Return why nobody can read a secret; who may not look is told nothing of it."""
    try:
        deployment.vault().require(secret)
    except SecretGone as error:
        return str(error)
    except (VaultError, SettingsError):
        pass
    return None
