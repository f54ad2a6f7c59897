"""Finds the deployed stack by its CloudFormation outputs, and says what is in the way."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from budget_guard.adapters.alerts import SnsNotifier
from budget_guard.adapters.aws_errors import code
from budget_guard.adapters.ledger.whole import DynamoWholeLedger
from budget_guard.adapters.openrouter import connect
from budget_guard.adapters.openrouter.guardrails import connect_guardrails
from budget_guard.adapters.openrouter.key_maker import connect_maker
from budget_guard.adapters.secrets import read_management_key
from budget_guard.adapters.starter import LambdaStarter
from budget_guard.adapters.vault.secrets_manager import SecretsManagerOffice
from budget_guard.cli.aws_refusals import refusal
from budget_guard.cli.deployment import Deployment, wall_clock
from budget_guard.domain.errors import SettingsError
from budget_guard.use_cases.ports import OpenRouter
from budget_guard.use_cases.restricting.ports import Guardrails
from budget_guard.use_cases.rotation.ports import KeyMaker, VaultOffice

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PATIENCE = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)

type Make = Callable[[str], Any]


def find(stack: str, *, region: str | None, profile: str | None) -> Deployment:
    """Return the deployment of that name, by boto3's usual ways to credentials and region.

    Raises `SettingsError` saying what is in the way, and what to do.
    """
    found = region
    try:
        session = boto3.Session(region_name=region, profile_name=profile)
        found = session.region_name
        make: Make = _maker(session)
        outputs = _outputs(make("cloudformation"), stack)
    except (BotoCoreError, ClientError) as error:
        raise refusal(error, stack, found) from error
    try:
        return _deployment(make, stack, outputs)
    except KeyError as error:
        message = f"The stack {stack} has no output {error}: is it Budget Guard, and up to date?"
        raise SettingsError(message) from None


def _maker(session: boto3.Session) -> Make:
    untyped: Any = session
    return lambda service: untyped.client(service, config=PATIENCE)


def _outputs(client: "CloudFormationClient", stack: str) -> dict[str, str]:
    (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def _deployment(make: Make, stack: str, outputs: Mapping[str, str]) -> Deployment:
    secret, base_url = outputs["ManagementKeySecretArn"], outputs["OpenRouterBaseUrl"]

    def openrouter() -> OpenRouter:
        return connect(base_url, read_management_key(make("secretsmanager"), secret))

    def guardrails() -> Guardrails:
        key = read_management_key(make("secretsmanager"), secret)
        return connect_guardrails(base_url, key)

    def keys() -> KeyMaker:
        return connect_maker(base_url, read_management_key(make("secretsmanager"), secret))

    def vault() -> VaultOffice:
        if "RotateFunctionArn" not in outputs:
            message = f"The stack {stack} cannot rotate keys yet: deploy this version of it."
            raise SettingsError(message)
        return SecretsManagerOffice(make("secretsmanager"), outputs["RotateFunctionArn"])

    return Deployment(
        stack=stack,
        ledger=DynamoWholeLedger(make("dynamodb"), outputs["TableName"]),
        notifier=SnsNotifier(make("sns"), outputs["AlertsTopicArn"], stack),
        evaluate=LambdaStarter(make("lambda"), outputs["EvaluateFunctionName"]),
        connect=openrouter,
        guardrails=guardrails,
        caller=lambda: _caller(make("sts")),
        topic=outputs["AlertsTopicArn"],
        secret=secret,
        clock=wall_clock,
        sleep=time.sleep,
        keys=keys,
        vault=vault,
    )


def _caller(sts: Any) -> str:
    """Return who asks, as in "user/ann" or "assumed-role/Admin/ann"."""
    try:
        return str(sts.get_caller_identity()["Arn"]).split(":", 5)[-1]
    except (BotoCoreError, ClientError) as error:
        message = f"AWS does not say who you are ({code(error)}); give your name with --by"
        raise SettingsError(message) from error
