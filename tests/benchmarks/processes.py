"""Starts the processes that are measured, one at a time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra import bundle
from tests.benchmarks.calls import Call
from tests.benchmarks.measuring import Taken
from tests.benchmarks.server import Server

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.base_prefix, "bin", "python3")
"""Without this environment's libraries."""
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT))),
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_METRICS_NAMESPACE": "BudgetGuard",
}


def ours(function: str, server: Server) -> Taken:
    """Run one of the guard's functions once."""
    return Taken(**_told("tests.benchmarks.ours", function, server.address))


def cost_polls(keys: int, server: Server) -> list[Mapping[str, Any]]:
    """Run polls of costs one after the other, each measured by itself."""
    return list(_told("tests.benchmarks.cost_polls", str(keys), server.address))


def floor(calls: Iterable[Call], server: Server) -> Taken:
    """Make the calls again with nothing but httpx and boto3."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "calls.json")
        file.write_text(json.dumps([asdict(call) for call in calls]))
        return Taken(**_told("tests.benchmarks.floor", str(file), server.address))


def decision(keys: int, pairs: int) -> list[tuple[float, float]]:
    """Return the seconds of deciding, and of reading the keys' JSON, pair by pair."""
    return [
        (one, other) for one, other in _told("tests.benchmarks.decision", str(keys), str(pairs))
    ]


@contextmanager
def asset() -> Iterator[Path]:
    """Build what is deployed, for this machine."""
    with TemporaryDirectory() as folder:
        yield bundle.build(Path(folder, "asset"), wheels=bundle.Wheels.HOST, budgets="{}")


def importing(code: str, asset: Path) -> float:
    """Return the seconds that a new interpreter takes from its start to its end.

    As in Lambda: nothing but the asset can be imported, and nothing written beside it.
    """
    own = {"PYTHONPATH": str(asset), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
    began = time.perf_counter()
    subprocess.run([PYTHON, "-c", code], check=True, env=ENVIRONMENT | own, cwd=asset)
    return time.perf_counter() - began


def _told(module: str, *arguments: str) -> Any:
    return json.loads(_run("-m", module, *arguments))


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=ROOT,
    )
    return done.stdout
