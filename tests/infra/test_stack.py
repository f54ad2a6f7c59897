"""What the template promises; the emulator ignores much of it, so it is asserted here."""

import json
from datetime import timedelta
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from budget_guard.use_cases.rotation.rotating import STEP_LASTS

FUNCTIONS = {
    "budget_guard.handlers.poll_usage.handler": {
        "OPENROUTER_BASE_URL",
        "MANAGEMENT_KEY_SECRET_ARN",
        "EVALUATE_FUNCTION_NAME",
    },
    "budget_guard.handlers.evaluate.handler": {
        "ALERTS_TOPIC_ARN",
        "ENFORCE_FUNCTION_NAME",
        "ROTATE_FUNCTION_NAME",
        "STACK_NAME",
    },
    "budget_guard.handlers.headroom.handler": set(),
    "budget_guard.handlers.enforce.handler": {"OPENROUTER_BASE_URL", "MANAGEMENT_KEY_SECRET_ARN"},
    "budget_guard.handlers.poll_costs.handler": {
        "OPENROUTER_BASE_URL",
        "MANAGEMENT_KEY_SECRET_ARN",
        "QUEUE_URL",
        "DEAD_LETTERS_URL",
    },
    "budget_guard.handlers.rotate.handler": {"OPENROUTER_BASE_URL", "MANAGEMENT_KEY_SECRET_ARN"},
}
EVERYWHERE = {
    "TABLE_NAME",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}


def properties(template: Template, kind: str) -> list[dict[str, Any]]:
    return [found["Properties"] for found in template.find_resources(kind).values()]


def functions(template: Template) -> dict[str, dict[str, Any]]:
    return {found["Handler"]: found for found in properties(template, "AWS::Lambda::Function")}


def test_each_function_is_told_exactly_what_it_needs(template: Template) -> None:
    told = {
        handler: set(found["Environment"]["Variables"])
        for handler, found in functions(template).items()
    }
    assert told == {handler: EVERYWHERE | names for handler, names in FUNCTIONS.items()}


def test_functions_share_one_asset_on_python_3_13_arm64(template: Template) -> None:
    found = functions(template).values()
    assert {function["Runtime"] for function in found} == {"python3.13"}
    assert [function["Architectures"] for function in found] == [["arm64"]] * 6
    assert len({function["Code"]["S3Key"] for function in found}) == 1


def test_a_failed_run_is_not_repeated_with_an_old_time(template: Template) -> None:
    found = properties(template, "AWS::Lambda::EventInvokeConfig")
    assert [config["MaximumRetryAttempts"] for config in found] == [0] * 6
    assert [config["MaximumEventAgeInSeconds"] for config in found] == [60] * 6


@pytest.mark.parametrize(("which", "seconds"), [("template", 240), ("variant", 55)])
def test_a_poll_ends_before_the_next_begins(
    which: str, seconds: int, request: pytest.FixtureRequest
) -> None:
    poll = functions(request.getfixturevalue(which))["budget_guard.handlers.poll_usage.handler"]
    assert poll["Timeout"] == seconds


def test_headroom_is_told_only_to_whom_iam_allows_it(template: Template) -> None:
    (url,) = properties(template, "AWS::Lambda::Url")
    assert url["AuthType"] == "AWS_IAM"
    permitted = properties(template, "AWS::Lambda::Permission")
    assert "HeadroomFunction" not in str(permitted)


def test_logs_end_after_three_months(template: Template) -> None:
    template.resource_count_is("AWS::Logs::LogGroup", 6)
    template.all_resources_properties("AWS::Logs::LogGroup", {"RetentionInDays": 90})


def test_the_ledger_survives_accidents(template: Template) -> None:
    template.has_resource(
        "AWS::DynamoDB::GlobalTable",
        {
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
                "SSESpecification": {"SSEEnabled": True},
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "Replicas": [
                    Match.object_like(
                        {
                            "DeletionProtectionEnabled": True,
                            "PointInTimeRecoverySpecification": {
                                "PointInTimeRecoveryEnabled": True
                            },
                        }
                    )
                ],
            },
        },
    )


def test_the_embedded_stack_keeps_nothing(variant: Template) -> None:
    kept = {
        found["Type"]
        for found in variant.to_json()["Resources"].values()
        if found.get("DeletionPolicy") == "Retain"
    }
    assert kept == set()


def test_the_secret_has_no_value_that_a_deploy_could_write_over_the_key(
    template: Template,
) -> None:
    (secret,) = properties(template, "AWS::SecretsManager::Secret")
    assert secret.keys() == {"Description"}


def schedules(template: Template) -> dict[str, str]:
    return {
        name.removeprefix("Schedules")[:-8]: found["Properties"]["ScheduleExpression"]
        for name, found in template.find_resources("AWS::Scheduler::Schedule").items()
    }


