"""MiniStack, an AWS emulator in Python: an account that exists as long as a `with` block."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import httpx
import uv

from budget_guard.domain.errors import GuardError
from budget_guard.sandbox.aws.processes import running

MINISTACK = "ministack==1.5.33"
REGION = "eu-central-1"
ACCOUNT = "000000000000"
LOOPBACK = "127.0.0.1"
PATIENCE = 30.0
"""Seconds that the emulator may take to start (it takes one)."""


class EmulatorError(GuardError):
    """The emulator does not run; the message has its last words."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator; `folder` is its own, and is gone when it stops."""

    endpoint: str
    folder: Path

    def environment(self) -> dict[str, str]:
        """Return the variables by which AWS clients and the CDK CLI find it, and only it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # The CLI remembers which account a key belongs to: never across emulators.
            "CDK_HOME": str(self.folder / "cdk"),
            "NO_PROXY": f"{LOOPBACK},localhost",
            "no_proxy": f"{LOOPBACK},localhost",
        }

    def client(self, service: str) -> Any:
        """Return the boto3 client of `service` with the account's root credentials.

        Each is made once: a Ctrl-C that comes while a dropped one is cleared away would be lost.
        """
        return _client(service, self.endpoint)


@cache
def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator knows no other
    )


@contextmanager
def emulator(*, enforce_iam: bool = True) -> Iterator[Emulator]:
    """Run an emulator on a free port of this machine's loopback, in a new folder of its own.

    With `enforce_iam` the functions may do what their roles allow, and nothing else. At the
    end of the block, whatever ends it, the emulator, its workers and its files are gone.
    Raises EmulatorError if it cannot be fetched or does not start.
    """
    python = _python_with_ministack()
    with TemporaryDirectory(prefix="budget-guard-aws-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), _free_port()
        (folder / "tmp").mkdir()
        log = folder / "emulator.log"
        with (
            log.open("w") as output,
            running(
                [python, "-m", "ministack"],
                environment=_environment(folder, port, enforce_iam=enforce_iam),
                folder=folder,
                output=output,
            ) as process,
        ):
            started = Emulator(f"http://{LOOPBACK}:{port}", folder)
            _await(started, process, log)
            yield started


def _python_with_ministack() -> str:
    """Return the interpreter of an environment that has the emulator, made at first use.

    Its own environment, since it pins another botocore; our own Python, since the functions run
    on it and the libraries of their asset are built for it. The interpreter itself is returned
    (not `uv tool run` left running), so that what is stopped is the emulator.
    """
    command = [uv.find_uv_bin(), "tool", "run", "--python", sys.executable, "--from", MINISTACK]
    found = subprocess.run(
        [*command, "python", "-c", "import sys; print(sys.executable)"],
        check=False,
        capture_output=True,
        text=True,
    )
    if found.returncode:
        msg = f"{MINISTACK} could not be installed; the sandbox did not start.\n{found.stderr}"
        raise EmulatorError(msg)
    return found.stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path, port: int, *, enforce_iam: bool) -> dict[str, str]:
    """Return all that the emulator knows: whatever it has, every function would have too."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        # Without these three it listens to the whole network.
        "BIND_HOST": LOOPBACK,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "AUTH": str(enforce_iam).lower(),
    }


def _await(started: Emulator, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            health = httpx.get(f"{started.endpoint}/_ministack/health", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            if health.is_success:
                return
    last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    state = "did not answer" if process.poll() is None else f"ended ({process.returncode})"
    msg = f"The AWS emulator {state}; nothing was deployed. Its last words:\n{last}"
    raise EmulatorError(msg)
