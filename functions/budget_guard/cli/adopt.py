"""`budget-guard adopt`: a key put under rotation, its plaintext into a secret."""

import sys
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from budget_guard.cli import spoken
from budget_guard.cli.adopt_page import show_adopted
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    Deployment,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.plaintext import ask_hidden, read_plaintext, require_no_plaintext
from budget_guard.cli.telling import as_json
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.windows import Window
from budget_guard.use_cases.overview import NOT_DEPLOYED
from budget_guard.use_cases.rotation.adopted import Adopted, adopted, workspace_of
from budget_guard.use_cases.rotation.adopting import Adopting
from budget_guard.use_cases.rotation.adopting import adopt as put_under_rotation
from budget_guard.use_cases.rotation.adopting_new import adopt_new, holders
from budget_guard.use_cases.rotation.ports import NewKey

RIGHTS = (
    "secretsmanager:CreateSecret",
    "TagResource",
    "DescribeSecret",
    "GetSecretValue",
    "PutSecretValue",
    "UpdateSecretVersionStage",
    "RotateSecret",
)


def adopt(
    ctx: typer.Context,
    key: Annotated[
        str | None, typer.Argument(help="The key: its name, its hash, or the hash's start.")
    ] = None,
    *,
    new: Annotated[
        str | None, typer.Option("--new", metavar="NAME", help="Make a key of this name.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(help="Of the new key: a workspace's name or id.")
    ] = None,
    limit: Annotated[
        Decimal | None,
        typer.Option(parser=spoken.amount, metavar="USD", help="Of the new key: its own limit."),
    ] = None,
    reset: Annotated[
        Window | None, typer.Option(help="Of the new key: when that limit begins anew.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(parser=spoken.moment, metavar="TIME", help="Of the new key: its end."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    by: Annotated[str | None, typer.Option(help="Who adopts it, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Put a key under rotation: a secret in Secrets Manager holds it from now on.

    Its plaintext is read from standard input, or asked for unseen at a terminal; it must be that
    key's. With --new: make a key and its secret in one go; nobody sees its plaintext. It is never
    rotated at once, and can be adopted again. Exit code 2 if it was not adopted.
    """
    require_no_plaintext(key)
    if (key is None) == (new is None):
        message = "say which key, or --new NAME"
        raise typer.BadParameter(message)
    if key is not None and (workspace or limit or reset or expires):
        message = "that is for --new: a key that exists has its own workspace, limit and end"
        raise typer.BadParameter(message)
    deployment = find(ctx, stack, region, profile)
    if key is not None:
        done = _adopted(key, deployment, by)
    else:
        place = workspace_of(workspace, deployment.ledger)
        settings = Settings(_limit(limit, reset))
        asked = NewKey(str(new), place, settings, expires_at=_end(expires, deployment))
        done = _made(asked, deployment, by)
    typer.echo(as_json(done)) if json else show_adopted(done, Console())


def _limit(amount: Decimal | None, reset: Window | None) -> Limit:
    if amount is None and reset is not None:
        message = "--reset says when a limit begins anew: give --limit too"
        raise typer.BadParameter(message)
    return Limit(amount, reset)


def _end(expires: datetime | None, deployment: Deployment) -> datetime | None:
    if expires is not None and expires <= deployment.clock():
        message = f"--expires is past ({expires:%Y-%m-%d %H:%M} UTC): such a key would never work"
        raise typer.BadParameter(message)
    return expires


def _adopted(key: str, deployment: Deployment, by: str | None) -> Adopted:
    plaintext = read_plaintext(sys.stdin, ask_hidden)
    to = _adopting(deployment, by)
    with _told():
        return adopted(put_under_rotation(key, plaintext, to), to)


def _made(asked: NewKey, deployment: Deployment, by: str | None) -> Adopted:
    desk = deployment.desk(by)
    to = _adopting(deployment, desk.by)
    with _told():
        lineage = adopt_new(asked, to)
    problem = desk.start(to.now)
    return adopted(lineage, to, new=asked, held_by=holders(asked, to.policy), problem=problem)


def _adopting(deployment: Deployment, by: str | None) -> Adopting:
    deployed = deployment.ledger.deployed()
    return Adopting(
        openrouter=deployment.connect(),
        keys=deployment.keys(),
        vault=deployment.vault(),
        ledger=deployment.ledger,
        policy=deployed.policy if deployed else NOT_DEPLOYED,
        now=deployment.clock(),
        by=by or deployment.caller(),
        run=f"adopt-{uuid4().hex}",
    )


def _told() -> AbstractContextManager[None]:
    from budget_guard.cli.aws_refusals import told_of_secrets  # noqa: PLC0415 - botocore is slow

    return told_of_secrets(*RIGHTS)