def test_polls_keep_off_the_full_hour_and_evaluations_off_the_polls(template: Template) -> None:
    assert schedules(template) == {
        "Poll": "cron(1/5 * * * ? *)",
        "Evaluate": "cron(4/5 * * * ? *)",
        "Midnight": "cron(0 0 * * ? *)",
        "Enforce": "cron(* * * * ? *)",
        "Costs": "cron(8/15 * * * ? *)",
    }


def test_a_poll_every_minute_is_every_minute(variant: Template) -> None:
    assert schedules(variant)["Poll"] == "cron(* * * * ? *)"


def test_schedules_carry_their_time_and_give_up_soon(template: Template) -> None:
    for schedule in properties(template, "AWS::Scheduler::Schedule"):
        target = schedule["Target"]
        assert json.loads(target["Input"]) == {
            "time": "<aws.scheduler.scheduled-time>",
            "run": "<aws.scheduler.execution-id>",
        }
        assert target["RetryPolicy"] == {
            "MaximumRetryAttempts": 1,
            "MaximumEventAgeInSeconds": 60,
        }
        assert "SchedulesLostStarts" in str(target["DeadLetterConfig"])
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert schedule["State"] == "ENABLED"


def test_schedules_can_be_off(variant: Template) -> None:
    states = [found["State"] for found in properties(variant, "AWS::Scheduler::Schedule")]
    assert states == ["DISABLED"] * 5


def test_both_topics_are_encrypted_with_a_key_that_alarms_may_use(template: Template) -> None:
    (key,) = template.find_resources("AWS::KMS::Key")
    template.resource_count_is("AWS::SNS::Topic", 2)
    template.all_resources_properties(
        "AWS::SNS::Topic", {"KmsMasterKeyId": {"Fn::GetAtt": [key, "Arn"]}}
    )
    (policy,) = properties(template, "AWS::KMS::Key")
    assert policy["EnableKeyRotation"] is True
    assert {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    } in policy["KeyPolicy"]["Statement"]


def test_alarms_may_publish_to_health_and_nobody_without_tls_to_either(
    template: Template,
) -> None:
    allowed = []
    policies = properties(template, "AWS::SNS::TopicPolicy")
    for policy in policies:
        statements = policy["PolicyDocument"]["Statement"]
        assert statements[0]["Effect"] == "Deny"
        assert statements[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        allowed += [(statement["Principal"], policy["Topics"]) for statement in statements[1:]]
    assert len(policies) == 2
    ((principal, topics),) = allowed
    assert principal == {"Service": "cloudwatch.amazonaws.com"}
    assert "TopicsHealth" in str(topics)


def test_mail_goes_from_both_topics_unfiltered(template: Template, variant: Template) -> None:
    found = properties(template, "AWS::SNS::Subscription")
    assert [(each["Protocol"], each["Endpoint"]) for each in found] == [
        ("email", "oncall@example.com")
    ] * 2
    assert not any("FilterPolicy" in each for each in found)
    assert not properties(variant, "AWS::SNS::Subscription")


def queues(template: Template) -> dict[str, dict[str, Any]]:
    return {
        name.removeprefix("Generations")[:-8]: found["Properties"]
        for name, found in template.find_resources("AWS::SQS::Queue").items()
    }


def test_ids_wait_two_weeks_encrypted_and_what_came_to_nothing_as_long_again(
    template: Template,
) -> None:
    for name in ("Queue", "DeadLetters"):
        assert queues(template)[name]["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queues(template)[name]["SqsManagedSseEnabled"] is True
    redrive = queues(template)["Queue"]["RedrivePolicy"]
    assert "GenerationsDeadLetters" in str(redrive["deadLetterTargetArn"])
    assert redrive["maxReceiveCount"] == 1000


def test_an_id_that_a_run_received_is_hidden_until_the_run_is_over(template: Template) -> None:
    run = functions(template)["budget_guard.handlers.poll_costs.handler"]["Timeout"]
    assert queues(template)["Queue"]["VisibilityTimeout"] > run


def test_nobody_reaches_a_queue_without_tls(template: Template) -> None:
    found = properties(template, "AWS::SQS::QueuePolicy")
    assert len(found) == 3
    for policy in found:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Action"] == "sqs:*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_emulator_which_has_no_tls_can_be_asked_all_the_same(variant: Template) -> None:
    (policy,) = properties(variant, "AWS::SQS::QueuePolicy")
    assert "SchedulesLostStarts" in str(policy["Queues"])


def test_a_step_of_a_rotation_ends_before_its_lease_does(template: Template) -> None:
    seconds = functions(template)["budget_guard.handlers.rotate.handler"]["Timeout"]
    assert seconds == 300
    assert timedelta(seconds=seconds) < STEP_LASTS


def test_who_is_only_started_is_not_missed_when_silent(template: Template) -> None:
    for job in ("Rotate", "Headroom"):
        assert f"{job}Failed" in alarms(template)
        assert f"{job}Silent" not in alarms(template)


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {
        name.removeprefix("Alarms")[:-8]: found["Properties"]
        for name, found in template.find_resources("AWS::CloudWatch::Alarm").items()
    }


@pytest.mark.parametrize("job", ["PollUsage", "Evaluate", "Enforce"])
def test_a_function_that_finishes_no_run_for_two_periods_raises_an_alarm(
    job: str, template: Template
) -> None:
    alarm = alarms(template)[f"{job}Silent"]
    expression, metric = alarm["Metrics"]
    assert expression["Expression"] == "FILL(m, 0)"
    assert metric["MetricStat"]["Metric"] == {
        "Namespace": "BudgetGuard",
        "MetricName": "RunsFinished",
        "Dimensions": [
            {"Name": "function", "Value": {"PollUsage": "poll_usage"}.get(job, job.lower())},
            {"Name": "service", "Value": "budget-guard"},
        ],
    }
    assert metric["MetricStat"]["Period"] == 300
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (2, 2)
    assert alarm["TreatMissingData"] == "breaching"


def test_without_metric_math_the_same_alarm_watches_the_metric_itself(variant: Template) -> None:
    alarm = alarms(variant)["EvaluateSilent"]
    assert (alarm["MetricName"], alarm["TreatMissingData"]) == ("RunsFinished", "breaching")


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("PollUsageFailed", "Errors"),
        ("EvaluateFailed", "Errors"),
        ("EnforceFailed", "Errors"),
        ("StartsLost", "ApproximateNumberOfMessagesVisible"),
        ("IdsRefused", "ApproximateNumberOfMessagesVisible"),
    ],
)
def test_a_failure_raises_an_alarm(name: str, metric: str, template: Template) -> None:
    alarm = alarms(template)[name]
    assert alarm["MetricName"] == metric
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_rotation_that_an_alert_tells_of_raises_no_alarm(
    template: Template, variant: Template
) -> None:
    alarm = alarms(template)["RotateFailed"]
    expression, *metrics = alarm["Metrics"]
    assert expression["Expression"] == "errors - FILL(expected, 0)"
    watched = {one["Id"]: one["MetricStat"] for one in metrics}
    assert watched["errors"]["Metric"]["MetricName"] == "Errors"
    assert watched["expected"]["Metric"] == {
        "Namespace": "BudgetGuard",
        "MetricName": "ErrorsExpected",
        "Dimensions": [
            {"Name": "function", "Value": "rotate"},
            {"Name": "service", "Value": "budget-guard"},
        ],
    }
    assert {(one["Period"], one["Stat"]) for one in watched.values()} == {(300, "Sum")}
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "GreaterThanOrEqualToThreshold",
        1,
    )
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")
    assert alarms(variant)["RotateFailed"]["MetricName"] == "Errors"


