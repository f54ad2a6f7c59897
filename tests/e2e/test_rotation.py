"""A key rotated by the deployed function: what is left in the secret, the ledger and the logs."""

import json
from typing import TYPE_CHECKING

import pytest

from budget_guard.domain.lineage import Lineage, State
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.sandbox.openrouter.keys import digest
from budget_guard.sandbox.play import ROTATED
from budget_guard.sandbox.succession import Succession
from budget_guard.use_cases.rotation.steps import Step
from tests.e2e.conftest import Played
from tests.e2e.watching import items

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PLAINTEXT = "sk-or-v1-"


@pytest.fixture(scope="session")
def succession(evening: Played) -> Succession:
    assert evening.bill.succession
    return evening.bill.succession


@pytest.fixture(scope="session")
def lineage(evening: Played) -> Lineage:
    (found,) = evening.on.ledger.lineages().values()
    return found


@pytest.fixture(scope="session")
def rotation(evening: Played, lineage: Lineage) -> Rotation:
    found = evening.on.ledger.rotation(lineage.secret)
    assert found
    return found


def test_who_reads_the_secret_every_minute_saw_no_failure(succession: Succession) -> None:
    assert succession.requests > 400
    assert succession.failed == 0
    assert succession.is_good


def test_one_token_brought_all_four_steps_to_their_end(
    evening: Played, lineage: Lineage, rotation: Rotation
) -> None:
    manager: SecretsManagerClient = evening.on.aws.client("secretsmanager")
    labels = manager.describe_secret(SecretId=lineage.secret)["VersionIdsToStages"]
    assert rotation.stage is Stage.DONE
    assert labels[rotation.token] == ["AWSCURRENT"]
    assert sorted(labels.values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]
    assert digest(evening.on.secrets.read(lineage.secret)) == rotation.new == lineage.current.hash


def test_the_loop_disabled_the_old_key_and_says_so_in_one_line(
    evening: Played, lineage: Lineage
) -> None:
    assert [one.state for one in lineage.generations] == [State.DISABLED, State.CURRENT]
    old = evening.on.hashes[ROTATED]
    lines = [one for one in evening.records if one["message"] == "old key disabled"]
    assert [(one["key_name"], one["key"]) for one in lines] == [(ROTATED, old)]
    assert evening.on.account.keys[old].terms.settings.disabled


def test_a_step_asked_for_again_changes_nothing(evening: Played, rotation: Rotation) -> None:
    on = evening.on
    before = [len(on.account.keys), len(on.account.books.changes)]
    for step in Step:
        on.secrets.step(step, rotation.secret, rotation.token)
    assert [len(on.account.keys), len(on.account.books.changes)] == before
    assert on.ledger.rotation(rotation.secret) == rotation


def test_plaintexts_are_in_the_secret_and_nowhere_else(evening: Played, lineage: Lineage) -> None:
    secret = evening.on.secrets.read(lineage.secret)
    assert secret.startswith(PLAINTEXT)
    stored = json.dumps(items(evening.on.aws, evening.on.outputs["TableName"]), default=str)
    told = "\n".join([*evening.log, stored, json.dumps(evening.envelopes)])
    known = [secret, *evening.on.plaintexts.values()]
    assert [one for one in known if one in told] == []
