"""Every command that people are shown, in alerts, pages and the README, is understood when pasted."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from budget_guard.cli.deployment import Deployment
from budget_guard.cli.main import COMMANDS, app
from budget_guard.domain import commands
from tests.cli.desk import BUDGETS, Office

ROOT = Path(__file__).parents[2]
CODE = ROOT / "functions" / "budget_guard"
KEY = "3fa9c1d2abcd"
GIVEN = (
    *(make(KEY) for make in (commands.release, commands.freeze, commands.rotate, commands.retire)),
    commands.grant("prod api", None),
    commands.grant("prod-api", KEY),
)
ARGUMENT = r"""(?:--[a-z]+|-[a-z]\b|[A-Z]{2,}|[0-9]\w*|"[^"]*"|'[^']*')"""
SHOWN = re.compile(rf"budget-guard [a-z][a-z-]*(?: {ARGUMENT})*")
SPAN = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
IN_SHORT = ("rotate KEY", "retire KEY", "approve HASH")
"""As the README's table of alerts names them: the reason is left out."""


class Reached(Exception):
    """The command was understood, and asked for its deployment."""


class Nowhere(Deployment):
    """Any deployment."""

    def __init__(self) -> None:
        """Have nothing."""

    def __getattr__(self, name: str) -> Any:
        raise Reached(name)


def texts(path: Path) -> Iterator[str]:
    """Yield what a module says, but for its docstrings; KEY stands for what is put in."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    joined = [one for one in nodes if isinstance(one, ast.JoinedStr)]
    apart = {id(part) for one in joined for part in one.values}
    apart |= {id(one.value) for one in nodes if isinstance(one, ast.Expr)}
    for one in joined:
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "KEY" for part in one.values
        )
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield node.value


def of_the_code() -> Iterator[str]:
    for path in sorted(CODE.rglob("*.py")):
        if path.name != "commands.py":
            for text in texts(path):
                yield from SHOWN.findall(text)


def of_the_readme() -> Iterator[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = (
        line.partition("  #")[0] for block in BLOCK.findall(text) for line in block.split("\n")
    )
    for one in (*lines, *SPAN.findall(BLOCK.sub("", text))):
        command = one.rpartition("uv run ")[2].removeprefix("budget-guard ").partition(" <")[0]
        if command.split(" ")[0] in COMMANDS:
            plain = re.sub(r" \[[^]]*\]", "", command)
            whole = command.replace("[", "").replace("]", "")
            yield from (f"budget-guard {form.strip()}" for form in (plain, whole))


SEEN = sorted({*GIVEN, *of_the_code(), *of_the_readme()})


def understood(command: str) -> bool:
    """Tell whether a command comes as far as asking for the deployment, or does its work."""
    _, name, *rest = shlex.split(command.replace(" TIME", " 2099-01-01T00:00Z"))
    if not rest:
        return name in COMMANDS
    if name == "sandbox":
        loaded: Any = get_command(app)
        return bool(loaded.resolve_command(None, [name, *rest])[1].make_context(name, rest))
    if command.removeprefix("budget-guard ") in IN_SHORT:
        rest += ["--reason", "..."]
    result = CliRunner().invoke(app, [name, *rest], obj=Nowhere(), input="sk-or-v1-made-up\n")
    return result.exit_code == 0 or isinstance(result.exception, Reached)


def test_commands_are_found_in_the_code_and_in_the_readme() -> None:
    assert {one.split()[1] for one in of_the_code()} >= {"adopt", "approve", "freeze", "release"}
    found = set(of_the_readme())
    assert found >= {'budget-guard release prod-api --reason "false alarm"', "budget-guard check"}
    assert f"budget-guard {IN_SHORT[0]}" in found


@pytest.mark.parametrize("command", SEEN)
def test_what_is_shown_is_understood(command: str) -> None:
    assert understood(command)


@pytest.mark.parametrize(
    "command",
    [f"release {KEY}", f"grant prod api 20 --for 4h {commands.WHY}", "thaw", f"rotate {KEY}"],
)
def test_what_lacks_something_is_not(command: str) -> None:
    assert not understood(f"budget-guard {command}")


def test_what_alerts_offer_is_done_when_it_is_pasted() -> None:
    budgets = tuple(replace(one, name=one.name.replace("-", " ")) for one in BUDGETS)
    office = Office(budgets=budgets)
    office.guard.cycle()
    for name, spent in (("prod-api", "49"), ("dev-ann", "4.9"), ("dev-bob", "5")):
        office.spend(name, spent)
    office.cycle()
    office.spend("prod-api", "2")
    office.cycle()
    entries = [entry for alert in office.guard.inbox.alerts for entry in alert.entries]
    texts = " ; ".join(text for one in entries for text in (one.todo, one.undo) if text)
    offered = {one.strip() for one in re.findall(r"budget-guard [^;]*", texts)}
    assert {one.split()[1] for one in offered} == {"grant", "release"}
    assert [one for one in offered if office.run(*shlex.split(one)[1:]).exit_code] == []
