"""Programs that are started here end here, with everything they started."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

GRACE = 10.0
"""Seconds between asking a program to end and ending it."""


@contextmanager
def running(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: IO[str] | int,
) -> Iterator[subprocess.Popen[str]]:
    """Run `command` in a process group of its own until the block ends, whatever ends it.

    Ctrl-C in a terminal reaches only the caller, who stops its programs in order.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        with process:
            try:
                yield process
            finally:
                _stop(process)
    finally:
        _signal(process, signal.SIGKILL)


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask first: the emulator ends its workers itself."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
