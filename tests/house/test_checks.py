"""The checks that every change passes: style, types, the direction of imports, what is locked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import uv

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "functions" / "requirements.txt"
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("mypy",),
        ("lint-imports", "--no-cache"),
    ],
    ids=" ".join,
)
def test_the_tree_passes(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_shipped_is_locked_as_the_project_asks() -> None:
    """The lock has what the project's dependencies resolve to, and each with hashes."""
    done = subprocess.run(
        [
            *(uv.find_uv_bin(), "pip", "compile", "pyproject.toml", "--quiet"),
            *("--python-version", "3.13", "--no-header", "--no-annotate", "--no-emit-index-url"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    locked = LOCK.read_text()
    pins = re.findall(r"^([A-Za-z0-9._-]+==\S+)", locked, re.MULTILINE)
    assert sorted(pins) == sorted(done.stdout.split())
    assert locked.count("--hash=sha256:") >= len(pins)


def test_no_lock_names_where_packages_come_from() -> None:
    assert "://" not in LOCK.read_text()
    assert "uv.lock" in (ROOT / ".gitignore").read_text().split()


def test_every_package_that_is_installed_is_pinned() -> None:
    """A clean checkout gets the versions that were tested, though there is no uv.lock."""
    listed = subprocess.run(
        [uv.find_uv_bin(), "pip", "freeze", "--python", sys.executable, "--exclude-editable"],
        capture_output=True,
        text=True,
        check=True,
    )
    pinned = (ROOT / "pyproject.toml").read_text().lower()
    unpinned = [
        line
        for line in listed.stdout.split()
        if "==" in line and not re.search(rf'"{re.escape(name(line))}(\[.*\])?==', pinned)
    ]
    assert not unpinned


def name(line: str) -> str:
    return line.split("==", maxsplit=1)[0].lower()
