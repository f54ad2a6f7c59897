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
| RotateSecret while AWSPENDING is another version than AWSCURRENT | **one more** | InvalidRequestException: a rotation is under way, and is attempted again |
| CreateSecret, one of the name is scheduled for deletion | **ResourceExistsException** | InvalidRequestException |
| CancelRotateSecret | **Unknown action** | RotationEnabled false |

So no rotation can be started there, and requests about schedules are only compared: tests call the four steps by hand as the service does, with one
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
from budget_guard.domain.errors import SecretGone, VaultError
from budget_guard.use_cases.rotation.ports import Kept, Vault, VaultOffice
from tests.domain.builders import NOW

PLAINTEXT = "sk-or-v1-made-up-0123abcd"
ROTATES = "arn:aws:lambda:eu-central-1:000000000000:function:rotate"
NAME = "openrouter/prod-api"
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

    return Place(SecretsManagerVault(manager, ROTATES), arn, put_there)


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
        vault = SecretsManagerVault(manager, ROTATES)
        for ask in (vault.in_use, lambda secret: vault.version(secret, NEW)):
            with pytest.raises(VaultError, match=says):
                ask("openrouter/prod-api")


@pytest.fixture
def memory() -> MemoryVault:
    vault = MemoryVault()
    vault.create("prod-api")
    return vault


@pytest.fixture
def manager(client: Callable[[str], Any]) -> Any:
    return client("secretsmanager")


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
    manager: Any,
) -> None:
    asked = {
        "SecretId": NAME,
        "ClientRequestToken": NEW,
        "RotateImmediately": True,
    }
    with Stubber(manager) as stub:
        stub.add_response("rotate_secret", {}, asked)
        SecretsManagerOffice(manager, ROTATES).rotate_now(NAME, NEW)
        stub.assert_no_pending_responses()


def test_a_schedule_is_set_and_taken_back(memory: MemoryVault) -> None:
    memory.schedule(NAME, timedelta(days=30))
    assert memory.schedules == {NAME: timedelta(days=30)}
    for _ in range(2):
        memory.unschedule(NAME)
    assert not memory.schedules


def test_a_rotation_is_asked_for_once_and_one_at_a_time(memory: MemoryVault) -> None:
    for token in (NEW, NEW, OTHER):
        memory.rotate_now(NAME, token)
    assert memory.rotations == [(NAME, NEW)]
    assert memory.version(NAME, NEW) is None
    memory.put_pending(NAME, NEW, kept(2))
    memory.promote(NAME, NEW)
    for token in (NEW, OTHER):
        memory.rotate_now(NAME, token)
    assert memory.rotations == [(NAME, NEW), (NAME, OTHER)]


def test_a_schedule_never_rotates_at_once(manager: Any) -> None:
    # Not called on the emulator: it would move AWSCURRENT (see above).
    asked = {
        "SecretId": NAME,
        "RotationLambdaARN": ROTATES,
        "RotationRules": {"ScheduleExpression": "rate(720 hours)"},
        "RotateImmediately": False,
    }
    with Stubber(manager) as stub:
        stub.add_response("rotate_secret", {}, asked)
        SecretsManagerVault(manager, ROTATES).schedule(NAME, timedelta(days=30))
        stub.assert_no_pending_responses()


def test_a_schedule_is_cancelled(manager: Any) -> None:
    with Stubber(manager) as stub:
        stub.add_response("cancel_rotate_secret", {}, {"SecretId": NAME})
        SecretsManagerVault(manager, ROTATES).unschedule(NAME)
        stub.assert_no_pending_responses()


NOW_ONCE = {"SecretId": NAME, "ClientRequestToken": NEW, "RotateImmediately": True}


def test_a_rotation_is_begun_at_once_by_the_version_that_is_given(manager: Any) -> None:
    with Stubber(manager) as stub:
        stub.add_response("rotate_secret", {}, NOW_ONCE)
        SecretsManagerVault(manager, ROTATES).rotate_now(NAME, NEW)
        stub.assert_no_pending_responses()


