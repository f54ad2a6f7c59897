"""What the generations of a day came to: small, and kept when they themselves are not any more."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from budget_guard.domain.costs import NOTHING, Figures
from budget_guard.domain.generations import Generation
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.outcomes import PerSuccess, Rate, fell_back, is_success, wasted_cost
from budget_guard.domain.sampling import (
    Sampled,
    Stratum,
    by_hour,
    existing,
    place_of,
    together,
)

NOBODY = "(not told)"
OTHERS = "(others)"
LONGEST_LABEL = 256
MOST_LABELS = 1000
"""Of a day: at most 300 KB packed, where each is as long as it may be; an item has 400."""


class Tag(StrEnum):
    """What only single generations tell: whom, or what, they were for."""

    USER = "user"
    APP = "app"
    JOB = "job"
    SESSION = "session"


LABELS: Mapping[Tag, Callable[[Generation], str | None]] = {
    Tag.USER: lambda one: one.user,
    Tag.APP: lambda one: one.app,
    Tag.JOB: lambda one: one.said.job.text if one.said.job else None,
    Tag.SESSION: lambda one: one.session,
}


@dataclass(frozen=True, slots=True)
class Tagged:
    """What the generations with a label came to."""

    label: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class DayTag:
    """The generations of a day by one tag, the dearest first; after the 1000th, all as one."""

    day: date
    tag: Tag
    at: datetime
    rows: tuple[Tagged, ...]


@dataclass(frozen=True, slots=True)
class OutcomeHour:
    """What the generations of the hour that begins at `hour` came to, and what of it (USD).

    `fell_back` counts them; `tools` was for web search and files, `wasted` was for nothing.
    """

    hour: datetime
    figures: Figures = NOTHING
    fell_back: int = 0
    tools: Usd = ZERO
    wasted: Usd = ZERO

    def with_one(self, one: Generation) -> "OutcomeHour":
        """Return it with one more generation."""
        return OutcomeHour(
            self.hour,
            self.figures + one.figures,
            self.fell_back + fell_back(one),
            self.tools + (one.tools or ZERO),
            self.wasted + wasted_cost(one),
        )


@dataclass(frozen=True, slots=True)
class DayOutcomes:
    """What the generations of a day that are on record tell besides, as of `at`.

    `strata` are what the cost of waste of all generations is estimated by. What a job spent on
    another day than it told its outcome is not in `per_success`.
    """

    day: date
    at: datetime
    hours: tuple[OutcomeHour, ...]
    strata: tuple[Stratum, ...]
    per_success: PerSuccess

    @property
    def fallbacks(self) -> Rate:
        """Return how many fell back, of how many."""
        return Rate(
            sum(one.fell_back for one in self.hours),
            sum(one.figures.requests for one in self.hours),
        )


@dataclass(frozen=True, slots=True)
class DayTouched:
    """Generations of this day were written, or are about to be, and it was not summed up since."""

    day: date


class Summary:
    """Sums up the generations of a day, each looked at once: memory may not hold them all."""

    def __init__(self, day: date, sampled: Iterable[Sampled], some: Iterable[Generation]) -> None:
        self._day = day
        self._sampled = by_hour(sampled)
        self._strata = {one.choice: one for one in together(map(existing, self._sampled.values()))}
        self._hours = dict[datetime, OutcomeHour]()
        self._tags: dict[Tag, dict[str, Figures]] = {tag: {} for tag in Tag}
        self._concluded, self._alone, self._successes = set[str](), ZERO, 0
        for one in some:
            self._add(one)

    def _add(self, one: Generation) -> None:
        workspace_and_hour = place_of(one)
        hour = workspace_and_hour[1]
        self._hours[hour] = self._hours.get(hour, OutcomeHour(hour)).with_one(one)
        if sampled := self._sampled.get(workspace_and_hour):
            known = self._strata[sampled.choice]
            self._strata[sampled.choice] = known.with_one(one, wasted_cost(one))
        for tag, label in LABELS.items():
            rows, name = self._tags[tag], (label(one) or NOBODY)[:LONGEST_LABEL]
            rows[name] = rows.get(name, NOTHING) + one.figures
        if one.said.outcome:
            self._conclude(one)

    def _conclude(self, one: Generation) -> None:
        self._successes += is_success(one)
        if one.said.job:
            self._concluded.add(one.said.job.text[:LONGEST_LABEL])
        else:
            self._alone += one.cost

    def outcomes(self, at: datetime) -> DayOutcomes:
        """Return the outcomes of the day."""
        jobs = (self._tags[Tag.JOB][job] for job in self._concluded)
        spent = sum((one.credits + one.byok for one in jobs), self._alone)
        hours = tuple(self._hours[hour] for hour in sorted(self._hours))
        strata = tuple(self._strata.values())
        return DayOutcomes(self._day, at, hours, strata, PerSuccess(spent, self._successes))

    def tags(self, at: datetime) -> Iterator[DayTag]:
        """Yield the costs of the day by each tag."""
        for tag, found in self._tags.items():
            rows = [Tagged(label, figures) for label, figures in found.items()]
            rows.sort(key=lambda one: (-(one.figures.credits + one.figures.byok), one.label))
            if others := rows[MOST_LABELS:]:
                rest = sum((one.figures for one in others), NOTHING)
                rows[MOST_LABELS:] = [Tagged(OTHERS, rest)]
            yield DayTag(self._day, tag, at, tuple(rows))
