"""The stage: an AWS account and an OpenRouter account on this machine, the real stack between."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.adapters.ledger.whole import DynamoWholeLedger
from budget_guard.domain.errors import GuardError
from budget_guard.sandbox.aws.deploy import deploy
from budget_guard.sandbox.aws.emulator import Emulator, emulator
from budget_guard.sandbox.cast import Role
from budget_guard.sandbox.entrance import enter
from budget_guard.sandbox.on_call import QUEUE, listen
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.server import serve
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.sandbox.vault import DeployedSecrets
from budget_guard.use_cases.costs.report import By, CostTable, Period, cost_table

BUSY = "another run is at work"
PATIENCE = timedelta(seconds=30)


class SandboxError(GuardError):
    """A deployed function failed; the message has its error and its last log lines."""


@dataclass
class Stage:
    """The deployed guard, the simulated account it guards, and the traffic on its keys."""

    aws: Emulator
    outputs: dict[str, str]
    account: Account
    traffic: Traffic
    hashes: dict[str, str]
    openrouter: str
    plaintexts: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """Return the time of the play."""
        return self.account.clock.now

    @property
    def ledger(self) -> DynamoWholeLedger:
        """Return the deployed ledger."""
        return DynamoWholeLedger(self.aws.client("dynamodb"), self.outputs["TableName"])

    def name(self, key: str) -> str:
        """Return the present name of a key."""
        return self.account.keys[key].name

    def invoke(self, function: str) -> dict[str, Any]:
        """Run a deployed function at the play's time; return its summary.

        The chain that the functions start by themselves may be at it already; then it is waited
        for. Raises `SandboxError`.
        """
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while (summary := self._invoke(function)).get("outcome") == BUSY:
            if time.monotonic() > deadline:
                message = f"{function} found another run at work for {PATIENCE}; the play stops"
                raise SandboxError(message)
            time.sleep(0.05)
        return summary

    def _invoke(self, function: str, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        name = self.outputs[f"{function}FunctionName"]
        payload = event or {"time": self.now.isoformat(), "run": f"{function}-{self.now:%H%M%S}"}
        answer = self.aws.client("lambda").invoke(
            FunctionName=name, Payload=json.dumps(payload), LogType="Tail"
        )
        told = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            message = f"{function} failed at {self.now:%H:%M}: {told.get('errorMessage', told)}"
            raise SandboxError(message)
        return dict(told or {})

    @property
    def secrets(self) -> DeployedSecrets:
        """Return the secrets of applications, and the function that rotates them."""
        return DeployedSecrets(
            self.aws,
            self.openrouter,
            self.account.management_key or "",
            self.ledger,
            self.now,
            lambda event: self._invoke("Rotate", event),
        )

    def cycle(self) -> None:
        """Poll, evaluate, enforce and rotate, as the schedules would have it within the minute."""
        for function in ("PollUsage", "Evaluate", "Enforce", "Rotate"):
            self.invoke(function)

    def decide(self) -> None:
        """Evaluate and enforce without a poll."""
        for function in ("Evaluate", "Enforce"):
            self.invoke(function)

    def poll_costs(self) -> None:
        """Read what was spent on what, as its schedule would have it."""
        self.invoke("PollCosts")

    def costs(self, by: By) -> CostTable:
        """Return the costs of the evening's day, as the deployed function has read them."""
        evening = self.now.date() - timedelta(days=1)
        return cost_table(self.ledger, Period(evening, evening), by)

    def alerts(self) -> list[AlertEvent]:
        """Return the alerts that came over SNS since the last call, in order."""
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
        found: list[AlertEvent] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                found.append(AlertEvent.model_validate_json(envelope["Message"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found, key=lambda one: one.at)


@dataclass(frozen=True, slots=True)
class Set:
    """What to build the stage from; `budgets` writes the file once the keys' hashes are known."""

    opens: datetime
    roles: Sequence[Role]
    budgets: Callable[[Path, dict[str, str]], Path]


@contextmanager
def stage(built: Set, progress: Callable[[str], None]) -> Iterator[Stage]:
    """Build the stage, yield it, and leave nothing behind, whatever ends the block.

    Raises `EmulatorError`, `DeployError`.
    """
    entered = enter(built.roles, built.opens)
    account = entered.traffic.account
    with serve(Api(account)) as openrouter:
        progress(f"OpenRouter simulated at {openrouter}: {len(account.keys)} keys")
        with emulator() as aws:
            progress(f"AWS emulated at {aws.endpoint}")
            budgets = built.budgets(aws.folder, entered.hashes)
            context = {
                "budgets": str(budgets),
                "openrouterBaseUrl": openrouter,
                "schedules": "false",
            }
            outputs = deploy(aws, context=context, progress=progress)
            put_key(aws, outputs, account.management_key or "")
            listen(aws, outputs)
            let_time_pass(aws, outputs)
            yield Stage(
                aws,
                outputs,
                account,
                entered.traffic,
                entered.hashes,
                openrouter,
                entered.plaintexts,
            )


def put_key(aws: Emulator, outputs: Mapping[str, str], key: str) -> None:
    """Put the management key where the operator puts it."""
    aws.client("secretsmanager").put_secret_value(
        SecretId=outputs["ManagementKeySecretArn"], SecretString=key
    )


def let_time_pass(aws: Emulator, outputs: Mapping[str, str]) -> None:
    """Leave waiting to the play: a run of `rotate` without the time to wait ends, to be asked again."""
    aws.client("lambda").update_function_configuration(
        FunctionName=outputs["RotateFunctionName"], Timeout=60
    )
