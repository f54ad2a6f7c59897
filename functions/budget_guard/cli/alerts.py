"""`budget-guard test-alert`: find out whether an alert reaches anybody."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from rich.text import Text

from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    Deployment,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.telling import indented, safe
from budget_guard.domain.alerts import Alert, Entry, Kind
from budget_guard.domain.ladder import Severity


def send_test_alert(
    ctx: typer.Context,
    *,
    by: Annotated[str | None, typer.Option(help="Who sends it, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Send a test alert the way real ones go, and show who gets it and who does not.

    Exit code 1 if nobody gets it; 2 if SNS does not take it.
    """
    deployment = find(ctx, stack, region, profile)
    alert = _alert(by or deployment.caller(), deployment.clock())
    deployment.notifier.publish(alert)
    confirmed = deployment.notifier.confirmed()
    _show(alert, confirmed, deployment)
    if not confirmed:
        raise typer.Exit(1)


def _alert(by: str, now: datetime) -> Alert:
    entry = Entry(
        incident="test",
        text=f"This is a test, sent by {by}: alerts arrive. Nothing happened to any key.",
        todo="nothing",
    )
    return Alert(str(uuid4()), Kind.TEST, Severity.INFO, now, (entry,))


def _show(alert: Alert, confirmed: tuple[str, ...], deployment: Deployment) -> None:
    console = Console()
    console.print(safe(f"SNS took the test alert {alert.event_id}.", "bold"))
    for endpoint in confirmed:
        console.print(indented(Text("goes to        ", "green") + safe(endpoint)))
    for endpoint in deployment.notifier.unconfirmed():
        console.print(indented(Text("not confirmed  ", "bold red") + safe(endpoint)))
        hint = "Open the link in the mail from AWS Notifications; to have it sent again:"
        console.print(indented(safe(hint)))
        console.print(_subscribe(deployment.topic, endpoint), soft_wrap=True)
    if not confirmed:
        console.print(safe("Nobody gets alerts. To subscribe an address:", "bold red"))
        console.print(_subscribe(deployment.topic, "ADDRESS"), soft_wrap=True)


def _subscribe(topic: str, endpoint: str) -> Text:
    command = "aws sns subscribe --protocol email"
    return safe(f"{command} --topic-arn {topic} --notification-endpoint {endpoint}")
