"""The program that the CDK CLI runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import ROOT


def run(context: dict[str, Any], out: Path) -> subprocess.CompletedProcess[str]:
    """Run it as the CLI does: settings and the output folder come in the environment."""
    return subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(out)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_writes_the_assembly_with_the_functions_and_the_example_budgets(tmp_path: Path) -> None:
    done = run({}, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "BudgetGuard.template.json").is_file()
    (budgets,) = tmp_path.glob("asset.*/budgets.json")
    assert json.loads(budgets.read_text())["mode"] == "observe"


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"pollMinutes": "often"}, "pollMinutes=often: write whole minutes"),
        ({"budgets": "README.md"}, "README.md"),
    ],
)
def test_it_ends_with_the_problem_and_no_stack_trace(
    context: dict[str, Any], told: str, tmp_path: Path
) -> None:
    done = run(context, tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
