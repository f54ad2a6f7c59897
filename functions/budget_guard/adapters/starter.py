"""Starts the next function of the chain by an asynchronous Lambda invocation."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from budget_guard.adapters.aws_errors import Cause, cause, code
from budget_guard.domain.errors import GuardError, SettingsError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaStarter:
    """The `Starter` port on a Lambda function."""

    def __init__(self, client: "LambdaClient", function_name: str) -> None:
        self._client = client
        self._function = function_name

    def start(self, *, time: datetime, run: str) -> None:
        """Start it with this logical time; return when Lambda has queued it.

        Raises `SettingsError` where the function or the permission is missing, else `GuardError`.
        """
        event = {"time": time.astimezone(UTC).isoformat(), "run": run}
        try:
            self._client.invoke(
                FunctionName=self._function,
                InvocationType="Event",
                Payload=json.dumps(event).encode(),
            )
        except (BotoCoreError, ClientError) as error:
            raise self._meaning(error) from error

    def _meaning(self, error: BotoCoreError | ClientError) -> GuardError:
        what = f"The function {self._function} could not be started ({code(error)})"
        match cause(error):
            case Cause.ABSENT:
                return SettingsError(f"{what}: there is none of that name. Is the stack whole?")
            case Cause.DENIED:
                return SettingsError(f"{what}: this function's role may not invoke it")
            case _:
                return GuardError(f"{what}; a later run starts it")


@dataclass(frozen=True, slots=True)
class Start:
    """With what a function was started."""

    time: datetime
    run: str


class RecordingStarter:
    """The `Starter` port in this process; keeps the starts, and fails while `failing` is set."""

    def __init__(self) -> None:
        self.starts: list[Start] = []
        self.failing: GuardError | None = None

    def start(self, *, time: datetime, run: str) -> None:
        """Record the start, or raise `failing`."""
        if self.failing:
            raise self.failing
        self.starts.append(Start(time, run))
