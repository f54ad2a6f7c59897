"""Both ledgers, each with a clock that stands still until a test sets it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.ledger.whole import DynamoWholeLedger
from budget_guard.use_cases.ledger import Ledger

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def create_table(dynamodb: Any, name: str = "ledger") -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def table(client: Callable[[str], Any]) -> Any:
    """A DynamoDB client of an account that has a table named "ledger"."""
    dynamodb = client("dynamodb")
    create_table(dynamodb)
    return dynamodb


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest, clock: Clock) -> Ledger:
    if request.param == "memory":
        return MemoryLedger(clock)
    return DynamoWholeLedger(request.getfixturevalue("table"), "ledger", clock)
