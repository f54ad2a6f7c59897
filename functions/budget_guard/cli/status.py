"""`budget-guard status`: how everything stands, or one key."""

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
from budget_guard.cli.key_page import show_key
from budget_guard.cli.status_page import show_overview
from budget_guard.cli.telling import as_json
from budget_guard.domain.errors import GuardError
from budget_guard.use_cases.key_view import key_view
from budget_guard.use_cases.overview import Overview, overview, with_missing


def status(
    ctx: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help="One key: its name, its hash, or the hash's start.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Show budgets, held keys, and what is missing; or why one key is held, and its changes.

    Exit code 0, or 2 where the deployed guard cannot be read.
    """
    deployment = find(ctx, stack, region, profile)
    if key is not None:
        one = key_view(deployment.ledger, key, deployment.clock())
        typer.echo(as_json(one)) if json else show_key(one, Console())
        return
    view = _whole(deployment)
    typer.echo(as_json(view)) if json else show_overview(view, deployment.stack, Console())


def _whole(deployment: Deployment) -> Overview:
    """Return the overview with what only AWS knows: who will not hear an alert, and no key put."""
    view = overview(deployment.ledger, deployment.clock())
    if view.poll is None:
        view = with_missing(
            view,
            "If no management key was put yet: aws secretsmanager put-secret-value "
            f"--secret-id {deployment.secret} --secret-string YOUR_KEY",
        )
    try:
        pending, confirmed = deployment.notifier.unconfirmed(), deployment.notifier.confirmed()
    except GuardError as error:
        return with_missing(view, f"Who gets the alerts is not known: {error}")
    if pending:
        names = ", ".join(pending)
        view = with_missing(view, f"Not confirmed, so without alerts: {names}. Resend or confirm.")
    if not confirmed and not pending:
        view = with_missing(
            view, "Nobody gets the alerts: deploy with -c alertEmail=ADDRESS, or subscribe."
        )
    return view
