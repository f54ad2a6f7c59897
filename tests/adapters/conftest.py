"""AWS for adapter tests: one emulator for the session, an account of its own for each test."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from budget_guard.sandbox.aws.emulator import REGION, Emulator, emulator

_ACCOUNTS = itertools.count(100_000_000_000)


@pytest.fixture(scope="session")
def aws() -> Iterator[Emulator]:
    with emulator(enforce_iam=False) as started:
        yield started


@pytest.fixture
def client(aws: Emulator) -> Callable[[str], Any]:
    """Makes boto3 clients of one account that no other test sees."""
    account = str(next(_ACCOUNTS))

    def make(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=aws.endpoint,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="made-up",
            config=Config(retries={"total_max_attempts": 1}),
        )

    return make
