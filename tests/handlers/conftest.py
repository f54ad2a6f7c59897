"""A deployment for each test, in an AWS account of its own; no test may show a secret."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from budget_guard.adapters import policy_json
from budget_guard.adapters.budgets import yaml_file
from budget_guard.handlers import evaluate, poll_usage, reporting, rotation, runtime
from budget_guard.sandbox.aws.emulator import REGION, Emulator, emulator
from budget_guard.sandbox.openrouter import serve
from tests.handlers.deployment import ANY_KEY, Deployment, Output

_ACCOUNTS = itertools.count(200_000_000_000)
BUDGETS = """
mode: enforce
budgets:
  - {name: each, owner: search, keys: ["prod*"], per_key: true, cap: {daily: 10}, hold: always}
  - {name: everything, owner: finance, keys: ["*"], cap: {monthly: 1000}, hold: never}
"""


@pytest.fixture(scope="session")
def aws() -> Iterator[Emulator]:
    with emulator(enforce_iam=False) as started:
        yield started


@pytest.fixture
def budgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The budgets of the asset; the YAML goes through what a deployment does with it."""
    source, shipped = tmp_path / "budgets.yaml", tmp_path / "budgets.json"
    source.write_text(BUDGETS)
    shipped.write_text(policy_json.dumps(yaml_file.load(source)))
    monkeypatch.setattr(runtime, "BUDGETS", shipped)
    return shipped


@pytest.fixture
def guard(
    aws: Emulator,
    budgets: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Deployment]:
    """A deployment whose management key was not put yet; its clock is the simulated account's."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(next(_ACCOUNTS)))
    _forget(monkeypatch)
    deployed = Deployment(_client, Output(capsys))
    log = reporting.logger.registered_handler
    monkeypatch.setattr(log, "stream", deployed.output.logged)
    with serve(deployed.api) as openrouter:
        for name, value in deployed.environment(openrouter).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(runtime, "clock", lambda: deployed.account.clock.now)
        for module in (poll_usage, evaluate, rotation):
            monkeypatch.setattr(module, "sleep", deployed.sleep)
        events = runtime.client("lambda").meta.events
        events.register("provide-client-params.lambda.Invoke", deployed.started)
        yield deployed
    assert ANY_KEY not in deployed.output.text
    assert (deployed.account.management_key or ANY_KEY) not in deployed.everything_stored()
    _forget(monkeypatch)


def _client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the clients, the credentials they were made with, and the budgets."""
    clients: Any = runtime.client
    clients.cache_clear()
    runtime.policy.cache_clear()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
