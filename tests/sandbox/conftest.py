"""A simulated account for each test, in process and over real HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from budget_guard.sandbox.openrouter import Account, Api, Clock, InProcess, serve

WEDNESDAY = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return Account(clock=Clock(WEDNESDAY))


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


@pytest.fixture
def new_key(account: Account) -> Callable[..., str]:
    """Creates a key and returns its hash; amounts may be given as text."""

    def create(limit: str | None = None, reset: str | None = None, **fields: Any) -> str:
        amount = None if limit is None else Decimal(limit)
        body = {"name": "prod-api", "limit": amount, "limit_reset": reset, **fields}
        return str(account.create_key(body)[1]["hash"])

    return create


@pytest.fixture
def served(api: Api) -> Iterator[str]:
    with serve(api) as base_url:
        yield base_url


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    """A management client in process."""
    with httpx.Client(
        transport=InProcess(api),
        base_url="https://openrouter.invalid/api/v1",
        headers={"authorization": f"Bearer {api.account.management_key}"},
    ) as connected:
        yield connected
