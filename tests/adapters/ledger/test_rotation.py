"""Lineages and rotations, in both ledgers alike."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.errors import LeaseLost
from budget_guard.domain.lineage import Cap, State, begun
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.windows import Window
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger
from tests.adapters.ledger.conftest import NOW, Clock
from tests.adapters.ledger.samples import HASH

ARN = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:openrouter/prod-api-4755f4"
CAPPED = Cap(Decimal("20.000001"), Window.WEEKLY, include_byok=True)
LINEAGE = replace(
    begun(ARN, HASH, "prod-api", workspace="w1", at=NOW)
    .asking("prod-api #2", NOW)
    .moved_to("#2", NOW)
    .come_to(HASH, State.DISABLED, NOW + timedelta(hours=1)),
    cap=CAPPED,
)
ROTATION = Rotation(
    secret=ARN,
    token="version",
    name="prod-api #2",
    workspace="w1",
    old=HASH,
    is_held=True,
    allowed=Decimal("Infinity"),
    began=NOW,
    run="run-1",
    stage=Stage.PROVEN,
    new="#2",
    granted=Decimal("12.000001"),
    failure="it was not so",
)


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest, clock: Clock) -> Ledger:
    if request.param == "memory":
        return MemoryLedger(clock)
    table: Any = request.getfixturevalue("table")
    return DynamoLedger(table, "ledger", clock)


def test_before_the_first_there_is_none(ledger: Ledger) -> None:
    assert ledger.lineage(ARN) is None
    assert ledger.rotation(ARN) is None
    assert not ledger.lineages()
    assert not ledger.rotations()


def test_both_are_returned_as_they_were_saved(ledger: Ledger) -> None:
    ledger.save(LINEAGE, ROTATION)
    assert ledger.lineage(ARN) == LINEAGE
    assert ledger.lineages() == {ARN: LINEAGE}
    assert ledger.rotation(ARN) == ROTATION


def test_the_last_rotation_of_each_secret_is_kept(ledger: Ledger) -> None:
    other = replace(ROTATION, secret="other", began=NOW - timedelta(days=1))
    infinite = replace(ROTATION, granted=Decimal("Infinity"), stage=Stage.DONE)
    ledger.save(ROTATION, other)
    ledger.save(infinite)
    assert ledger.rotations() == [other, infinite]


def test_nothing_is_written_without_the_lease(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost):
        ledger.save(LINEAGE, lease=Lease("rotate", "run-1", NOW))
    assert ledger.lineage(ARN) is None
