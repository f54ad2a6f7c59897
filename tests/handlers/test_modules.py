"""The handlers stay small, and load nothing that is not in the asset, or that they do not use."""

import subprocess
import sys
from pathlib import Path

import pytest

from budget_guard import handlers
from tests.handlers.deployment import HANDLERS

FOLDER = Path(handlers.__file__).parent
MODULES = (*HANDLERS, "headroom")
OPERATORS = ("yaml", "typer", "rich", "starlette", "uvicorn", "uv", "aws_cdk")

DOMAIN = "budget_guard.domain"
UNUSED = {
    "poll_usage": (
        "alerts",
        "holds",
        "lineage",
        "records",
        "restriction",
        "signals.signal",
        "wishes",
    ),
    "enforce": ("alerts", "facts", "lineage", "records", "signals.signal"),
    "poll_costs": ("decision", "holds", "records", "restriction", "wishes"),
    "rotate": ("announcing", "conditions"),
}
"""What a function would pay for at each cold start, and never use."""


@pytest.mark.parametrize("name", MODULES)
def test_a_handler_module_has_at_most_forty_lines(name: str) -> None:
    assert len((FOLDER / f"{name}.py").read_text().splitlines()) <= 40


@pytest.mark.parametrize("name", MODULES)
def test_a_handler_needs_none_of_the_operators_libraries(name: str) -> None:
    assert_starts_without(name, "budget_guard.cli", "budget_guard.sandbox", *OPERATORS)


@pytest.mark.parametrize("name", UNUSED)
def test_a_handler_loads_nothing_of_the_domain_that_it_does_not_use(name: str) -> None:
    assert_starts_without(name, *(f"{DOMAIN}.{module}" for module in UNUSED[name]))


@pytest.mark.parametrize("name", ["evaluate", "headroom"])
def test_a_handler_that_never_talks_to_openrouter_starts_without_httpx(name: str) -> None:
    assert_starts_without(name, "httpx")


def assert_starts_without(name: str, *modules: str) -> None:
    banned = dict.fromkeys(modules)
    program = f"import sys; sys.modules |= {banned}; import budget_guard.handlers.{name}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(FOLDER.parents[1])},
    )
    assert done.returncode == 0, done.stderr
