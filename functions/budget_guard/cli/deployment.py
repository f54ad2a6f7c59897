"""The deployed guard as the commands see it; tests put another one in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from budget_guard.use_cases.desk import Desk
from budget_guard.use_cases.notifier import Notifier
from budget_guard.use_cases.ports import OpenRouter, Starter
from budget_guard.use_cases.restricting.ports import Guardrails
from budget_guard.use_cases.rotation.ports import KeyMaker, VaultOffice
from budget_guard.use_cases.whole_ledger import WholeLedger

StackOption = Annotated[
    str,
    typer.Option(
        "--stack", envvar="BUDGET_GUARD_STACK", help="The CloudFormation stack of the guard."
    ),
]
RegionOption = Annotated[
    str | None,
    # boto3 itself does not look at AWS_REGION, which Lambda, the CDK and people use.
    typer.Option("--region", help="AWS region, if not the usual one.", envvar="AWS_REGION"),
]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="AWS profile, if not the usual one.")
]
DEFAULT_STACK = "BudgetGuard"


def wall_clock() -> datetime:
    """Return the time, read once by each command."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployed guard.

    `connect`, `guardrails` and `keys` read the management key; `caller` names who is asking. `vault` has the secrets of applications; it raises `SettingsError` where none was deployed.
    `topic` and `secret` are ARNs: what alerts are published to, what holds the management key.
    """

    stack: str
    ledger: WholeLedger
    notifier: Notifier
    evaluate: Starter
    connect: Callable[[], OpenRouter]
    guardrails: Callable[[], Guardrails]
    caller: Callable[[], str]
    topic: str
    secret: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    keys: Callable[[], KeyMaker]
    vault: Callable[[], VaultOffice]

    def desk(self, by: str | None = None) -> Desk:
        """Return what a person's word needs."""
        return Desk(self.ledger, self.evaluate, by or self.caller(), self.clock())


def find(ctx: typer.Context, stack: str, region: str | None, profile: str | None) -> Deployment:
    """Return the deployment of that name; raise `SettingsError` where it cannot be reached."""
    if isinstance(ctx.obj, Deployment):
        return ctx.obj
    from budget_guard.cli import aws  # noqa: PLC0415 - boto3 loads slowly; --help needs none of it

    return aws.find(stack, region=region, profile=profile)
