"""The handlers stay small, and load nothing that is not in the asset."""

import subprocess
import sys
from pathlib import Path

import pytest

from budget_guard import handlers
from tests.handlers.deployment import HANDLERS

FOLDER = Path(handlers.__file__).parent
MODULES = (*HANDLERS, "headroom")
OPERATORS = ("yaml", "typer", "rich", "starlette", "uvicorn", "uv", "aws_cdk")


@pytest.mark.parametrize("name", MODULES)
def test_a_handler_module_has_at_most_forty_lines(name: str) -> None:
    assert len((FOLDER / f"{name}.py").read_text().splitlines()) <= 40


@pytest.mark.parametrize("name", MODULES)
def test_a_handler_needs_none_of_the_operators_libraries(name: str) -> None:
    banned = dict.fromkeys(("budget_guard.cli", "budget_guard.sandbox", *OPERATORS))
    program = f"import sys; sys.modules |= {banned}; import budget_guard.handlers.{name}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(FOLDER.parents[1])},
    )
    assert done.returncode == 0, done.stderr
