"""The costs of a workspace by the hour, as the ledger keeps them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, CostHour, Figures, summed
from budget_guard.use_cases.costs.asking import HOUR, whole
from budget_guard.use_cases.costs.naming import Named, told_by_hash
from budget_guard.use_cases.costs.source import Question, Row, Told

ROWS_PER_PART = 2000
"""About 100 KB packed: an item may have 400."""


@dataclass(frozen=True, slots=True)
class Span:
    """A workspace's time to be read, from a full hour on; `named` are its keys by name."""

    workspace: str
    begins: datetime
    ends: datetime
    named: Named

    def days(self) -> Iterator[date]:
        """Yield the days (UTC) that the span touches."""
        day = self.begins.date()
        while datetime.combine(day, time(), UTC) < self.ends:
            yield day
            day += timedelta(days=1)


def read_hours(
    span: Span, axes: Iterable[Axis], ask: Callable[[Question], Told], at: datetime
) -> list[CostHour]:
    """Return the costs of each hour that a span touches, hours without any too.

    Raises a `ProviderError` where any answer is missing: a span is known whole or not at all.
    """
    found = {axis: _by_hour(axis, span, ask) for axis in axes}
    records: list[CostHour] = []
    hour = span.begins
    while hour < span.ends:
        of = {axis: costs.get(hour, []) for axis, costs in found.items()}
        records += _parts(span.workspace, hour, at, of)
        hour += HOUR
    return records


def _by_hour(
    axis: Axis, span: Span, ask: Callable[[Question], Told]
) -> Mapping[datetime, list[Cost]]:
    def rows(question: Question) -> Iterable[Row]:
        return whole(question, ask)

    question = Question(span.workspace, axis, span.begins, span.ends)
    told = told_by_hash(question, rows(question), span.named, rows)
    total = summed(((_hour(row.at), key, row.label), row.figures) for row, key in told)
    found: defaultdict[datetime, list[Cost]] = defaultdict(list)
    for (hour, key, label), figures in sorted(total.items(), key=lambda one: one[0]):
        found[hour].append(_cost(axis, key, label, figures))
    return found


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _cost(axis: Axis, key: str, label: str, figures: Figures) -> Cost:
    if axis is Axis.MODEL:
        return Cost(key, figures, model=label)
    return Cost(key, figures, provider=label)


def _parts(
    workspace: str, hour: datetime, at: datetime, of: Mapping[Axis, Sequence[Cost]]
) -> Iterator[CostHour]:
    """Yield an hour in as many records as its rows need, at least one."""
    models, providers = of.get(Axis.MODEL, ()), of.get(Axis.PROVIDER, ())
    parts = max(1, -(-max(len(models), len(providers)) // ROWS_PER_PART))
    for part in range(parts):
        here = slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)
        yield CostHour(
            workspace, hour, at, tuple(models[here]), tuple(providers[here]), part, parts
        )
