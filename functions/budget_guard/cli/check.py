"""`budget-guard check`: what is wrong with a budgets file, or what it says."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from budget_guard.adapters.budgets import amounts, schema, yaml_file
from budget_guard.adapters.budgets.scalars import spell_duration
from budget_guard.adapters.budgets.yaml_file import Report
from budget_guard.adapters.budgets.yaml_tree import Problem
from budget_guard.domain.axis import Axis
from budget_guard.domain.errors import BudgetsFileError
from budget_guard.domain.ladder import Do, Threshold
from budget_guard.domain.policy import Budget, Mode, Policy, RotationRule

_COLOUR = {"error": "bold red", "warning": "yellow"}
_MODES = {
    Mode.OBSERVE: "only reports what it would do",
    Mode.ENFORCE: "fences keys",
    Mode.RELEASE: "gives every key back",
}

_DOES = {None: "", Do.RESTRICT: "restrict", Do.ROTATE: "rotate", Do.PROPOSE: "propose"}


def check(
    file: Annotated[Path, typer.Argument(help="The budgets file.")] = Path("infra/budgets.yaml"),
    *,
    as_schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema for editors, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check a budgets file: every problem at once, or a summary of what it says.

    Exit code 0: it can be deployed (warnings allowed); 1: it has errors; 2: it cannot be read.
    """
    if as_schema:
        typer.echo(schema.text(), nl=False)
        return
    try:
        report = yaml_file.check(file)
    except BudgetsFileError as error:
        _say_unreadable(str(error), as_json=as_json)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(_as_json(report))
    else:
        _show(report, Console())
    raise typer.Exit(0 if report.file else 1)


def _say_unreadable(message: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"usable": False, "unreadable": message, "problems": []}, indent=2))
    else:
        Console(stderr=True).print(Text(message, style="bold red"))


def _as_json(report: Report) -> str:
    problems = [asdict(problem) for problem in report.problems]
    answer: dict[str, object] = {"usable": report.file is not None, "problems": problems}
    if report.file:
        answer["hash"] = report.file.to_domain().hash
        answer["content"] = json.loads(report.file.to_json())
    return json.dumps(answer, indent=2)


def _show(report: Report, console: Console) -> None:
    if report.file is None:
        show_problems(report, console)
        return
    for problem in report.problems:
        _show_problem(report.path, problem, console)
    _summarise(report.file.to_domain(), console)
    console.print(_verdict(report), soft_wrap=True)


def show_problems(report: Report, console: Console) -> None:
    """Print everything that is wrong with a file, each with a place to click, and the verdict."""
    for problem in report.problems:
        _show_problem(report.path, problem, console)
    console.print(_verdict(report), soft_wrap=True)


def _show_problem(path: Path, problem: Problem, console: Console) -> None:
    head = Text(f"{path}:{problem.line}:{problem.column} ")
    head.append(problem.severity, style=_COLOUR[problem.severity])
    head.append(f"  {problem.place}" if problem.place else "", style="bold")
    head.append(f"  {problem.value}" if problem.value else "", style="cyan")
    console.print(head, soft_wrap=True)
    told = f"{problem.message}; {problem.right_form}"
    margin = " " * 4
    wrapped = fill(told, console.width, initial_indent=margin, subsequent_indent=margin)
    console.print(Text(wrapped), soft_wrap=True)


def _verdict(report: Report) -> Text:
    if errors := len(report.errors):
        return Text(f"{report.path}: {errors} error{'s' * (errors > 1)}", style="bold red")
    warnings = len(report.warnings)
    note = f", {warnings} warning{'s' * (warnings > 1)}" if warnings else ""
    return Text(f"{report.path}: fine{note}", style="bold green")


def _summarise(policy: Policy, console: Console) -> None:
    console.print(Text("\n".join(_general(policy))))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("Budget", "Owner", "Keys", "Cap in USD", "Hold", "Alerts at"):
        whole = heading in {"Cap in USD", "Hold"}
        table.add_column(heading, overflow="fold", no_wrap=whole)
    for budget in policy.budgets:
        table.add_row(*(Text(cell) for cell in _row(budget)))
    console.print(table)


def _general(policy: Policy) -> Iterator[str]:
    """Yield what holds for every budget, a line each."""
    safety, hashes = policy.safety, len(policy.protect)
    yield f"Mode {policy.mode}: the guard {_MODES[policy.mode]}."
    if policy.scope:
        yield f"Scope: only keys of the workspaces {', '.join(policy.scope)}."
    yield (
        f"Stale after {spell_duration(safety.stale_after)}; up to {safety.patches_per_second}"
        f" changes a second; {safety.on_override}s overrides."
    )
    yield f"Protected: {hashes or 'no'} key{'s' * (hashes != 1)} by hash."
    if policy.protect_names:
        yield f"Proposed for protection: keys called {', '.join(policy.protect_names)}."
    if axes := [axis for axis in Axis if any(one.axis is axis for one in policy.budgets)]:
        told = " and ".join(f"{axis}s" for axis in axes)
        yield f"Budgets on {told} only alert: a key's limit cannot tell {told} apart."
    account = policy.account
    bounds = [
        f"{amounts.spell_decimal(account.balance_below)} USD" if account.balance_below else "",
        f"{spell_duration(account.runway_below)} of its burn" if account.runway_below else "",
    ]
    if told := " or ".join(one for one in bounds if one):
        yield f"Warns when the account's credits fall below {told}."
    yield from map(_rotated, policy.rotation)
    if policy.rotation:
        yield "Of these, only keys with a secret are rotated: plan names those that have none."


def _rotated(rule: RotationRule) -> str:
    longest = spell_duration(rule.drain_max)
    late = f", or after {longest}," if rule.force else f" (people are told after {longest})"
    return (
        f"Rotated every {spell_duration(rule.every)}: {', '.join(rule.keys)}; the old key is disabled"
        f" when idle for {spell_duration(rule.drain)}{late} and deleted after"
        f" {spell_duration(rule.delete_after)}."
    )


def _steps(ladder: Sequence[Threshold]) -> str:
    """Return the steps: on one line if they only alert, else each with what it does."""
    told = [f"{amounts.spell_percentage(one.at)} {_DOES[one.do]}".strip() for one in ladder]
    return ("\n" if any(one.do for one in ladder) else " ").join(told) or "-"


def _row(budget: Budget) -> tuple[str, ...]:
    narrowed = [
        f"{word} {', '.join(patterns)}"
        for word, patterns in (
            ("in", budget.workspaces),
            ("by", budget.creators),
            ("on", budget.models),
            ("with", budget.providers),
        )
        if patterns
    ]
    notes = [
        note for note, on in (("per key", budget.per_key), ("with BYOK", budget.include_byok)) if on
    ]
    return (
        budget.name,
        budget.owner or "-",
        "\n".join([*budget.keys, *narrowed]),
        "\n".join(
            [f"{amounts.spell_decimal(usd)} {window}" for window, usd in budget.cap.items()] + notes
        ),
        amounts.spell_hold(budget.hold),
        _steps(budget.thresholds),
    )
