"""What was not fetched, counted: per hour the generations that exist, are chosen, are on record."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from budget_guard.domain.choices import Choice
from budget_guard.domain.costs import CostHour
from budget_guard.domain.money import Usd
from budget_guard.domain.sampling import Count, Sampled
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.source import Question, Row

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Tally:
    """What was chosen, and what of it is on record, in the hours of a span."""

    chosen: dict[datetime, Count] = field(default_factory=dict)
    kept: dict[datetime, Count] = field(default_factory=dict)

    def add(self, row: Row, *, is_kept: bool) -> None:
        """Count a generation that was chosen."""
        hour, one = full_hour(row.at), Count(1, cost_of(row))
        self.chosen[hour] = self.chosen.get(hour, Count()) + one
        if is_kept:
            self.kept[hour] = self.kept.get(hour, Count()) + one

    def lacking(self) -> Iterator[datetime]:
        """Yield the hours of which something chosen is not on record."""
        yield from (hour for hour, count in self.chosen.items() if count != self.kept.get(hour))


@dataclass(frozen=True, slots=True)
class Counter:
    """Writes what became of the generations of each hour, where that is news.

    `hours` tells the costs of a day's hours.
    """

    keeper: Keeper
    choice: Choice
    now: datetime
    hours: Callable[[date], Sequence[CostHour]]

    def record(self, question: Question, tally: Tally) -> None:
        """Count the hours of a question: hours that never had anything are not written."""
        hours = list(_hours(question))
        days = sorted({hour.date() for hour in hours})
        exist = dict.fromkeys(hours, Count())
        for one in (one for day in days for one in self.hours(day)):
            if one.workspace == question.workspace and one.hour in exist:
                for figures in (cost.figures for cost in one.models or one.providers):
                    exist[one.hour] += Count(figures.requests, figures.credits + figures.byok)
        known = {
            one.hour: one
            for day in days
            for one in self.keeper.ledger.sampled(day)
            if one.workspace == question.workspace
        }
        counted = [self._sampled(question.workspace, hour, exist[hour], tally) for hour in hours]
        news = [one for one in counted if _is_news(one, known.get(one.hour))]
        self.keeper.change({one.hour.date() for one in news}, news)

    def _sampled(self, workspace: str, hour: datetime, exist: Count, tally: Tally) -> Sampled:
        chosen, kept = (counts.get(hour, Count()) for counts in (tally.chosen, tally.kept))
        return Sampled(workspace, hour, self.now, self.choice, exist, chosen, kept)


def full_hour(at: datetime) -> datetime:
    """Return when the hour began that `at` is in (UTC)."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def cost_of(row: Row) -> Usd:
    """Return what a row comes to (USD): credits, and BYOK at its list price."""
    return row.figures.credits + row.figures.byok


def _hours(question: Question) -> Iterator[datetime]:
    hour = question.begins
    while hour < question.ends:
        yield hour
        hour += HOUR


def _is_news(one: Sampled, known: Sampled | None) -> bool:
    if known is None:
        return bool(one.exist.number or one.exist.usd or one.chosen.number)
    return replace(known, at=one.at) != one
