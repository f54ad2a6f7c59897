"""No test waits: retries keep their number, and lose their pauses."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import stamina

from budget_guard.sandbox.openrouter import Account, Clock


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=8, cap=True):
        yield


@pytest.fixture
def account() -> Account:
    return Account(clock=Clock(datetime(2026, 11, 18, 12, tzinfo=UTC)))
