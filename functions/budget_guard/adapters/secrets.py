"""Reads the management key from Secrets Manager, and keeps it from being shown by accident."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from budget_guard.adapters.aws_errors import Cause, cause, code
from budget_guard.domain.errors import GuardError, ManagementKeyError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PLACEHOLDER = "not-set"
"""A secret whose text has this was created by the deployment and not filled yet."""


def read_management_key(client: "SecretsManagerClient", arn: str) -> SecretStr:
    """Return the management key; raise `ManagementKeyError` where there is none to be read.

    The secret's text is the key itself, or JSON {"key": "..."}. Raises `GuardError` where Secrets
    Manager is busy or down.
    """
    try:
        text = client.get_secret_value(SecretId=arn).get("SecretString", "")
    except (BotoCoreError, ClientError) as error:
        raise _meaning(arn, error) from error
    key = _key(text.strip())
    if not key or PLACEHOLDER in text:
        message = f"The secret {arn} has no management key in it yet. {_put(arn)}"
        raise ManagementKeyError(message)
    return SecretStr(key)


def _key(text: str) -> str:
    """Return the key in a secret's text, "" if there is none; what is not JSON is the key."""
    if not text.startswith(("{", '"')):
        return text
    try:
        fields = json.loads(text)
    except ValueError:
        return ""
    key = fields.get("key") if isinstance(fields, dict) else fields
    return key.strip() if isinstance(key, str) else ""


def _meaning(arn: str, error: BotoCoreError | ClientError) -> GuardError:
    what = f"The management key's secret {arn} cannot be read ({code(error)})"
    match cause(error):
        case Cause.ABSENT:
            return ManagementKeyError(
                f"{what}: it has no value yet, or does not exist. {_put(arn)}"
            )
        case Cause.DENIED:
            return ManagementKeyError(
                f"{what}: the role of this function may not read it, or not use its encryption "
                "key. A secret of your own needs to be given to the stack by its ARN (secretArn)"
            )
        case _:
            return GuardError(f"{what}; nothing was asked of OpenRouter, the next run tries again")


def _put(arn: str) -> str:
    return (
        "Put a management key made at openrouter.ai/settings/management-keys: "
        f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string YOUR_KEY"
    )
