"""The management key is read in either form, never shown, and its absence says what to do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from budget_guard.adapters.secrets import read_management_key
from budget_guard.domain.errors import GuardError, ManagementKeyError

KEY = "sk-or-v1-made-up-0123abcd"


@pytest.fixture
def manager(client: Callable[[str], Any]) -> Any:
    return client("secretsmanager")


def created(manager: Any, text: str | None) -> str:
    fields = {} if text is None else {"SecretString": text}
    return str(manager.create_secret(Name="key", **fields)["ARN"])


@pytest.mark.parametrize(
    "text", [KEY, f"  {KEY}\n", json.dumps({"key": KEY}), f' {{"key": " {KEY} "}}\n', f'"{KEY}"']
)
def test_the_key_is_read_as_people_put_it(manager: Any, text: str) -> None:
    assert read_management_key(manager, created(manager, text)).get_secret_value() == KEY


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "{}",
        '{"key": ""}',
        '{"key": 1}',
        '{"key": "not-set"}',
        '{"other": "sk"}',
        '{"key"',
        "not-set",
        "not-set: put it",
    ],
)
def test_no_key_yet_says_the_command_that_puts_one(manager: Any, text: str) -> None:
    arn = created(manager, text)
    with pytest.raises(ManagementKeyError, match="no management key in it yet") as raised:
        read_management_key(manager, arn)
    assert f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string" in str(
        raised.value
    )


def test_a_secret_that_does_not_exist_says_the_same_command(manager: Any) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:100000000000:secret:nothing-abcdef"
    with pytest.raises(ManagementKeyError, match="does not exist") as raised:
        read_management_key(manager, arn)
    assert f"put-secret-value --secret-id {arn}" in str(raised.value)


def test_an_error_tells_nothing_of_a_secret_in_the_wrong_form(manager: Any) -> None:
    arn = created(manager, f'{{"token": "{KEY}"}}')
    with pytest.raises(ManagementKeyError) as raised:
        read_management_key(manager, arn)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    ("failure", "error", "says"),
    [
        ("AccessDeniedException", ManagementKeyError, "may not read it"),
        ("ThrottlingException", GuardError, "nothing was asked of OpenRouter"),
    ],
)
def test_a_secret_that_cannot_be_read_says_why(
    manager: Any, failure: str, error: type[GuardError], says: str
) -> None:
    with Stubber(manager) as stub:
        stub.add_client_error("get_secret_value", failure)
        with pytest.raises(error, match=says) as raised:
            read_management_key(manager, "arn:aws:secretsmanager:eu:1:secret:key")
    assert type(raised.value) is error
