"""A deployment in this process: the real handlers, emulated AWS, a simulated OpenRouter."""

import json
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.adapters.ledger.whole import DynamoWholeLedger
from budget_guard.handlers import enforce, evaluate, poll_costs, poll_usage, rotate
from budget_guard.sandbox.openrouter import Account, Api, Clock

EVENTS = Path(__file__).parents[2] / "events"
HANDLERS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    "poll_usage": poll_usage.handler,
    "evaluate": evaluate.handler,
    "enforce": enforce.handler,
    "poll_costs": poll_costs.handler,
    "rotate": rotate.handler,
}
WEDNESDAY = datetime(2026, 11, 18, 9, 1, tzinfo=UTC)
DO_NOTHING = "def handler(event, context): return None"
ANY_KEY = "sk-or-"


def sample(name: str) -> dict[str, Any]:
    """Return a sample event by its file's name."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@dataclass
class Context:
    """What Lambda tells a run of itself; time does not pass."""

    seconds: float = 120.0
    function_name: str = "function"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:function"
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Output:
    """All that the functions printed, logged and raised."""

    capsys: pytest.CaptureFixture[str]
    logged: StringIO = field(default_factory=StringIO)
    raised: str = ""
    _printed: str = ""

    @property
    def text(self) -> str:
        captured = self.capsys.readouterr()
        self._printed += captured.out + captured.err
        return self._printed + self.logged.getvalue() + self.raised

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.text.splitlines() if one.startswith("{")]

    def logs(self, message: str) -> list[dict[str, Any]]:
        """Return the log lines with this message, in order."""
        return [one for one in self.lines if one.get("message") == message]

    @property
    def warnings(self) -> list[str]:
        return [one["message"] for one in self.lines if one.get("level") == "WARNING"]

    def metrics(self, name: str) -> list[tuple[float, dict[str, str]]]:
        """Return each value of a metric with its dimensions, as CloudWatch will read them."""
        found = []
        for line in self.lines:
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                assert directive["Namespace"] == "BudgetGuard"
                (dimensions,) = directive["Dimensions"]
                (metric,) = directive["Metrics"]
                if metric["Name"] == name:
                    (value,) = line[name]
                    found.append((value, {one: line[one] for one in dimensions}))
        return found


@dataclass
class Deployment:
    """A deployed guard. `starts` are the functions that were started and not yet run."""

    aws: Callable[[str], Any]
    output: Output
    account: Account = field(default_factory=lambda: Account(clock=Clock(WEDNESDAY)))
    starts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = Api(self.account)
        _create_table(self.aws("dynamodb"))
        self.topic: str = self.aws("sns").create_topic(Name="alerts")["TopicArn"]
        self.queue = self._listen()
        queues = (self.aws("sqs").create_queue(QueueName=name) for name in ("ids", "dead"))
        self.ids, self.dead_letters = (str(one["QueueUrl"]) for one in queues)
        secret = self.aws("secretsmanager").create_secret(Name="key", SecretString="not-set")
        self.secret: str = secret["ARN"]
        for name in ("evaluate", "enforce", "rotate"):
            _create_function(self.aws("lambda"), name)

    def environment(self, openrouter: str) -> dict[str, str]:
        """Return all variables of the functions."""
        return {
            "TABLE_NAME": "ledger",
            "OPENROUTER_BASE_URL": openrouter,
            "MANAGEMENT_KEY_SECRET_ARN": self.secret,
            "EVALUATE_FUNCTION_NAME": "evaluate",
            "ENFORCE_FUNCTION_NAME": "enforce",
            "ROTATE_FUNCTION_NAME": "rotate",
            "ALERTS_TOPIC_ARN": self.topic,
            "STACK_NAME": "BudgetGuard",
            "QUEUE_URL": self.ids,
            "DEAD_LETTERS_URL": self.dead_letters,
            "POWERTOOLS_SERVICE_NAME": "budget-guard",
            "POWERTOOLS_METRICS_NAMESPACE": "BudgetGuard",
        }

    def put_key(self, key: str | None = None) -> None:
        """Put the management key, or another text, where the operator puts it."""
        text = key or self.account.management_key or ""
        self.aws("secretsmanager").put_secret_value(SecretId=self.secret, SecretString=text)

    def new_key(self, name: str = "prod", spent: str = "0") -> tuple[str, str]:
        """Create an OpenRouter key and spend with it; return its plaintext and its hash."""
        plaintext, row = self.account.create_key({"name": name})
        if Decimal(spent):
            self.account.spending.charge(row["hash"], Decimal(spent))
        return plaintext, row["hash"]

    def event(self) -> dict[str, str]:
        """Return what would start a function now."""
        return {"time": self.account.clock.now.isoformat(), "run": "run-1"}

    def run(
        self, function: str, event: dict[str, Any] | None = None, *, seconds: float = 120
    ) -> dict[str, Any]:
        """Run one function; what it raises is raised, and kept with the output."""
        try:
            return HANDLERS[function](self.event() if event is None else event, Context(seconds))
        except Exception:
            self.output.raised += traceback.format_exc()
            raise

    def chain(self, event: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
        """Poll, then run whatever is started, with what it is started with."""
        summaries = {"poll_usage": self.run("poll_usage", event)}
        while self.starts:
            name, payload = self.starts.pop(0)
            summaries[name] = self.run(name, payload)
        return summaries

    def started(self, params: dict[str, Any], **_: object) -> None:
        """Note a start that is on its way to Lambda."""
        assert params["InvocationType"] == "Event"
        self.starts.append((params["FunctionName"], json.loads(params["Payload"])))

    def sleep(self, seconds: float) -> None:
        """Let the account's time go by instead of the test's."""
        self.slept.append(seconds)
        self.account.clock.advance(timedelta(seconds=seconds))

    def alerts(self) -> list[AlertEvent]:
        """Return the alerts that arrived since the last call."""
        sqs, found = self.aws("sqs"), []
        while got := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in got:
                self.messages.append(message["Body"])
                text = json.loads(message["Body"])["Message"]
                found.append(AlertEvent.model_validate_json(text))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    @property
    def ledger(self) -> DynamoWholeLedger:
        return DynamoWholeLedger(self.aws("dynamodb"), "ledger", lambda: self.account.clock.now)

    def everything_stored(self) -> str:
        """Return the whole ledger and every message, as text."""
        self.alerts()
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName="ledger")
        return json.dumps([page["Items"] for page in pages], default=str) + "".join(self.messages)

    def _listen(self) -> str:
        sqs = self.aws("sqs")
        url: str = sqs.create_queue(QueueName="on-call")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.aws("sns").subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"]
        )
        return url


def _create_table(dynamodb: Any) -> None:
    names = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.create_table(
        TableName="ledger",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
        KeySchema=[{"AttributeName": one, "KeyType": kind} for one, kind in names.items()],
        BillingMode="PAY_PER_REQUEST",
    )


def _create_function(functions: Any, name: str) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("idle.py", DO_NOTHING)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="idle.handler",
        Role="arn:aws:iam::000000000000:role/idle",
        Code={"ZipFile": archive.getvalue()},
    )
