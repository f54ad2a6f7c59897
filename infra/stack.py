"""The whole guard as one stack: parts are put together here, and every permission is granted here."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Aws, CfnOutput, CliCredentialsStackSynthesizer, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from budget_guard.domain.policy import Budget
from infra.alarms import Alarms
from infra.dashboard import Dashboard
from infra.functions import MEMORY, Common, GuardFunction, Job
from infra.generation_queue import GenerationQueue
from infra.ledger import Ledger
from infra.management_key import ManagementKey
from infra.rotated_secrets import ACTIONS, STEP_TIMEOUT, RotatedSecrets
from infra.schedules import Schedules
from infra.settings import Architecture, Settings
from infra.topics import Topics

LEDGER = (
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
)
"""What every function does with the ledger: reads, transactions, its lease. Nobody scans."""
OBSERVE = ("dynamodb:BatchWriteItem",)
COSTS_TIMEOUT = Duration.minutes(10)
"""The first run reads four weeks, one request a second; it ends before the next one begins."""
COSTS_BUSY = Duration.minutes(11)
"""Longer than a run of `poll_costs`: what it took from the queue is hidden from the next one."""
PROCESSORS = {
    Architecture.ARM64: lambda_.Architecture.ARM_64,
    Architecture.X86_64: lambda_.Architecture.X86_64,
}


class BudgetGuardStack(Stack):
    """`asset` is the folder of the functions' code; `budgets` are those the dashboard shows."""

    def __init__(
        self, scope: Construct, *, settings: Settings, asset: Path, budgets: Sequence[Budget]
    ) -> None:
        super().__init__(
            scope,
            settings.stack_name,
            description="Budget Guard: holds budgets on OpenRouter API keys",
            synthesizer=CliCredentialsStackSynthesizer() if settings.embedded else None,
        )
        self._settings = settings
        self._common = Common(
            code=lambda_.Code.from_asset(str(asset)),
            architecture=PROCESSORS[settings.architecture],
            removal_policy=RemovalPolicy.DESTROY if settings.embedded else RemovalPolicy.RETAIN,
        )
        self._ledger = Ledger(self, "Ledger", retain=not settings.embedded)
        self._topics = Topics(self, "Topics", email=settings.alert_email)
        self._key = ManagementKey(self, "ManagementKey", existing_arn=settings.secret_arn)
        self._ids = GenerationQueue(self, "Generations", busy=COSTS_BUSY, tls=not settings.embedded)
        self._functions = self._make_functions()
        self._rotated = RotatedSecrets(self, "Rotated", rotate=self._functions[Job.ROTATE])
        self._schedules = Schedules(
            self,
            "Schedules",
            functions=self._functions,
            poll_minutes=settings.poll_minutes,
            enabled=settings.schedules,
        )
        self._watch(budgets)
        self._grant()
        self._tell()

    def _make_functions(self) -> dict[Job, GuardFunction]:
        """Make them from the last to the first: each knows the name of the one it starts."""
        provider = {
            "OPENROUTER_BASE_URL": self._settings.openrouter_base_url,
            "MANAGEMENT_KEY_SECRET_ARN": self._key.secret_arn,
        }
        enforce = self._function(Job.ENFORCE, Duration.minutes(4), provider)
        rotate = self._function(Job.ROTATE, STEP_TIMEOUT, provider)
        evaluate = self._function(
            Job.EVALUATE,
            Duration.minutes(2),
            {
                "ALERTS_TOPIC_ARN": self._topics.alerts.topic_arn,
                "ENFORCE_FUNCTION_NAME": enforce.function.function_name,
                "ROTATE_FUNCTION_NAME": rotate.function.function_name,
                "STACK_NAME": self.stack_name,
            },
        )
        # A poll ends before the next one begins.
        poll_seconds = min(240, 60 * self._settings.poll_minutes - 5)
        poll = self._function(
            Job.POLL_USAGE,
            Duration.seconds(poll_seconds),
            {**provider, "EVALUATE_FUNCTION_NAME": evaluate.function.function_name},
        )
        costs = self._function(
            Job.POLL_COSTS,
            COSTS_TIMEOUT,
            {
                **provider,
                "QUEUE_URL": self._ids.queue.queue_url,
                "DEAD_LETTERS_URL": self._ids.dead_letters.queue_url,
            },
        )
        # An application waits for its answer one second: more memory is more of a processor.
        headroom = self._function(Job.HEADROOM, Duration.seconds(10), {}, memory=1024)
        return {made.job: made for made in (poll, evaluate, enforce, costs, headroom, rotate)}

    def _function(
        self, job: Job, timeout: Duration, environment: Mapping[str, str], *, memory: int = MEMORY
    ) -> GuardFunction:
        return GuardFunction(
            self,
            job,
            common=self._common,
            timeout=timeout,
            environment={"TABLE_NAME": self._ledger.table.table_name, **environment},
            memory=memory,
        )

    def _watch(self, budgets: Sequence[Budget]) -> None:
        functions = self._functions.values()
        Alarms(
            self,
            "Alarms",
            functions=functions,
            queues={"StartsLost": self._schedules.dlq, "IdsRefused": self._ids.dead_letters},
            health=self._topics.health,
            settings=self._settings,
        )
        self._dashboard = Dashboard(self, "Dashboard", budgets=budgets, functions=functions)

    def _grant(self) -> None:
        """Grant what each role may do: this table is all there is."""
        table = self._ledger.table.table_arn
        alerts, key = self._topics.alerts.topic_arn, self._topics.key.key_arn
        secret = self._key.secret_arn
        starts = ("lambda:InvokeFunction",)
        reads_key = ("secretsmanager:GetSecretValue",)
        roles = {job: made.role for job, made in self._functions.items()}
        arns = {job: made.function.function_arn for job, made in self._functions.items()}
        poll, evaluate, enforce, costs, headroom, rotate = (roles[job] for job in Job)
        for role, actions, resource in (
            (poll, LEDGER + OBSERVE, table),
            (poll, reads_key, secret),
            (poll, starts, arns[Job.EVALUATE]),
            (evaluate, LEDGER, table),
            (evaluate, ("sns:Publish", "sns:ListSubscriptionsByTopic"), alerts),
            (evaluate, ("kms:Decrypt", "kms:GenerateDataKey"), key),
            (evaluate, starts, arns[Job.ENFORCE]),
            (evaluate, starts, arns[Job.ROTATE]),
            (enforce, LEDGER, table),
            (enforce, reads_key, secret),
            (costs, LEDGER, table),
            (costs, reads_key, secret),
            (costs, self._ids.taking, self._ids.queue.queue_arn),
            (costs, ("sqs:SendMessage",), self._ids.dead_letters.queue_arn),
            (headroom, ("dynamodb:GetItem", "dynamodb:Query"), table),
            (rotate, LEDGER, table),
            (rotate, reads_key, secret),
            (rotate, ACTIONS, self._rotated.arn),
            *((self._schedules.role, starts, arn) for job, arn in arns.items() if job.is_scheduled),
            (self._schedules.role, ("sqs:SendMessage",), self._schedules.dlq.queue_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=[resource]))
        self._rotated.let_ask(self._functions[Job.ROTATE])

    def _headroom_url(self) -> str:
        """Return where applications ask what is left to a key, if IAM allows them to."""
        made = self._functions[Job.HEADROOM]
        return made.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM).url

    def _tell(self) -> None:
        page = self._dashboard.dashboard.dashboard_name
        console = f"https://{Aws.REGION}.console.aws.amazon.com/cloudwatch/home"
        for name, value in {
            "TableName": self._ledger.table.table_name,
            "AlertsTopicArn": self._topics.alerts.topic_arn,
            "HealthTopicArn": self._topics.health.topic_arn,
            "ManagementKeySecretArn": self._key.secret_arn,
            "OpenRouterBaseUrl": self._settings.openrouter_base_url,
            "GenerationQueueUrl": self._ids.queue.queue_url,
            "DeadLettersUrl": self._ids.dead_letters.queue_url,
            "ScheduleGroupName": self._schedules.group.schedule_group_name,
            "HeadroomUrl": self._headroom_url(),
            "RotateFunctionArn": self._functions[Job.ROTATE].function.function_arn,
            "DashboardUrl": f"{console}?region={Aws.REGION}#dashboards/dashboard/{page}",
            **{
                f"{job.construct_id}FunctionName": made.function.function_name
                for job, made in self._functions.items()
            },
        }.items():
            CfnOutput(self, name, value=value)
