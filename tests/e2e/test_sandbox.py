"""`budget-guard sandbox` itself, as a newcomer runs it; and interrupted, as a newcomer does."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.processes import descendants, running_still

COMMAND = Path(sys.executable).parent / "budget-guard"
BUDGETS = """
mode: observe
budgets:
  - name: team
    owner: everybody
    keys: ["team-*"]
    per_key: true
    cap: {daily: 2}
    hold: always
  - name: crew
    owner: everybody
    keys: ["crew-*"]
    cap: {daily: 2}
    hold: always
"""


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    path = tmp_path / "budgets.yaml"
    path.write_text(BUDGETS, encoding="utf-8")
    return path


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the command puts what is only for a while."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@contextmanager
def started(budgets: Path, temporary: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command at work; ended, and with it what it started, also when the test fails."""
    with subprocess.Popen(
        [COMMAND, "sandbox", "--budgets", budgets, *words],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        try:
            yield command
        finally:
            command.terminate()


def test_it_plays_a_file_of_ones_own_and_tells_machines_how_it_went(
    budgets: Path, temporary: Path
) -> None:
    with started(budgets, temporary, "--json") as command:
        out, _ = command.communicate()
    told = json.loads(out)
    assert command.returncode == 0
    assert told["held"]
    caps = {(one["budget"], one["key"], one["keys"]) for one in told["caps"]}
    assert caps == {("team", "team-a", 1), ("team", "team-b", 1), ("crew", None, 2)}
    first = told["caps"][0]
    assert (first["budget"], first["window"], first["promised"]) == ("team", "daily", True)
    assert Decimal(first["spent"]) == Decimal(first["cap"]) + Decimal(first["in_flight"])
    assert Decimal(first["broken"]) == Decimal(first["while_not_held"]) == 0
    assert {"budget.threshold", "key.stopped", "resolved"} <= {
        one["kind"] for one in told["alerts"]
    }
    assert list(temporary.iterdir()) == []


def test_interrupted_in_the_play_it_leaves_no_process_and_no_file(
    budgets: Path, temporary: Path
) -> None:
    """By Ctrl-C, and by a polite end: two at once, which do not disturb each other either."""
    asked = {signal.SIGINT: 130, signal.SIGTERM: 143}
    with ExitStack() as stack:
        commands = {one: stack.enter_context(started(budgets, temporary)) for one in asked}
        for one, command in commands.items():
            assert command.stdout
            next(line for line in command.stdout if "22:01" in line)
            children = descendants(command.pid)
            assert any("ministack" in its for its in children.values())
            command.send_signal(one)
            command.stdout.read()
            assert command.wait() == asked[one]
            assert running_still(children) == {}
    assert list(temporary.iterdir()) == []
