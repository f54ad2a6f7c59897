"""Which errors of a rotation's steps are no news: Secrets Manager must see them, an alarm need not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from budget_guard.domain.errors import GuardError, LeaseLost, ManagementKeyError
from budget_guard.handlers.ledger import ledger
from budget_guard.handlers.reporting import count
from budget_guard.handlers.rotation import Asked
from budget_guard.handlers.runtime import Run
from budget_guard.handlers.settings import RotateSettings, load


@contextmanager
def expecting(asked: Asked, run: Run) -> Iterator[None]:
    """Count the errors of a step that the alarm leaves out, and raise them all.

    As in `reporting.function`: another run is at work, or there is no management key. Besides: the
    rotation is on record, so that alerts tell what becomes of it, and an alarm would tell it twice.
    """
    try:
        yield
    except GuardError as error:
        if isinstance(error, LeaseLost | ManagementKeyError) or _is_on_record(asked):
            # Lambda counts an error as of when the run began: the two must meet in one period.
            count("ErrorsExpected", 1, ago=run.clock() - run.at, function="rotate")
        raise


def _is_on_record(asked: Asked) -> bool:
    try:
        rotation = ledger(load(RotateSettings, os.environ)).rotation(asked.secret)
    except GuardError:
        return False
    return rotation is not None and rotation.token == asked.token
