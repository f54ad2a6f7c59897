"""The official SDK on a served account: clients for any key, and one with the management key."""

from collections.abc import Iterator

import pytest
from openrouter import OpenRouter

from budget_guard.sandbox.openrouter import Account
from tests.sandbox import sdk


@pytest.fixture
def client(served: str) -> Iterator[sdk.Client]:
    with sdk.clients(served) as connect:
        yield connect


@pytest.fixture
def admin(client: sdk.Client, account: Account) -> OpenRouter:
    return client(account.management_key)
