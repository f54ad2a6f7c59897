"""A queue, faked or emulated, and both libraries that applications call OpenRouter with."""

import itertools
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import httpx2
import pytest

from budget_guard.sandbox.aws.emulator import REGION, Emulator, emulator
from tests.client.inference import FakeSqs, Library

_ACCOUNTS = itertools.count(300_000_000_000)


@pytest.fixture(scope="session")
def aws() -> Iterator[Emulator]:
    with emulator(enforce_iam=False) as started:
        yield started


@pytest.fixture
def account(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of an application in an AWS account of its own."""
    found = aws.environment() | {"AWS_ACCESS_KEY_ID": str(next(_ACCOUNTS))}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def queue(account: dict[str, str]) -> "Queue":
    return Queue(boto3.client("sqs", region_name=REGION))


class Queue:
    """An emulated queue, as its reader sees it."""

    def __init__(self, sqs: Any) -> None:
        self.sqs = sqs
        self.url: str = sqs.create_queue(QueueName="generations")["QueueUrl"]

    def bodies(self) -> list[str]:
        """Take everything that was sent; in no order."""
        found: list[str] = []
        while got := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in got:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Library:
    return Library(request.param)
