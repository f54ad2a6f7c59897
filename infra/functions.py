"""A function of the guard: its code, its own log group, and a role that may do nothing yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

SERVICE = "budget-guard"
NAMESPACE = "BudgetGuard"
MEMORY = 512
"""MB. The processor's share grows with it: with 512 the libraries load in about two seconds, and ten
thousand keys (about 40 MB parsed) fit several times."""


class Job(StrEnum):
    """The functions, by the name of their handler module and of their metrics' dimension."""

    POLL_USAGE = "poll_usage"
    EVALUATE = "evaluate"
    ENFORCE = "enforce"
    POLL_COSTS = "poll_costs"
    HEADROOM = "headroom"
    ROTATE = "rotate"

    @property
    def construct_id(self) -> str:
        """Return the name in the template: PollUsage for poll_usage."""
        return self.title().replace("_", "")

    @property
    def is_scheduled(self) -> bool:
        """Tell whether it runs by itself: else only when it is asked."""
        return self not in (Job.HEADROOM, Job.ROTATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all functions of a deployment share."""

    code: lambda_.Code
    architecture: lambda_.Architecture
    removal_policy: RemovalPolicy


class GuardFunction(Construct):
    """`function` runs with `role`, which may write its own log; the stack grants the rest."""

    def __init__(
        self,
        scope: Construct,
        job: Job,
        *,
        common: Common,
        timeout: Duration,
        environment: Mapping[str, str],
        memory: int = MEMORY,
    ) -> None:
        super().__init__(scope, job.construct_id)
        self.job = job
        self.log = logs.LogGroup(
            self,
            "Log",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=common.removal_policy,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Budget Guard: {job}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=common.architecture,
            code=common.code,
            handler=f"budget_guard.handlers.{job}.handler",
            role=self.role,
            log_group=self.log,
            timeout=timeout,
            memory_size=memory,
            environment={
                "POWERTOOLS_SERVICE_NAME": SERVICE,
                "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
            },
            # Every run starts from the facts, so the next one repairs a failed one; a retry
            # would only run it again with an old time.
            retry_attempts=0,
            max_event_age=Duration.minutes(1),
        )
        Validations.of(self.function).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1",
                reason="3.13 is supported until 2029, and is the Python that every test runs on.",
            )
        )
