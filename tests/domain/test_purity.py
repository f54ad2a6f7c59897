"""The domain is pure: exact money, time as an argument, nothing of the world."""

import ast
import sys
from pathlib import Path

import pytest

import budget_guard.domain

DOMAIN = Path(budget_guard.domain.__file__).parent
MODULES = sorted(DOMAIN.rglob("*.py"))
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
INPUT_OUTPUT = {"asyncio", "http", "io", "logging", "os", "pathlib", "random", "shutil", "socket"}
INPUT_OUTPUT |= {"sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib"}


def offences(source: str) -> list[str]:
    """Return every float, clock and import of the world in `source`."""
    return [found for node in ast.walk(ast.parse(source)) if (found := offence(node))]


def offence(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=float()):
            return f"float {node.value!r} in line {node.lineno}"
        case ast.Name(id="float" | "open" | "print" as name):
            return f"{name} in line {node.lineno}"
        case ast.Attribute(attr=name, value=ast.Name(id="datetime" | "date" | "time")) if (
            name in CLOCKS
        ):
            return f"the clock in line {node.lineno}"
        case ast.Import(names=names):
            return next((f"import {one.name}" for one in names if is_world(one.name)), None)
        case ast.ImportFrom(module=str(module)) if is_world(module):
            return f"from {module}"
    return None


def is_world(module: str) -> bool:
    first = module.split(".", maxsplit=1)[0]
    if first == "budget_guard":
        return not module.startswith("budget_guard.domain")
    return first in INPUT_OUTPUT or first not in sys.stdlib_module_names


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(DOMAIN)))
def test_the_domain_has_no_float_no_clock_and_no_input_or_output(module: Path) -> None:
    assert offences(module.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = 0.5",
        "x: float = 1",
        "def f() -> float: ...",
        "datetime.now(UTC)",
        "datetime.utcnow()",
        "time.time()",
        "import time",
        "import os.path",
        "import boto3",
        "from time import monotonic",
        "from pathlib import Path",
        "from budget_guard.adapters import ledger",
        "open('file')",
    ],
)
def test_the_check_of_purity_notices(source: str) -> None:
    assert offences(source)
