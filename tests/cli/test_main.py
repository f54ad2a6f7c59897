"""The command line as a whole: its help, its errors, and what it does not load."""

import inspect
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from budget_guard.cli.main import COMMANDS, app
from tests.cli.desk import Office


def test_the_help_names_every_command() -> None:
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["--help"])
    assert result.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert name in result.stdout
        assert line in " ".join(result.stdout.replace("│", " ").split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    module, function = COMMANDS[name][0].split(".")
    contract = inspect.getdoc(getattr(import_module(f"budget_guard.cli.{module}"), function))
    assert contract
    assert contract.splitlines()[0][:30] in result.stdout


def test_the_help_comes_without_what_takes_long_to_load() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from budget_guard.cli.main import app;"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0;"
        "print({'boto3', 'botocore', 'httpx', 'pydantic', 'yaml'} & sys.modules.keys())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert (found.stdout, found.stderr) == ("set()\n", "")


def test_the_version_is_the_packages() -> None:
    assert Office().run("--version").stdout == f"budget-guard {version('budget-guard')}\n"


def test_an_unknown_command_is_refused() -> None:
    result = Office().run("thaw")
    assert result.exit_code == 2
    assert "No such command 'thaw'" in result.stderr


def test_no_command_at_all_shows_the_help() -> None:
    result = Office().run()
    assert "test-alert" in result.output
