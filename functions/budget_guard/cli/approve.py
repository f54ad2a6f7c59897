"""`budget-guard approve`: what the breaker holds back, and the word that lets it through."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from budget_guard.cli import spoken
from budget_guard.cli.deployment import (
    DEFAULT_STACK,
    ProfileOption,
    RegionOption,
    StackOption,
    find,
)
from budget_guard.cli.telling import SHORT_HASH, indented, safe, safe_name, warn_of_delay, when
from budget_guard.domain.breaker import HeldBack
from budget_guard.use_cases.approving import (
    LEAST_DIGITS,
    REFUSED_MODE,
    Affected,
    Approved,
    Waiting,
    waiting,
)
from budget_guard.use_cases.approving import approve as write_approval

MOST = 20
WAITS = 2


def approve(
    ctx: typer.Context,
    policy: Annotated[
        str | None,
        typer.Argument(
            metavar="[HASH]", help="The deployed budgets file, by 8 digits of its hash."
        ),
    ] = None,
    *,
    reason: Annotated[str | None, typer.Option(help="Why; it stays on record.")] = None,
    by: Annotated[str | None, typer.Option(help="Who approves, if not the AWS caller.")] = None,
    stack: StackOption = DEFAULT_STACK,
    region: RegionOption = None,
    profile: ProfileOption = None,
) -> None:
    """Show what waits for approval; with a hash: approve that budgets file.

    A budgets file that would newly stop, restrict or release many keys at once is not followed
    before somebody has looked. Exit code 0 if nothing waits, or it was approved; 2 if something waits.
    """
    if policy is not None:
        told = spoken.reason(reason)
        deployment = find(ctx, stack, region, profile)
        _show_approved(write_approval(policy, told, deployment.desk(by)), Console())
        return
    deployment = find(ctx, stack, region, profile)
    waits = waiting(deployment.ledger, deployment.clock())
    show_waiting(waits, Console())
    raise typer.Exit(0 if waits.is_empty else WAITS)


def show_waiting(waits: Waiting, console: Console) -> None:
    """Print what waits, and the command that approves it."""
    if waits.is_empty:
        console.print(safe("Nothing waits for approval.", "bold green"))
    if waits.held_back:
        _show_held_back(waits.held_back, waits, console)
    _section("Proposed for protection", waits.proposed, console)
    console.print(safe(_in_force(waits), "dim"))
    if waits.is_empty or (waits.held_back and waits.held_back.is_refused):
        return
    console.print(safe(_meaning(waits)))
    console.print(approve_command(waits.policy), soft_wrap=True)


def approve_command(policy: str) -> Text:
    """Return the command that approves a budgets file."""
    return Text(f'  budget-guard approve {policy[:LEAST_DIGITS]} --reason "..."', "bold")


def _show_held_back(held_back: HeldBack, waits: Waiting, console: Console) -> None:
    if held_back.is_refused:
        console.print(safe("The deployed mode: observe is refused.", "bold red"))
        console.print(safe(f"{REFUSED_MODE}."))
        _section("Held still", waits.releases, console)
        return
    console.print(safe(held_back_headline(held_back), "bold red"))
    console.print(safe(_cause(held_back)))
    _section("Would be stopped", waits.stops, console)
    _section("Would be restricted", waits.restricts, console)
    _section("Would be given back", waits.releases, console)
    _section("Counters that jumped", waits.jumped, console)


def held_back_headline(held_back: HeldBack) -> str:
    """Return what is held back, in figures."""
    return f"Held back: a plan that would newly {held_back.deeds} of {held_back.keys} keys."


def _cause(held_back: HeldBack) -> str:
    if held_back.jumped:
        return (
            "Counters jumped: see whether that was really spent, or approve what follows from it."
        )
    return f"The deployed budgets file {held_back.policy_hash[:SHORT_HASH]} asks for it."


def _in_force(waits: Waiting) -> str:
    approved = waits.approved
    if approved is None:
        is_wider = waits.held_back and waits.held_back.restricts
        stay = "none of these keys is stopped, restricted or released"
        told = stay if is_wider else "these keys stay as they are"
        return f"Nothing was approved yet: until then {told}."
    file = approved.policy.hash[:SHORT_HASH]
    told = f"{file}, approved {when(approved.at, waits.at)} by {approved.by}: {approved.reason}."
    if waits.held_back is None or waits.held_back.is_refused:
        return f"In force: the budgets file {told}"
    return (
        f"Until it is approved, no key is {waits.held_back.undone}, and stops are fences at what was "
        f"left before, by the budgets file {told}"
    )


def _meaning(waits: Waiting) -> str:
    count = len(waits.proposed)
    protects = f"protect the {count} key{'s' * (count != 1)} proposed" if count else ""
    follows = "follow that plan" if waits.held_back else ""
    return f"To {' and '.join(filter(None, (follows, protects)))}:"


def _section(title: str, keys: Sequence[Affected], console: Console) -> None:
    if not keys:
        return
    console.print(Text(f"{title} ({len(keys)})", "bold"))
    for one in keys[:MOST]:
        head = Text(safe_name(one.name), "bold") + Text(f"  {one.key[:SHORT_HASH]}", "dim")
        console.print(indented(head))
        console.print(Padding(safe(one.text), (0, 0, 0, 4)))
    if len(keys) > MOST:
        console.print(indented(Text(f"and {len(keys) - MOST} more")))


def _show_approved(done: Approved, console: Console) -> None:
    word, waited = done.approval, done.waited
    head = f"{word.by} approved the budgets file {word.policy.hash[:SHORT_HASH]}: {word.reason}"
    console.print(safe(head, "bold green"))
    if waited.is_empty:
        console.print(indented(safe("Nothing was waiting for it.")))
    if waited.held_back:
        console.print(indented(safe("What was held back is followed from now on.")))
    if waited.proposed:
        names = ", ".join(safe_name(one.name) for one in waited.proposed)
        told = f"Protected from now on, as long as protect: names them: {names}."
        console.print(indented(safe(told)))
    warn_of_delay(done.problem, console)
