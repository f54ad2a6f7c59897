"""The embedded AWS itself: alone on this machine, and gone when it should be."""

import json
import signal
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from budget_guard.sandbox.aws import emulator as module
from budget_guard.sandbox.aws.deploy import ROOT, DeployError, deploy
from budget_guard.sandbox.aws.emulator import EmulatorError, emulator
from tests.e2e.processes import commands_naming

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

DEPLOYING = """
from budget_guard.sandbox.aws.deploy import deploy
from budget_guard.sandbox.aws.emulator import emulator

with emulator() as aws:
    print(aws.endpoint, aws.folder, flush=True)
    deploy(aws, context={}, progress=lambda line: print(line, flush=True))
"""
ENVIRONMENT = "import os\ndef handler(event, context): return dict(os.environ)"


def test_ctrl_c_while_it_deploys_leaves_no_process_and_no_file() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEPLOYING], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as caller:
        assert caller.stdout
        endpoint, folder = caller.stdout.readline().split()
        assert httpx.get(f"{endpoint}/_ministack/health").is_success
        next(line for line in caller.stdout if "Synthesis time" in line)
        assert commands_naming(folder)
        caller.send_signal(signal.SIGINT)
        assert caller.wait() != 0
    assert commands_naming(folder) == []
    assert not Path(folder).exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint)


def test_its_functions_see_nothing_of_the_callers_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-v1-made-up")
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("environment.py", ENVIRONMENT)
    with emulator(enforce_iam=False) as aws:
        functions: LambdaClient = aws.client("lambda")
        functions.create_function(
            FunctionName="environment",
            Runtime="python3.13",
            Handler="environment.handler",
            Role="arn:aws:iam::000000000000:role/any",
            Code={"ZipFile": archive.getvalue()},
        )
        seen = json.load(functions.invoke(FunctionName="environment")["Payload"])
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "environment"
    assert "sk-or-v1-made-up" not in str(seen)


def test_an_emulator_that_cannot_be_had_is_told_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MINISTACK", "ministack==0.0.0")
    with pytest.raises(EmulatorError, match=r"ministack==0\.0\.0 could not be installed") as told:
        emulator().__enter__()
    assert "No solution found" in str(told.value)


def test_an_emulator_that_ends_at_once_is_told_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOPBACK", "no.such.address.invalid")
    monkeypatch.setattr(module, "_free_port", lambda: 1)
    with pytest.raises(EmulatorError, match=r"The AWS emulator ended \(\d+\)"):
        emulator().__enter__()


def test_a_deployment_that_fails_is_told_with_the_last_lines() -> None:
    with emulator() as aws, pytest.raises(DeployError) as told:
        deploy(aws, context={"pollMinutes": "often"})
    assert "`cdk deploy` failed" in str(told.value)
    assert "pollMinutes=often: write whole minutes from 1 to 15" in str(told.value)
