"""Each role's permissions, compared with a table: one more or one less is a failure."""

import re
from collections.abc import Iterator
from typing import Any

from aws_cdk.assertions import Template

TABLE = "LedgerTable"
LEDGER = {
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
KEY = {"secretsmanager:GetSecretValue"}
START = {"lambda:InvokeFunction"}
SECRETS = "secretsmanager:<region>:<account>:secret:openrouter/*"

MATRIX = {
    ("PollUsageRole", TABLE): LEDGER | {"dynamodb:BatchWriteItem"},
    ("PollUsageRole", "ManagementKeySecret"): KEY,
    ("PollUsageRole", "EvaluateFunction"): START,
    ("PollUsageRole", "PollUsageLog"): LOG,
    ("EvaluateRole", TABLE): LEDGER,
    ("EvaluateRole", "TopicsAlerts"): {"sns:Publish", "sns:ListSubscriptionsByTopic"},
    ("EvaluateRole", "TopicsKey"): {"kms:Decrypt", "kms:GenerateDataKey"},
    ("EvaluateRole", "EnforceFunction"): START,
    ("EvaluateRole", "RotateFunction"): START,
    ("EvaluateRole", "EvaluateLog"): LOG,
    ("EnforceRole", TABLE): LEDGER,
    ("EnforceRole", "ManagementKeySecret"): KEY,
    ("EnforceRole", "EnforceLog"): LOG,
    ("PollCostsRole", TABLE): LEDGER,
    ("PollCostsRole", "ManagementKeySecret"): KEY,
    ("PollCostsRole", "GenerationsQueue"): {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
    },
    ("PollCostsRole", "GenerationsDeadLetters"): {"sqs:SendMessage"},
    ("PollCostsRole", "PollCostsLog"): LOG,
    ("HeadroomRole", TABLE): {"dynamodb:GetItem", "dynamodb:Query"},
    ("HeadroomRole", "HeadroomLog"): LOG,
    ("RotateRole", TABLE): LEDGER,
    ("RotateRole", "ManagementKeySecret"): KEY,
    ("RotateRole", SECRETS): {
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "secretsmanager:RotateSecret",
        "secretsmanager:CancelRotateSecret",
    },
    ("RotateRole", "RotateFunction"): START,
    ("RotateRole", "RotateLog"): LOG,
    ("SchedulesRole", "PollUsageFunction"): START,
    ("SchedulesRole", "EvaluateFunction"): START,
    ("SchedulesRole", "EnforceFunction"): START,
    ("SchedulesRole", "PollCostsFunction"): START,
    ("SchedulesRole", "SchedulesLostStarts"): {"sqs:SendMessage"},
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(reference: Any) -> str:
    """The construct that an intrinsic function points to; anything else as it is written."""
    match reference:
        case {"Fn::Join": [_, [*parts]]}:
            return re.sub(r"^arn:<partition>:", "", "".join(map(written, parts)))
        case {"Ref": str(target)} | {"Fn::GetAtt": [str(target), _]}:
            return re.sub(r"[0-9A-F]{8}$", "", target)
    return str(reference)


def written(part: Any) -> str:
    """A part of an ARN; what only AWS knows in angle brackets."""
    match part:
        case {"Ref": str(known)}:
            return f"<{known.removeprefix('AWS::').lower().removesuffix('id')}>"
    return str(part)


def granted(template: Template) -> Iterator[tuple[str, str, str]]:
    for policy in template.find_resources("AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for role in policy["Properties"]["Roles"]:
                for resource in as_list(statement["Resource"]):
                    for action in as_list(statement["Action"]):
                        yield named(role), named(resource), action


def matrix(template: Template) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for role, resource, action in granted(template):
        found.setdefault((role, resource), set()).add(action)
    return found


def test_each_role_may_do_exactly_what_the_table_says(template: Template) -> None:
    assert matrix(template) == MATRIX


def test_no_role_has_permissions_from_elsewhere(template: Template) -> None:
    roles = template.find_resources("AWS::IAM::Role")
    assert {named({"Ref": role}) for role in roles} == {role for role, _ in MATRIX}
    for role in roles.values():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument"}


def test_an_imported_secret_is_readable_by_the_same_functions_and_no_others(
    variant: Template,
) -> None:
    readers = {role for role, _, action in granted(variant) if action in KEY}
    assert readers == {"PollUsageRole", "EnforceRole", "PollCostsRole", "RotateRole"}
    assert not variant.find_resources("AWS::SecretsManager::Secret")


def test_only_schedules_of_our_own_group_may_use_the_schedules_role(template: Template) -> None:
    (role,) = (
        role["Properties"]
        for name, role in template.find_resources("AWS::IAM::Role").items()
        if name.startswith("SchedulesRole")
    )
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "SchedulesGroup" in str(conditions["aws:SourceArn"])


def test_of_the_services_only_secrets_manager_may_have_keys_rotated_and_for_this_account(
    template: Template,
) -> None:
    (permission,) = template.find_resources("AWS::Lambda::Permission").values()
    fields = permission["Properties"]
    assert named(fields["FunctionName"]) == "RotateFunction"
    assert fields["Action"] == "lambda:InvokeFunction"
    assert fields["Principal"] == "secretsmanager.amazonaws.com"
    assert fields["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_only_the_emulator_is_asked_for_permissions_that_aws_does_not_know(
    template: Template, variant: Template
) -> None:
    taken = [matrix(one)["PollCostsRole", "GenerationsQueue"] for one in (variant, template)]
    assert taken[0] - taken[1] == {"sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"}
