"""The port `Vault`, on the fake and on Secrets Manager (emulated).

Tried with the emulator (MiniStack 1.5.33), beside what AWS documents:

| call | emulator | AWS |
|---|---|---|
| PutSecretValue with ClientRequestToken | the token is the version's id, as documented | |
| the same again, same value | same version, as documented | |
| the same token with another value | **accepted, the value is replaced** | ResourceExistsException |
| VersionStages AWSPENDING | AWSCURRENT stays, as documented | |
| UpdateSecretVersionStage, AWSCURRENT held elsewhere, no RemoveFromVersionId | refused, as documented | |
| the move | AWSPREVIOUS goes to the former version, as documented | |
| a label taken from who does not have it | InvalidParameterException | |
| CreateSecret without a value | **a version without a text has AWSCURRENT** | no version at all |
| RotateSecret | **calls no function, and moves AWSCURRENT to a version without a text at once, even with RotateImmediately=false** | AWSPENDING without a value; createSecret, setSecret, testSecret, finishSecret are invoked one by one; with RotateImmediately=false only testSecret |

So no rotation can be started there: tests call the four steps by hand as the service does, with one
token for all four, and again from the first when one of them failed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import Stubber
from pydantic import SecretStr

from budget_guard.adapters.vault.memory import MemoryVault
from budget_guard.adapters.vault.secrets_manager import SecretsManagerOffice, SecretsManagerVault
from budget_guard.domain.errors import VaultError
from budget_guard.use_cases.rotation.ports import Kept, Vault, VaultOffice
from tests.domain.builders import NOW

PLAINTEXT = "sk-or-v1-made-up-0123abcd"
ROTATES = "arn:aws:lambda:eu-central-1:000000000000:function:rotate"
OLD, NEW, OTHER = (str(uuid4()) for _ in range(3))


@dataclass
class Place:
    """A vault, and an empty secret in it."""

    vault: Vault
    secret: str
    raw: Callable[[str, str], None]


@pytest.fixture(params=["memory", "secrets manager"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "memory":
        memory = MemoryVault()

        def put(token: str, text: str) -> None:
            memory._secrets["openrouter/prod-api"].texts[token] = text

        return Place(memory, memory.create("prod-api"), put)
    manager = request.getfixturevalue("client")("secretsmanager")
    arn = manager.create_secret(Name="openrouter/prod-api")["ARN"]

    def put_there(token: str, text: str) -> None:
        stages = ["AWSPENDING"]
        manager.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=text, VersionStages=stages
        )

    return Place(SecretsManagerVault(manager), arn, put_there)


def kept(number: int = 1) -> Kept:
    return Kept(SecretStr(f"{PLAINTEXT}{number}"), f"{number}" * 64, f"prod-api #{number}", NOW)


def in_use(place: Place, number: int = 1, token: str = OLD) -> Kept:
    place.vault.put_pending(place.secret, token, kept(number))
    place.vault.promote(place.secret, token)
    return kept(number)


def test_a_secret_that_holds_nothing_yet_has_nothing_in_use(place: Place) -> None:
    assert place.vault.current(place.secret) is None
    assert place.vault.version(place.secret, NEW) is None


def test_what_is_put_aside_is_not_in_use_until_it_is_promoted(place: Place) -> None:
    old = in_use(place)
    place.vault.put_pending(place.secret, NEW, kept(2))
    assert place.vault.current(place.secret) == old
    assert place.vault.version(place.secret, NEW) == kept(2)
    place.vault.promote(place.secret, NEW)
    assert place.vault.current(place.secret) == kept(2)
    assert place.vault.in_use(place.secret) == NEW
    assert place.vault.version(place.secret, OLD) == old


def test_every_step_again_is_as_well(place: Place) -> None:
    in_use(place)
    for _ in range(2):
        place.vault.put_pending(place.secret, NEW, kept(2))
    for _ in range(2):
        place.vault.promote(place.secret, NEW)
    assert place.vault.current(place.secret) == kept(2)
    for _ in range(2):
        place.vault.drop_pending(place.secret, NEW)
    assert place.vault.current(place.secret) == kept(2)


def test_a_version_never_changes_its_key(place: Place) -> None:
    place.vault.put_pending(place.secret, NEW, kept(1))
    with pytest.raises(VaultError, match="holds another key") as raised:
        place.vault.put_pending(place.secret, NEW, kept(2))
    assert PLAINTEXT not in str(raised.value)
    assert place.vault.version(place.secret, NEW) == kept(1)


def test_what_was_put_aside_can_be_dropped_and_the_rest_stays(place: Place) -> None:
    old = in_use(place)
    place.vault.put_pending(place.secret, NEW, kept(2))
    place.vault.drop_pending(place.secret, NEW)
    place.vault.drop_pending(place.secret, OTHER)
    assert place.vault.current(place.secret) == old
    place.vault.put_pending(place.secret, OTHER, kept(3))
    place.vault.promote(place.secret, OTHER)
    assert place.vault.current(place.secret) == kept(3)


@pytest.mark.parametrize(
    "text",
    [
        PLAINTEXT,
        json.dumps({"api_key": PLAINTEXT}),
        json.dumps({"api_key": [PLAINTEXT], "hash": 1, "name": "a", "rotated_at": "b"}),
    ],
)
def test_a_secret_in_another_form_is_named_and_not_told(place: Place, text: str) -> None:
    place.raw(NEW, text)
    with pytest.raises(VaultError, match="adopt") as raised:
        place.vault.version(place.secret, NEW)
    error: BaseException | None = raised.value
    while error is not None:
        assert PLAINTEXT not in f"{error!s}{error!r}"
        error = error.__cause__ or error.__context__


def test_a_secret_that_does_not_exist_is_named(place: Place) -> None:
    with pytest.raises(VaultError, match="no such secret"):
        place.vault.in_use("openrouter/none")


def test_nothing_shows_the_plaintext_but_the_asking(place: Place) -> None:
    found = in_use(place)
    assert PLAINTEXT not in repr(found) + repr(place.vault) + str(found)
    assert found.api_key.get_secret_value() == f"{PLAINTEXT}1"


@pytest.mark.parametrize(
    ("failure", "says"),
    [("ThrottlingException", "busy or down"), ("AccessDeniedException", "may not do that")],
)
def test_why_secrets_manager_did_not_is_said(
    client: Callable[[str], Any], failure: str, says: str
) -> None:
    manager = client("secretsmanager")
    with Stubber(manager) as stub:
        stub.add_client_error("describe_secret", failure)
        stub.add_client_error("get_secret_value", failure)
        vault = SecretsManagerVault(manager)
        for ask in (vault.in_use, lambda secret: vault.version(secret, NEW)):
            with pytest.raises(VaultError, match=says):
                ask("openrouter/prod-api")


@pytest.fixture(params=["memory", "secrets manager"])
def office(request: pytest.FixtureRequest) -> VaultOffice:
    if request.param == "memory":
        return MemoryVault()
    manager = request.getfixturevalue("client")("secretsmanager")
    return SecretsManagerOffice(manager, ROTATES)


def test_a_new_secret_is_under_the_prefix_and_holds_nothing(office: VaultOffice) -> None:
    secret = office.create("prod-api")
    assert "openrouter/prod-api" in secret
    assert office.current(secret) is None
    office.put_pending(secret, OLD, kept())
    office.promote(secret, OLD)
    assert office.create("prod-api") == secret
    assert office.current(secret) == kept()


def test_a_rotation_that_a_person_asks_for_leaves_the_schedule(
    client: Callable[[str], Any],
) -> None:
    manager = client("secretsmanager")
    asked = {
        "SecretId": "openrouter/prod-api",
        "ClientRequestToken": NEW,
        "RotateImmediately": True,
    }
    with Stubber(manager) as stub:
        stub.add_response("rotate_secret", {}, asked)
        SecretsManagerOffice(manager, ROTATES).rotate_now("openrouter/prod-api", NEW)
        stub.assert_no_pending_responses()
    office = MemoryVault()
    secret = office.create("prod-api")
    office.rotate_now(secret, NEW)
    assert office.rotations == [(secret, NEW)]


def test_a_schedule_never_rotates_at_once(client: Callable[[str], Any]) -> None:
    # Not called on the emulator: it would move AWSCURRENT (see above).
    manager = client("secretsmanager")
    asked = {
        "SecretId": "openrouter/prod-api",
        "RotationLambdaARN": ROTATES,
        "RotationRules": {"ScheduleExpression": "rate(720 hours)"},
        "RotateImmediately": False,
    }
    with Stubber(manager) as stub:
        stub.add_response("rotate_secret", {}, asked)
        office = SecretsManagerOffice(manager, ROTATES)
        office.schedule("openrouter/prod-api", timedelta(days=30))
        stub.assert_no_pending_responses()