def test_every_alarm_tells_health_and_also_when_it_is_over(template: Template) -> None:
    assert len(alarms(template)) == 12
    for alarm in alarms(template).values():
        assert "TopicsHealth" in str(alarm["AlarmActions"])
        assert alarm["OKActions"] == alarm["AlarmActions"]


def test_the_dashboard_shows_each_budget_in_each_window_that_it_caps(template: Template) -> None:
    (dashboard,) = properties(template, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])
    assert body.count("SpendFraction") == 3
    assert body.count("prod-api") == 2 * 2  # as dimension and as label
    assert "weekly" not in body


def test_the_dashboard_shows_what_todays_costs_are_on_and_who_served_them(
    template: Template,
) -> None:
    (dashboard,) = properties(template, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])
    assert "PollCostsLog" in body
    for axis in ("model", "provider"):
        assert f"Cost of today by {axis} (USD)" in body


def test_the_dashboard_draws_what_fell_back_and_what_is_unexplained(template: Template) -> None:
    (dashboard,) = properties(template, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])
    assert "Requests that fell back" in body
    assert "Unexplained spend" in body
    for line in ("fallbacks of the hour", "unexplained spend"):
        assert f"filter message = {line}" in body.replace('"', "").replace("\\", "")


def test_costs_that_are_not_read_any_more_are_told_after_an_hour(template: Template) -> None:
    (silent,) = (one for name, one in alarms(template).items() if "PollCostsSilent" in name)
    (metric,) = (one for one in silent["Metrics"] if "MetricStat" in one)
    assert metric["MetricStat"]["Period"] == 30 * 60
    assert silent["EvaluationPeriods"] == 2
    assert "Budgets are held" in silent["AlarmDescription"]


def test_the_outputs_name_what_commands_need(template: Template) -> None:
    assert set(template.to_json()["Outputs"]) == {
        "TableName",
        "AlertsTopicArn",
        "HealthTopicArn",
        "ManagementKeySecretArn",
        "OpenRouterBaseUrl",
        "ScheduleGroupName",
        "GenerationQueueUrl",
        "DeadLettersUrl",
        "DashboardUrl",
        "PollUsageFunctionName",
        "EvaluateFunctionName",
        "EnforceFunctionName",
        "PollCostsFunctionName",
        "HeadroomFunctionName",
        "HeadroomUrl",
        "RotateFunctionName",
        "RotateFunctionArn",
    }
