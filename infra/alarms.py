"""Alarms about the guard itself; they publish to `health`."""

from collections.abc import Iterable, Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import NAMESPACE, SERVICE, GuardFunction, Job
from infra.schedules import COSTS_MINUTES
from infra.settings import Settings

AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
HELD = "Budgets may not be held now."
SILENT = dict.fromkeys(Job, HELD) | {
    Job.POLL_COSTS: "Budgets are held; who spent what on which model is not known since."
}
WAITS = {
    "StartsLost": "EventBridge Scheduler could not start a function.",
    "IdsRefused": "ids that applications sent came to nothing. Budgets are held; each dead letter "
    "says why in its attribute `reason`.",
}
"""What it means that something waits in a queue, by the alarm's name."""
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


def counted(name: str, job: Job, period: Duration) -> cloudwatch.Metric:
    """Return what `job` counts of its runs: `RunsFinished`, those that came to their end, or else."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"function": job, "service": SERVICE},
        statistic="Sum",
        period=period,
    )


class Alarms(Construct):
    """Per function: it stopped finishing, it failed. Besides: starts were lost, ids refused.

    A silence is told after two of a function's periods, each as long as two polls of costs, or one
    of usage. A rotation that comes to nothing fails to Secrets Manager, and is told by an alert:
    errors that `rotate` expects raise no alarm.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Iterable[GuardFunction],
        queues: Mapping[str, sqs.IQueue],
        health: sns.ITopic,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(health)
        period = Duration.minutes(max(5, settings.poll_minutes))
        of_costs = Duration.minutes(2 * COSTS_MINUTES)
        for function in functions:
            each = of_costs if function.job is Job.POLL_COSTS else period
            if function.job.is_scheduled:
                self._silent(function.job, each, metric_math=not settings.embedded)
            self._failed(function, metric_math=not settings.embedded)
        for name, queue in queues.items():
            self._waits(name, queue)

    def _silent(self, job: Job, period: Duration, *, metric_math: bool) -> None:
        runs = counted("RunsFinished", job, period)
        self._alarm(
            f"{job.construct_id}Silent",
            metric=_filled(runs) if metric_math else runs,
            description=f"Budget Guard: {job} finished no run. {SILENT[job]}",
            comparison=BELOW,
            periods=2,
            # FILL has nothing to fill before the first run ever: that is silence too.
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    def _failed(self, function: GuardFunction, *, metric_math: bool) -> None:
        errors = function.function.metric_errors(period=Duration.minutes(5))
        is_told = metric_math and function.job is Job.ROTATE
        self._alarm(
            f"{function.job.construct_id}Failed",
            metric=_unexpected(errors, function.job) if is_told else errors,
            description=f"Budget Guard: {function.job} failed. Its log says why.",
        )

    def _waits(self, name: str, queue: sqs.IQueue) -> None:
        self._alarm(
            name,
            metric=queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            description=f"Budget Guard: {WAITS[name]}",
        )

    def _alarm(
        self,
        construct_id: str,
        *,
        metric: cloudwatch.IMetric,
        description: str,
        comparison: cloudwatch.ComparisonOperator = AT_LEAST,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=description,
            threshold=1,
            comparison_operator=comparison,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)


def _filled(runs: cloudwatch.Metric) -> cloudwatch.MathExpression:
    """Return `runs` with 0 where there is no data: a dead guard sends none."""
    return cloudwatch.MathExpression(
        expression="FILL(m, 0)", using_metrics={"m": runs}, period=runs.period
    )


def _unexpected(errors: cloudwatch.Metric, job: Job) -> cloudwatch.MathExpression:
    """Return how many errors are none of those that `job` expects."""
    expected = counted("ErrorsExpected", job, errors.period)
    return cloudwatch.MathExpression(
        expression="errors - FILL(expected, 0)",
        using_metrics={"errors": errors, "expected": expected},
        period=errors.period,
    )
