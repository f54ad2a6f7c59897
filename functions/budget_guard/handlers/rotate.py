"""Rotates keys: one of four steps at a time for Secrets Manager, and what the loop has to do."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from budget_guard.handlers.expected import expecting
from budget_guard.handlers.memory import uncollected
from budget_guard.handlers.reporting import Summary, count, function, logger
from budget_guard.handlers.rotation import asked_of, is_of_the_loop, leased, tell_tending, world
from budget_guard.handlers.runtime import Run, run_of
from budget_guard.use_cases.rotation.steps import rotate
from budget_guard.use_cases.rotation.tending import tend


def handler(event: dict[str, Any], context: LambdaContext) -> Summary:
    """Do what the event asks for; one of another form is refused with a `SettingsError`."""
    return _tend(event, context) if is_of_the_loop(event) else _step(event, context)


@function("rotate")
def _tend(run: Run) -> Summary:
    with leased(run), world(run) as to:
        return tell_tending(tend(to))


@logger.inject_lambda_context(clear_state=True)
def _step(event: dict[str, Any], context: LambdaContext) -> Summary:
    """Do one step. Every error is raised: to Secrets Manager a step that returns is done."""
    asked, run = asked_of(event), run_of(event, context)
    logger.append_keys(run=run.id, time=run.at.isoformat(), secret=asked.secret, step=asked.step)
    with expecting(asked, run), uncollected(), world(run) as to:
        rotate(asked.step, asked.secret, asked.token, to)
        rotation = to.ledger.rotation(asked.secret)
    # Of a secret that holds nothing yet, the service tests the function before the first rotation.
    stage = rotation.stage if rotation and rotation.token == asked.token else "nothing to do"
    count("RunsFinished", 1, function="rotate")
    logger.info("run finished", stage=stage)
    return {"stage": stage}
