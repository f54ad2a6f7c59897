"""Finding the deployed stack: on the emulator, and every way in which it cannot be found."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
    UnknownServiceError,
)
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from budget_guard.adapters.vault.secrets_manager import SecretsManagerOffice
from budget_guard.cli.aws import _caller, _deployment
from budget_guard.cli.aws_refusals import refusal, told_of_secrets
from budget_guard.cli.main import app
from budget_guard.domain.errors import SettingsError, VaultError
from budget_guard.sandbox.aws.emulator import REGION, Emulator, emulator

TEMPLATE = """\
Resources:
  Ledger:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
      KeySchema:
        - {AttributeName: pk, KeyType: HASH}
        - {AttributeName: sk, KeyType: RANGE}
  Alerts: {Type: "AWS::SNS::Topic"}
  Key: {Type: "AWS::SecretsManager::Secret", Properties: {SecretString: not-set}}
Outputs:
  TableName: {Value: !Ref Ledger}
  AlertsTopicArn: {Value: !Ref Alerts}
  ManagementKeySecretArn: {Value: !Ref Key}
  OpenRouterBaseUrl: {Value: "https://openrouter.invalid/api/v1"}
  EvaluateFunctionName: {Value: Evaluate}
  RotateFunctionArn: {Value: "arn:aws:lambda:eu-central-1:000000000000:function:Rotate"}
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with emulator(enforce_iam=False) as started:
        formation = started.client("cloudformation")
        formation.create_stack(StackName="BudgetGuard", TemplateBody=TEMPLATE)
        formation.create_stack(
            StackName="Other", TemplateBody='Resources: {T: {Type: "AWS::SNS::Topic"}}'
        )
        yield started


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs commands with no AWS settings but those given."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    bare = {"COLUMNS": "80", "AWS_EC2_METADATA_DISABLED": "true", **nowhere}

    def run(*arguments: str, **environment: str) -> Result:
        # boto3 keeps a default session of its own for as long as a process lives.
        boto3.DEFAULT_SESSION = None
        return CliRunner(env=bare | environment).invoke(app, [*arguments])

    return run


def told(result: Result) -> str:
    assert "Traceback" not in result.output
    assert result.exit_code == 2
    return " ".join(result.stderr.split())


def test_status_of_a_real_deployment(aws: Emulator, terminal: Callable[..., Result]) -> None:
    result = terminal("status", **aws.environment())
    assert result.exit_code == 0, result.output
    assert "Nothing was polled yet" in result.stdout
    assert "Nobody gets the alerts" in result.stdout


def test_a_test_alert_and_who_sent_it(aws: Emulator, terminal: Callable[..., Result]) -> None:
    sns = aws.client("sns")
    for one in sns.list_topics()["Topics"]:
        sns.subscribe(TopicArn=one["TopicArn"], Protocol="email", Endpoint="ann@example.com")
    result = terminal("test-alert", **aws.environment())
    assert result.exit_code == 0, result.output
    assert "ann@example.com" in result.stdout


def test_without_a_management_key_nothing_can_be_given_back(
    aws: Emulator, terminal: Callable[..., Result]
) -> None:
    result = terminal("release", "--all", "--yes", "--reason", "x", **aws.environment())
    assert "has no management key in it yet" in told(result)


def test_a_key_cannot_be_adopted_either(aws: Emulator, terminal: Callable[..., Result]) -> None:
    result = terminal("adopt", "prod-api", **aws.environment())
    assert "No plaintext came on standard input" in told(result)
    result = terminal("lineage", **aws.environment())
    assert "No key is under rotation" in result.stdout


def test_a_stack_of_before_rotation_says_that_it_must_be_deployed_again() -> None:
    def client(service: str) -> Any:
        untyped: Any = boto3
        return untyped.client(service, REGION, aws_access_key_id="a", aws_secret_access_key="b")

    outputs = {
        "ManagementKeySecretArn": "s",
        "OpenRouterBaseUrl": "https://openrouter.invalid",
        "TableName": "t",
        "AlertsTopicArn": "a",
        "EvaluateFunctionName": "e",
    }
    deployment = _deployment(client, "Guard", outputs)
    with pytest.raises(SettingsError, match="The stack Guard cannot rotate keys yet: deploy"):
        deployment.vault()
    deployment = _deployment(client, "Guard", outputs | {"RotateFunctionArn": "r"})
    assert isinstance(deployment.vault(), SecretsManagerOffice)


