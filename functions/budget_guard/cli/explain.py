"""`budget-guard explain`: what one key may spend, and why, for the team that uses it."""

from typing import Annotated

import typer
from rich.console import Console

from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.explain_page import show_explanation
from budget_guard.cli.telling import as_json
from budget_guard.use_cases.explaining import explain as explained


def explain(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="The key: its name, its hash, or the hash's start.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Explain what a key may spend: which cap binds it, its share and why, and who got the rest.

    In figures that add up, from the facts of the last poll. Exit code 0, or 2 where the deployed
    guard cannot be read, or has seen no such key.
    """
    deployment = find(ctx, stack, region, profile)
    told = explained(deployment.ledger, key, deployment.clock())
    typer.echo(as_json(told)) if json else show_explanation(told, Console())
