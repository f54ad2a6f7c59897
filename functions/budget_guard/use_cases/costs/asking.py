"""Analytics asked until every answer is whole: an answer that was cut short is never counted."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from budget_guard.domain.errors import ProviderConfusing
from budget_guard.use_cases.costs.source import Grain, Question, Row, Told

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def refused(question: Question) -> NoReturn:
    """Raise `ProviderConfusing`: even the rows of one minute are too many for an answer."""
    message = (
        f"Analytics cut its answer about the minute {question.begins:%Y-%m-%d %H:%M} UTC of "
        f"workspace {question.workspace}; its costs from there on are left to the next poll."
    )
    raise ProviderConfusing(message)


def whole(
    question: Question,
    ask: Callable[[Question], Told],
    overfull: Callable[[Question], None] = refused,
) -> Iterator[Row]:
    """Yield the rows within the time asked for, from half the time where an answer was cut.

    Where even the rows of one minute are too many for an answer, `overfull` is called with the
    question: it raises, or the rows that there are stand for all.
    """
    told = ask(question)
    if told.is_cut and question.ends - question.begins <= MINUTE:
        overfull(question)
    elif told.is_cut:
        for begins, ends, grain in _halves(question):
            part = replace(question, begins=begins, ends=ends, grain=grain)
            yield from whole(part, ask, overfull)
        return
    yield from (row for row in told.rows if question.begins <= row.at < question.ends)


def _halves(question: Question) -> Iterator[tuple[datetime, datetime, Grain]]:
    """Yield two parts of a question's time: whole hours as long as there are several."""
    begins, ends = question.begins, question.ends
    is_hours = ends - begins > HOUR
    step, grain = (HOUR, Grain.HOUR) if is_hours else (MINUTE, Grain.MINUTE)
    half = begins + max(1, (ends - begins) // step // 2) * step
    yield begins, half, grain
    yield half, ends, grain
