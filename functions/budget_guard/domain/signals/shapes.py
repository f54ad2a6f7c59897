"""The shape of a day that is over: what is kept of its hours, to compare later days with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, CostHour, Figures, summed
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.kin import Kin
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.ownership import People

STEP = 6
"""Hours. A day is compared up to the same hour as others: at night, other jobs run."""
STEPS = 24 // STEP
NANO: Usd = Decimal("1e-9")
"""USD; a finer price of a request would only fill the ledger."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What hourly figures were like: the median, the median distance from it, the highest."""

    median: Decimal
    mad: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class KeyHabits:
    """How a key spent in the hours in which it made requests: their number, and USD of each."""

    key: str
    requests: Usual
    cost: Usual


@dataclass(frozen=True, slots=True)
class DayHabits:
    """The habits of the keys of one `part` (the first digit of their hash, or `?`) on a day."""

    day: date
    part: str
    at: datetime
    keys: tuple[KeyHabits, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """What an owner (None: the account) spent on a model, or with a provider, on a day.

    `by` is the USD (credits, and BYOK at its list price) since midnight at 6:00, 12:00, 18:00, and
    at the day's end.
    """

    owner: str | None
    axis: Axis
    label: str
    by: tuple[Usd, ...]


@dataclass(frozen=True, slots=True)
class DayMix:
    """What every owner spent on what, on a day."""

    day: date
    at: datetime
    slices: tuple[Slice, ...]


def worth(figures: Figures) -> Usd:
    """Return what it cost in all (USD): credits, and BYOK at its list price."""
    return figures.credits + figures.byok


def rows_of(hour: CostHour, axis: Axis) -> Sequence[tuple[str, Cost]]:
    """Return the rows of an hour, each with its model or its provider."""
    rows = hour.models if axis is Axis.MODEL else hour.providers
    return [((one.model if axis is Axis.MODEL else one.provider) or "", one) for one in rows]


def together(hours: Sequence[CostHour], kin: Kin) -> Sequence[CostHour]:
    """Return the hours with each key under the hash that its lineage began with.

    So a new generation has its lineage's past, and is nothing unusual.
    """
    if not kin.of:
        return hours
    return [
        replace(one, models=_under(one.models, kin), providers=_under(one.providers, kin))
        for one in hours
    ]


def _under(rows: Iterable[Cost], kin: Kin) -> tuple[Cost, ...]:
    return tuple(replace(one, key=kin.root(one.key)) for one in rows)


def mix_of(day: date, hours: Sequence[CostHour], people: People, at: datetime) -> DayMix:
    """Return the mix of a day from its hours."""
    found: defaultdict[tuple[str | None, Axis, str], list[Usd]]
    found = defaultdict(lambda: [ZERO] * STEPS)
    for hour in hours:
        for axis in Axis:
            for label, one in rows_of(hour, axis):
                for owner in {None, people.owner(one.key)}:
                    found[owner, axis, label][hour.hour.hour // STEP] += worth(one.figures)
    slices = (
        Slice(owner, axis, label, _running(steps)) for (owner, axis, label), steps in found.items()
    )
    return DayMix(day, at, tuple(sorted(slices, key=lambda s: (s.owner or "", s.axis, s.label))))


def _running(steps: Iterable[Usd]) -> tuple[Usd, ...]:
    total, found = ZERO, list[Usd]()
    for one in steps:
        total += one
        found.append(total)
    return tuple(found)


def habits_of(day: date, hours: Sequence[CostHour], at: datetime) -> tuple[DayHabits, ...]:
    """Return the habits of the keys that made requests on a day, from its hours."""
    parts: defaultdict[str, list[KeyHabits]] = defaultdict(list)
    for key, figures in sorted(hourly(hours).items()):
        counts = [Decimal(one.requests) for one in figures]
        costs = [(worth(one) / one.requests).quantize(NANO) for one in figures]
        parts[_part(key)].append(KeyHabits(key, usual(counts), usual(costs)))
    return tuple(DayHabits(day, part, at, tuple(keys)) for part, keys in sorted(parts.items()))


def hourly(hours: Sequence[CostHour]) -> Mapping[str, Sequence[Figures]]:
    """Return what each key's requests came to in each hour in which it made any."""
    rows = [
        ((one.key, hour.hour), one.figures)
        for hour in hours
        for one in (hour.models or hour.providers)
    ]
    found: defaultdict[str, list[Figures]] = defaultdict(list)
    for (key, _), figures in sorted(summed(rows).items()):
        if figures.requests > 0:
            found[key].append(figures)
    return found


def usual(figures: Sequence[Decimal]) -> Usual:
    """Return what some figures, at least one, are like."""
    middle = median(figures)
    return Usual(middle, median(abs(one - middle) for one in figures), max(figures))


def _part(key: str) -> str:
    return UNKNOWN if key.startswith(UNKNOWN) else key[:1].lower()
