"""`budget-guard release --all`: every key given back from here, whether the functions run or not."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from budget_guard.adapters.pace import Pace
from budget_guard.cli.deployment import Deployment
from budget_guard.cli.telling import SHORT_HASH, safe, safe_name
from budget_guard.domain import commands, words
from budget_guard.domain.facts import Facts
from budget_guard.domain.policy import Safety
from budget_guard.use_cases.give_back import GiveBack, announce_release, give_back
from budget_guard.use_cases.holdings import is_in_hand
from budget_guard.use_cases.outcomes import Outcome, Result
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.releasing import release_of_all
from budget_guard.use_cases.restricting.give_back import give_guardrails_back
from budget_guard.use_cases.restricting.restrict import RestrictResult

AT_ONCE = 4
UNDONE = frozenset({Outcome.FAILED, Outcome.WAITS})
WORDS = {
    Outcome.APPLIED: "given back",
    Outcome.ALREADY: "had its own",
    Outcome.LET_GO: "a person's",
    Outcome.GONE: "deleted",
    Outcome.WAITS: "NOT YET",
    Outcome.FAILED: "FAILED",
}
STYLES = {Outcome.FAILED: "bold red", Outcome.WAITS: "bold red", Outcome.APPLIED: "green"}


def release_all(deployment: Deployment, by: str, reason: str, *, yes: bool) -> None:
    """Give every held key its own settings, and show how each came out; exit 1 if one did not."""
    console, ledger = Console(), deployment.ledger
    facts = present_plan(ledger, deployment.clock()).facts
    held = sum(is_in_hand(hold) for hold in facts.holds.values())
    if not yes:
        restricted = sum(one.is_ours for one in facts.restrictions.values())
        keys = f"{held} held key{'s' * (held != 1)}"
        more = f", {restricted} restricted their own guardrails," if restricted else ""
        question = f"Give {keys} their own settings{more} and hold none until you end it?"
        typer.confirm(question, abort=True)
    safety = facts.policy.safety if facts.policy.budgets else Safety()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        on = GiveBack(
            ledger=ledger,
            connect=deployment.connect,
            run=f"release-all-{uuid4().hex}",
            at=facts.now,
            clock=deployment.clock,
            sleep=deployment.sleep,
            pace=Pace(safety.patches_per_second, sleep=deployment.sleep),
            run_all=pool.map,
        )
        announce_release(release_of_all(reason, by, facts.now), on)
        told = f"{by} released all keys: {reason}"
        results = _done(told, on, held, console)
        names = {key: one.key.name for key, one in facts.observations.items()}
        guardrails = give_guardrails_back(told, on, deployment.guardrails, names)
    _show_guardrails(guardrails, console)
    _show(results, names, console)
    _show_replaced(facts, console)
    outcomes = [one.outcome for one in results] + [one.outcome for one in guardrails]
    if UNDONE.intersection(outcomes):
        raise typer.Exit(1)


def _show_guardrails(results: Iterable[RestrictResult], console: Console) -> None:
    for one in results:
        style = STYLES.get(one.outcome, "")
        head = Text(safe_name(one.wish.name)) + Text(f"  {one.wish.key[:SHORT_HASH]}  ", "dim")
        told = f", guardrail {one.before} -> {one.after}" if one.after else f": {one.text}"
        console.print(head + Text(WORDS[one.outcome], style) + safe(told))


def _done(reason: str, on: GiveBack, held: int, console: Console) -> list[Result]:
    results: list[Result] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Giving keys back", total=held)
        for some in give_back(reason, on):
            results += some
            progress.advance(task, len(some))
    return results


def _show(results: Iterable[Result], names: dict[str, str], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("Key", "Hash", "Outcome", "Its settings"):
        table.add_column(heading, overflow="fold")
    for one in results:
        name = safe_name(one.name or names.get(one.wish.key, ""))
        settings = words.settings(one.after) if one.after else one.text
        style = STYLES.get(one.outcome, "")
        table.add_row(
            Text(name), one.wish.key[:SHORT_HASH], Text(WORDS[one.outcome], style), safe(settings)
        )
    counts = Counter(one.outcome in UNDONE for one in results)
    if counts:
        console.print(table)
    undone = f", {counts[True]} NOT" if counts[True] else ""
    console.print(safe(f"{counts[False]} given back{undone}. Nothing is held from now on.", "bold"))
    console.print(safe("To let the budgets hold again: budget-guard release --all --end"))


def _show_replaced(facts: Facts, console: Console) -> None:
    """Name the replaced keys that nobody disables from now on, each with the command that does."""
    for lineage in facts.kin.lineages.values():
        seen = [facts.observations.get(one.hash) for one in lineage.draining]
        enabled = [one for one in seen if one and not one.gone_at]
        names = [safe_name(one.key.name) for one in enabled if not facts.settings(one).disabled]
        if names:
            is_one = len(names) == 1
            verb, its, it = ("stays", "its", "it") if is_one else ("stay", "their", "them")
            told = (
                f"{words.several(names)} {verb} enabled beside {its} successor, each with its own "
                f"limit. To have the functions disable {it} (without them: at openrouter.ai):"
            )
            console.print(safe(told, "yellow"))
            console.print(Text(f"  {commands.retire(lineage.current.hash)}"), soft_wrap=True)