@pytest.mark.parametrize(
    ("failure", "error", "says"),
    [
        (
            "AccessDeniedException",
            SettingsError,
            "They need secretsmanager:RotateSecret on secrets",
        ),
        ("ExpiredTokenException", SettingsError, "The AWS session has expired"),
        ("ThrottlingException", VaultError, "busy or down"),
    ],
)
def test_which_rights_secrets_manager_asks_for_is_said(
    failure: str, error: type[Exception], says: str
) -> None:
    manager: Any = boto3.client(
        "secretsmanager", REGION, aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(manager) as stub:
        stub.add_client_error("rotate_secret", failure)
        office = SecretsManagerOffice(manager, "arn:rotate")
        with pytest.raises(error, match=says), told_of_secrets("secretsmanager:RotateSecret"):
            office.rotate_now("openrouter/x", "t" * 32)
    other = VaultError("as it is")
    with pytest.raises(VaultError, match="as it is"), told_of_secrets("x"):
        raise other


def test_another_stack_is_named_as_that(aws: Emulator, terminal: Callable[..., Result]) -> None:
    environment = aws.environment() | {"BUDGET_GUARD_STACK": "Other"}
    assert "The stack Other has no output" in told(terminal("status", **environment))
    assert "is it Budget Guard" in told(terminal("status", "--stack", "Other", **aws.environment()))


def test_a_stack_that_is_not_there_says_how_to_deploy(
    aws: Emulator, terminal: Callable[..., Result]
) -> None:
    said = told(terminal("status", "--stack", "Absent", **aws.environment()))
    assert f"There is no stack Absent in {REGION}" in said
    assert "uv run cdk deploy" in said


def test_without_a_region_the_way_to_choose_one_is_told(terminal: Callable[..., Result]) -> None:
    assert "No AWS region is chosen" in told(terminal("status"))


def test_without_credentials_the_way_to_log_in_is_told(terminal: Callable[..., Result]) -> None:
    assert "There are no AWS credentials" in told(terminal("status", "--region", REGION))


def test_an_unknown_profile_is_named(terminal: Callable[..., Result]) -> None:
    said = told(terminal("status", "--profile", "nobody"))
    assert "nobody" in said
    assert "aws configure list-profiles" in said


def test_who_asks_is_named_without_the_account() -> None:
    sts: Any = boto3.client("sts", REGION, aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(sts) as stub:
        arn = "arn:aws:sts::123456789012:assumed-role/Admin/ann@example.com"
        stub.add_response("get_caller_identity", {"Arn": arn})
        stub.add_client_error("get_caller_identity", "AccessDenied")
        assert _caller(sts) == "assumed-role/Admin/ann@example.com"
        with pytest.raises(SettingsError, match="give your name with --by"):
            _caller(sts)


def answered(code: str, message: str = "so it is") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (answered("ExpiredToken"), "has expired (ExpiredToken). Log in"),
        (answered("InvalidClientTokenId"), "does not accept these credentials"),
        (answered("AccessDenied"), "they need cloudformation:DescribeStacks"),
        (answered("ValidationError", "Stack with id X does not exist"), "There is no stack Guard"),
        (answered("ValidationError", "1 error"), "refuses to describe the stack Guard"),
        (answered("Throttling"), "refuses to describe the stack Guard (Throttling"),
        (NoCredentialsError(), "There are no AWS credentials"),
        (PartialCredentialsError(provider="env", cred_var="x"), "There are no AWS credentials"),
        (NoRegionError(), "No AWS region"),
        (ProfileNotFound(profile="nobody"), "nobody"),
        (UnauthorizedSSOTokenError(), "session has ended or was not begun"),
        (EndpointConnectionError(endpoint_url="https://x.invalid"), "cannot be reached"),
        (ConnectTimeoutError(endpoint_url="https://x.invalid"), "AWS_ENDPOINT_URL"),
        (UnknownServiceError(service_name="x", known_service_names=""), "cannot be asked"),
    ],
)
def test_what_is_in_the_way_is_told_with_what_to_do(
    error: BotoCoreError | ClientError, said: str
) -> None:
    message = str(refusal(error, "Guard", "eu-central-1"))
    assert said in message
    assert message.endswith("Nothing was changed.")
