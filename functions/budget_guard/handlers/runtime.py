"""What the functions share: this run's name and time, the clients, the budgets."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from uuid import uuid4

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from budget_guard.adapters import policy_json
from budget_guard.domain.errors import BudgetsFileError, SettingsError
from budget_guard.domain.policy import Policy
from budget_guard.use_cases.leases import Lease, Leasing, leased

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

BUDGETS = Path(__file__).parents[2] / "budgets.json"
"""At the root of the functions' asset."""
RESERVE_SECONDS = 15
"""What a run keeps of its time to write down how it ended."""
PATIENCE = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=20,
)
"""botocore would wait a minute for each of five attempts: longer than some runs last."""
PLACEHOLDER = "<aws.scheduler."
EXAMPLE = '{"time": "2026-11-21T09:01:00Z", "run": "by-hand"}, or {}'


class Event(BaseModel):
    """What starts a function: its logical time and a name for the run; either may be missing.

    Outside AWS, Scheduler's placeholders can arrive as they are written.
    """

    model_config = ConfigDict(defer_build=True)

    time: str | None = None
    run: str | None = Field(default=None, max_length=200)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its name, its logical time, and the wall clock's time at its start.

    `token` is its own even where the same event is delivered twice.
    """

    id: str
    at: datetime
    began: datetime
    context: LambdaContext
    token: str = field(default_factory=lambda: uuid4().hex)

    def seconds_left(self) -> float:
        """Return how long the run may still work, keeping a reserve to write down its end."""
        return self.context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS

    def clock(self) -> datetime:
        """Return the logical time by now: that of the event, and what passed since the run began."""
        return self.at + (clock() - self.began)

    def leased(self, ledger: Leasing, name: str) -> AbstractContextManager[Lease]:
        """Hold the lease `name` for this run: it ends by itself after the function's time-out."""
        left = timedelta(milliseconds=self.context.get_remaining_time_in_millis(), seconds=5)
        return leased(ledger, name, token=self.token, now=self.began, lasts=left)


def clock() -> datetime:
    """Return the wall clock's time: read once a run, and nowhere further in."""
    return datetime.now(UTC)


def seconds_until(moment: timedelta, at: datetime) -> float:
    """Return how long it is from `at` until so far into its day (UTC); 0 where that has passed."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return max(0.0, (midnight + moment - at).total_seconds())


def run_of(event: dict[str, Any], context: LambdaContext) -> Run:
    """Return the run that `event` starts.

    Raises `SettingsError` for a time that is neither ISO 8601 with an offset nor a placeholder,
    and for an event of another form.
    """
    try:
        parsed = Event.model_validate(event)
    except ValidationError as error:
        fields = ", ".join(str(*fault["loc"][:1]) for fault in error.errors())
        message = f"The event cannot be used ({fields}); nothing was done. Send {EXAMPLE}."
        raise SettingsError(message) from None
    began = clock()
    return Run(
        id=parsed.run if _is_given(parsed.run) and parsed.run else context.aws_request_id,
        at=_time(parsed.time, began),
        began=began,
        context=context,
    )


def _is_given(text: str | None) -> bool:
    return bool(text) and not str(text).startswith(PLACEHOLDER)


def _time(text: str | None, otherwise: datetime) -> datetime:
    if text is None or not _is_given(text):
        return otherwise
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        message = f"The event's time {text[:40]!r} is no time; nothing was done. Send {EXAMPLE}."
        raise SettingsError(message)
    return at.astimezone(UTC)


@overload
def client(name: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(name: Literal["lambda"]) -> "LambdaClient": ...
@overload
def client(name: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
@overload
def client(name: Literal["sns"]) -> "SNSClient": ...
@overload
def client(name: Literal["sqs"]) -> "SQSClient": ...
@cache
def client(name: str) -> object:
    """Return the one client of an AWS service in this environment."""
    return boto3.client(name, config=PATIENCE)


@cache
def policy() -> Policy:
    """Return the budgets that were deployed with the functions.

    Raises `BudgetsFileError`.
    """
    try:
        return policy_json.loads(BUDGETS.read_bytes())
    except FileNotFoundError:
        message = f"There is no {BUDGETS}; nothing was done. Deploy the stack again."
        raise BudgetsFileError(message) from None
