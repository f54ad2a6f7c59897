"""When the functions run by themselves."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Aws, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import GuardFunction, Job

EVERY_MINUTE = "cron(* * * * ? *)"
COSTS_MINUTES = 15


def expressions(poll_minutes: int) -> Mapping[str, tuple[Job, str]]:
    """Return each schedule's name, function and expression (UTC).

    Polls keep off the full hour, when the day's counters may be on their way to zero. `evaluate`
    also runs between two polls, so that a poll which never came is noticed, and at midnight
    (Scheduler's resolution is a minute: what happens seconds later is the handler's business).
    """
    poll = EVERY_MINUTE if poll_minutes == 1 else f"cron(1/{poll_minutes} * * * ? *)"
    return {
        "Poll": (Job.POLL_USAGE, poll),
        "Evaluate": (Job.EVALUATE, "cron(4/5 * * * ? *)"),
        "Midnight": (Job.EVALUATE, "cron(0 0 * * ? *)"),
        "Enforce": (Job.ENFORCE, EVERY_MINUTE),
        "Costs": (Job.POLL_COSTS, f"cron(8/{COSTS_MINUTES} * * * ? *)"),
    }


class Schedules(Construct):
    """Schedules in a `group` of their own; `role` starts the functions, `dlq` has lost starts.

    The stack grants `role` what it needs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Mapping[Job, GuardFunction],
        poll_minutes: int,
        enabled: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.group = scheduler.ScheduleGroup(self, "Group")
        self.group.apply_removal_policy(RemovalPolicy.DESTROY)
        self.dlq = self._lost_starts()
        self.role = iam.Role(self, "Role", assumed_by=_scheduler_for(self.group))
        for name, (job, expression) in expressions(poll_minutes).items():
            scheduler.Schedule(
                self,
                name,
                description=f"Budget Guard: {job}",
                schedule=scheduler.ScheduleExpression.expression(expression),
                target=self._target(functions[job]),
                schedule_group=self.group,
                enabled=enabled,
            )

    def _lost_starts(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "LostStarts",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        Validations.of(queue).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="This queue is the dead-letter queue.")
        )
        return queue

    def _target(self, started: GuardFunction) -> targets.LambdaInvoke:
        return targets.LambdaInvoke(
            started.function,
            # A start that is late is worth less than the next one.
            retry_attempts=1,
            max_event_age=Duration.minutes(1),
            dead_letter_queue=self.dlq,
            # The target would let its role invoke every version of the function (`arn:*`).
            role=self.role.without_policy_updates(),
            input=scheduler.ScheduleTargetInput.from_object(
                {
                    "time": scheduler.ContextAttribute.scheduled_time,
                    "run": scheduler.ContextAttribute.execution_id,
                }
            ),
        )


def _scheduler_for(group: scheduler.ScheduleGroup) -> iam.PrincipalBase:
    """Return the principal of this account's schedules in `group`, and of no others."""
    return iam.ServicePrincipal(
        "scheduler.amazonaws.com",
        conditions={
            "StringEquals": {
                "aws:SourceAccount": Aws.ACCOUNT_ID,
                "aws:SourceArn": group.schedule_group_arn,
            }
        },
    )
