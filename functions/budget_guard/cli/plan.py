"""`budget-guard plan`: what the next run would do with a budgets file, before it is deployed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from budget_guard.adapters.budgets import yaml_file
from budget_guard.cli.check import show_problems
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.plan_page import show_plan
from budget_guard.cli.telling import as_json, safe
from budget_guard.domain.errors import GuardError
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.planning import Prospect, prospect

ERROR, CHANGES = 1, 2


def plan(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The budgets file.")] = Path("infra/budgets.yaml"),
    *,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Show what the next run would do with this budgets file, by what was seen last.

    It changes nothing. Exit code 0: no key would be changed; 2: some would; 1: the file has
    errors, or the deployed guard cannot be read.
    """
    try:
        found = _prospect(ctx, file, stack, region, profile)
    except GuardError as error:
        # 2 means that there are changes: what reads the exit code must not take an error for that.
        Console(stderr=True).print(safe(str(error), "bold red"))
        raise typer.Exit(ERROR) from None
    typer.echo(as_json(found)) if json else show_plan(found, file, Console())
    raise typer.Exit(CHANGES if found.has_changes else 0)


def _prospect(
    ctx: typer.Context, file: Path, stack: str, region: str | None, profile: str | None
) -> Prospect:
    policy = _policy(file)
    deployment = find(ctx, stack, region, profile)
    return prospect(deployment.ledger, policy, deployment.clock(), deployment.guardrails)


def _policy(file: Path) -> Policy:
    report = yaml_file.check(file)
    if report.file is None:
        show_problems(report, Console(stderr=True))
        raise typer.Exit(ERROR)
    return report.file.to_domain()
