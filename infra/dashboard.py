"""One page for people: spend against cap, held keys, whether the guard is well, what costs."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from budget_guard.domain.axis import Axis
from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import Window
from infra.alarms import counted
from infra.functions import NAMESPACE, SERVICE, GuardFunction, Job

MOST_BUDGETS = 50
"""As many budgets have metrics: each costs money every month."""
PERIOD = Duration.minutes(5)


class Dashboard(Construct):
    """`dashboard` shows the first 50 budgets of the file, one graph for each window in use."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        budgets: Sequence[Budget],
        functions: Iterable[GuardFunction],
    ) -> None:
        super().__init__(scope, construct_id)
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard")
        shown = budgets[:MOST_BUDGETS]
        graphs = [_spend(window, shown) for window in Window if _capped(window, shown)]
        if graphs:
            self.dashboard.add_widgets(*graphs)
        made = list(functions)
        self.dashboard.add_widgets(_keys(), *_runs(made))
        self.dashboard.add_widgets(*_costs(made))


def _capped(window: Window, budgets: Iterable[Budget]) -> list[Budget]:
    return [budget for budget in budgets if window in budget.cap]


def _spend(window: Window, budgets: Iterable[Budget]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=f"Spend against cap, {window} (%)",
        left=[
            _metric(
                "SpendFraction",
                {"budget": budget.name, "window": window},
                statistic="Maximum",
                label=budget.name,
            )
            for budget in _capped(window, budgets)
        ],
        left_annotations=[cloudwatch.HorizontalAnnotation(value=100, label="cap")],
        left_y_axis=cloudwatch.YAxisProps(min=0),
        width=8,
    )


def _keys() -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title="Keys held, actions failed",
        left=[_metric("KeysHeld", {}, statistic="Maximum", label="keys held")],
        right=[_metric("ActionsFailed", {}, statistic="Sum", label="actions failed")],
        width=8,
    )


def _runs(functions: Iterable[GuardFunction]) -> tuple[cloudwatch.GraphWidget, ...]:
    finished = [
        counted("RunsFinished", one.job, PERIOD) for one in functions if one.job.is_scheduled
    ]
    errors = [
        function.function.metric_errors(period=PERIOD, label=function.job) for function in functions
    ]
    return (
        cloudwatch.GraphWidget(title="Finished runs", left=finished, width=8),
        cloudwatch.GraphWidget(title="Failed runs", left=errors, width=8),
    )


def _costs(functions: Iterable[GuardFunction]) -> list[cloudwatch.LogQueryWidget]:
    """Return what is shown of the log lines of each poll of costs: metrics would cost more."""
    (log,) = (one.log.log_group_name for one in functions if one.job is Job.POLL_COSTS)
    return [
        cloudwatch.LogQueryWidget(
            title=f"Cost of today by {axis} (USD)",
            log_group_names=[log],
            query_lines=[
                f'filter message = "cost of today" and by = "{axis}"',
                "stats latest(usd) as USD by label",
                "sort USD desc",
            ],
            width=8,
        )
        for axis in Axis
    ] + [
        _drawn(
            log,
            "Requests that fell back, of those on record in the hour before (%)",
            'filter message = "fallbacks of the hour"',
            "stats latest(percent) as fell_back by bin(1h)",
        ),
        _drawn(
            log,
            "Unexplained spend: what keys spent in 24 hours, and analytics does not tell of (USD)",
            'filter message = "unexplained spend"',
            "stats latest(usd) as unexplained, latest(of) as spent by bin(1h)",
        ),
    ]


def _drawn(log: str, title: str, *lines: str) -> cloudwatch.LogQueryWidget:
    return cloudwatch.LogQueryWidget(
        title=title,
        log_group_names=[log],
        query_lines=list(lines),
        view=cloudwatch.LogQueryVisualizationType.LINE,
        width=8,
    )


def _metric(
    name: str, dimensions: Mapping[str, str], *, statistic: str, label: str
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={**dimensions, "service": SERVICE},
        statistic=statistic,
        label=label,
        period=PERIOD,
    )