def described(labels: dict[str, str]) -> dict[str, Any]:
    return {"VersionIdsToStages": {version: [label] for version, label in labels.items()}}


def test_while_a_rotation_is_under_way_the_service_goes_on_with_that(manager: Any) -> None:
    with Stubber(manager) as stub:
        stub.add_client_error("rotate_secret", "InvalidRequestException")
        stub.add_response("describe_secret", described({OLD: "AWSCURRENT", NEW: "AWSPENDING"}))
        SecretsManagerVault(manager, ROTATES).rotate_now(NAME, NEW)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        ("InvalidRequestException", "nothing was concluded"),
        ("ResourceNotFoundException", "no such secret"),
        ("AccessDeniedException", "may not do that"),
    ],
)
def test_a_rotation_that_is_refused_is_told(manager: Any, failure: str, says: str) -> None:
    with Stubber(manager) as stub:
        stub.add_client_error("rotate_secret", failure)
        stub.add_response("describe_secret", described({OLD: "AWSCURRENT"}))
        with pytest.raises(VaultError, match=says):
            SecretsManagerVault(manager, ROTATES).rotate_now(NAME, NEW)


@pytest.fixture(params=["memory", "secrets manager"])
def kept_place(request: pytest.FixtureRequest) -> tuple[VaultOffice, Callable[[str], None]]:
    """A vault, and what a person does to schedule a secret for deletion."""
    if request.param == "memory":
        memory = MemoryVault()
        return memory, lambda secret: memory.delete(secret, at_once=False)
    manager = request.getfixturevalue("client")("secretsmanager")

    def delete(secret: str) -> None:
        manager.delete_secret(SecretId=secret, RecoveryWindowInDays=7)

    return SecretsManagerOffice(manager, ROTATES), delete


def test_a_secret_that_is_scheduled_for_deletion_is_gone_and_how_to_keep_it_is_said(
    kept_place: tuple[VaultOffice, Callable[[str], None]],
) -> None:
    office, delete = kept_place
    secret = office.create("prod-api")
    office.put_pending(secret, OLD, kept())
    office.promote(secret, OLD)
    delete(secret)
    assert office.in_use(secret) == OLD
    asks: list[Callable[[], object]] = [
        lambda: office.current(secret),
        lambda: office.version(secret, OLD),
        lambda: office.put_pending(secret, NEW, kept(2)),
        lambda: office.require(secret),
    ]
    for ask in asks:
        with pytest.raises(SecretGone, match="restore-secret"):
            ask()


def test_no_other_secret_is_made_while_one_of_the_name_is_to_be_deleted(
    memory: MemoryVault, manager: Any
) -> None:
    memory.delete(NAME, at_once=False)
    with pytest.raises(SecretGone, match="restore-secret"):
        memory.create("prod-api")
    with Stubber(manager) as stub:
        stub.add_client_error("create_secret", "InvalidRequestException")
        stub.add_response("describe_secret", {"DeletedDate": NOW}, {"SecretId": NAME})
        with pytest.raises(SecretGone, match=f"restore-secret --secret-id {NAME}"):
            SecretsManagerOffice(manager, ROTATES).create("prod-api")


def test_a_secret_deleted_for_good_is_made_anew_and_is_another(
    client: Callable[[str], Any],
) -> None:
    manager, memory = client("secretsmanager"), MemoryVault()
    office = SecretsManagerOffice(manager, ROTATES)

    def delete(secret: str) -> None:
        manager.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)

    for vault, deleted in ((memory, memory.delete), (office, delete)):
        secret = vault.create("prod-api")
        deleted(secret)
        vault.require(vault.create("other"))
        for ask in (vault.current, vault.in_use, vault.require):
            with pytest.raises(SecretGone, match="adopt"):
                ask(secret)
        assert vault.version(secret, OLD) is None
        with pytest.raises(SecretGone):
            vault.put_pending(secret, OLD, kept())
        assert vault.create("prod-api") != secret
        assert vault.current(vault.create("prod-api")) is None
