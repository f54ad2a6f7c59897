"""What a deployed guard leaves behind: its logs, its messages, its table, its answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from budget_guard.sandbox.aws.emulator import Emulator
from budget_guard.sandbox.stage import Stage

ARCHIVE = "archive"
"""A second queue on the topic, from which nothing is taken but by the tests."""


@dataclass
class Watched(Stage):
    """A stage that keeps what its functions answered."""

    answers: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, function: str) -> dict[str, Any]:
        answer = super().invoke(function)
        self.answers.append(answer)
        return answer


def logged(aws: Emulator) -> list[str]:
    """Every line in every log group."""
    logs = aws.client("logs")
    groups = logs.describe_log_groups()["logGroups"]
    pages = logs.get_paginator("filter_log_events")
    return [
        event["message"]
        for group in groups
        for page in pages.paginate(logGroupName=group["logGroupName"])
        for event in page["events"]
    ]


def records(lines: list[str]) -> list[dict[str, Any]]:
    """The structured lines, metrics left out."""
    found = (json.loads(line) for line in lines if line.startswith("{"))
    return [one for one in found if "message" in one]


def finished(found: list[dict[str, Any]], function: str) -> list[dict[str, Any]]:
    """The summaries of a function's runs."""
    ours = (one for one in found if f"-{function}Function" in one["function_name"])
    return [one for one in ours if one["message"] == "run finished"]


def taken(aws: Emulator, queue: str = ARCHIVE) -> Iterator[dict[str, Any]]:
    """Take what SNS put into a queue, envelopes and all."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(message["Body"])


def items(aws: Emulator, table: str) -> list[dict[str, Any]]:
    """Every item of the ledger."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]
