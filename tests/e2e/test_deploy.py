"""The deployment itself, by the real CDK command line."""

import json
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

from budget_guard.sandbox.stage import Stage

FUNCTIONS = ("PollUsage", "Evaluate", "Enforce", "PollCosts", "Headroom", "Rotate")


def test_the_ledger_forgets_what_expired_and_can_be_restored(deployed: Stage) -> None:
    dynamodb: DynamoDBClient = deployed.aws.client("dynamodb")
    table = deployed.outputs["TableName"]
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_functions_have_the_budgets_beside_their_package(deployed: Stage) -> None:
    functions: LambdaClient = deployed.aws.client("lambda")
    found = functions.get_function(FunctionName=deployed.outputs["EvaluateFunctionName"])
    archive = zipfile.ZipFile(BytesIO(httpx.get(found["Code"]["Location"]).content))
    assert json.loads(archive.read("budgets.json"))["budgets"]
    assert "budget_guard/domain/policy.py" in archive.namelist()


def test_the_schedules_are_off_where_asked(deployed: Stage) -> None:
    scheduler: EventBridgeSchedulerClient = deployed.aws.client("scheduler")
    found = scheduler.list_schedules(GroupName=deployed.outputs["ScheduleGroupName"])
    assert [schedule["State"] for schedule in found["Schedules"]] == ["DISABLED"] * 5


PROBE = """
import botocore.session, os

def handler(event, context):
    try:
        botocore.session.get_session().create_client("dynamodb").scan(TableName=os.environ["TABLE_NAME"])
    except Exception as error:
        return str(error)
    return "scanned"
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_refused_what_its_role_lacks(name: str, deployed: Stage) -> None:
    """IAM is on: a probe in the role of each function may not scan the ledger."""
    functions: LambdaClient = deployed.aws.client("lambda")
    real = functions.get_function_configuration(
        FunctionName=deployed.outputs[f"{name}FunctionName"]
    )
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("probe.py", PROBE)
    functions.create_function(
        FunctionName=f"probe-{name}",
        Runtime="python3.13",
        Handler="probe.handler",
        Role=real["Role"],
        Environment={"Variables": {"TABLE_NAME": deployed.outputs["TableName"]}},
        Code={"ZipFile": archive.getvalue()},
    )
    answer = functions.invoke(FunctionName=f"probe-{name}")["Payload"].read().decode()
    assert "AccessDenied" in answer
