"""How every function tells of itself: one summary per run, a few metrics."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from budget_guard.domain.errors import LeaseLost, ManagementKeyError
from budget_guard.handlers.memory import uncollected
from budget_guard.handlers.runtime import Run, run_of

logger = Logger()

type Summary = dict[str, Any]
type Handler = Callable[[dict[str, Any], LambdaContext], Summary]


def function(name: str) -> Callable[[Callable[[Run], Summary]], Handler]:
    """Make a Lambda handler of a function that does a run and returns its summary.

    A run that another run's lease keeps out, and one that lacks the management key, end well, with
    a clear line: the key is asked for by an alert. Every other error ends the run loudly.
    """

    def decorate(work: Callable[[Run], Summary]) -> Handler:
        @wraps(work)
        def handler(event: dict[str, Any], context: LambdaContext) -> Summary:
            run = run_of(event, context)
            logger.append_keys(run=run.id, time=run.at.isoformat())
            try:
                with uncollected():
                    summary = work(run)
            except LeaseLost as error:
                summary = {"outcome": "another run is at work", "lease": str(error)}
            except ManagementKeyError as error:
                logger.warning(str(error))
                summary = {"outcome": "no management key"}
            count("RunsFinished", 1, function=name)
            logger.info("run finished", **summary)
            return summary

        logged: Handler = logger.inject_lambda_context(handler, clear_state=True)
        return logged

    return decorate


def count(name: str, value: int, *, ago: timedelta = timedelta(), **dimensions: str) -> None:
    """Add to a metric of these dimensions and the service, as of so long ago."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        metric.set_timestamp(datetime.now(UTC) - ago)
        for dimension, its in dimensions.items():
            metric.add_dimension(dimension, its)
