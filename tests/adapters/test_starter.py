"""The next function is started with the run's logical time, and failures are typed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.stub import Stubber

from budget_guard.adapters.starter import LambdaStarter, RecordingStarter, Start
from budget_guard.domain.errors import GuardError, SettingsError
from budget_guard.use_cases.ports import Starter

NOW = datetime(2026, 11, 18, 12, 0, 20, tzinfo=UTC)


@pytest.fixture
def functions(client: Callable[[str], Any]) -> Any:
    return client("lambda")


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_it_starts_the_function_without_waiting_for_it(functions: Any, zone: timezone) -> None:
    event = {"time": "2026-11-18T12:00:20+00:00", "run": "run-1"}
    asked = {
        "FunctionName": "evaluate",
        "InvocationType": "Event",
        "Payload": json.dumps(event).encode(),
    }
    with Stubber(functions) as stub:
        stub.add_response("invoke", {"StatusCode": 202}, asked)
        starter: Starter = LambdaStarter(functions, "evaluate")
        starter.start(time=NOW.astimezone(zone), run="run-1")
        stub.assert_no_pending_responses()


def test_a_function_that_does_not_exist_is_an_error_of_the_deployment(functions: Any) -> None:
    with pytest.raises(SettingsError, match=r"nowhere.*none of that name"):
        LambdaStarter(functions, "nowhere").start(time=NOW, run="run-1")


@pytest.mark.parametrize(
    ("failure", "error", "says"),
    [
        ("AccessDeniedException", SettingsError, "may not invoke"),
        ("TooManyRequestsException", GuardError, "a later run starts it"),
        ("ServiceException", GuardError, "a later run starts it"),
    ],
)
def test_each_failure_is_typed(
    functions: Any, failure: str, error: type[GuardError], says: str
) -> None:
    with Stubber(functions) as stub:
        stub.add_client_error("invoke", failure)
        with pytest.raises(error, match=says) as raised:
            LambdaStarter(functions, "evaluate").start(time=NOW, run="run-1")
    assert type(raised.value) is error


def test_the_fake_keeps_the_starts_and_fails_when_told() -> None:
    fake = RecordingStarter()
    starter: Starter = fake
    starter.start(time=NOW, run="run-1")
    fake.failing = GuardError("told to fail")
    with pytest.raises(GuardError, match="told to fail"):
        fake.start(time=NOW, run="run-2")
    assert fake.starts == [Start(NOW, "run-1")]
