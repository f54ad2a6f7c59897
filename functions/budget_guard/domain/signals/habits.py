"""A key out of its usual range: dearer requests than it makes, or more of them in an hour."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median

from budget_guard.domain.alerts import Kind, Unit
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import CostHour, Figures, summed
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import Usd, show
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.rules import Unusual
from budget_guard.domain.signals.shapes import DayHabits, KeyHabits, Usual, rows_of, worth
from budget_guard.domain.signals.signal import Signal, dearest, named, short, stop

RECENT = timedelta(hours=3)
"""What is compared: long enough that one odd hour is no news, short enough to be told soon."""
HISTORY_DAYS = 7
FEWEST_DAYS = 3
LEAST_SPREAD = Decimal("0.1")
"""Of the median: figures that hardly ever differ are no reason to wake anybody."""
ABOVE_HIGHEST = Decimal("1.5")
"""How far above the highest hour of its days a figure must be: a weekly job differs each time."""
REQUESTS, COST = "requests", "cost"
UNITS = {REQUESTS: Unit.REQUESTS_PER_HOUR, COST: Unit.USD_PER_REQUEST}


@dataclass(frozen=True, slots=True)
class Range:
    """What is usual of a key's figure: the median of its days, and the highest that is not odd."""

    median: Decimal
    top: Decimal


def range_of(days: Sequence[Usual], times: int) -> Range:
    """Return the range of a figure: `times` its spread above the median, or beyond the highest.

    The spread is that within the days (MAD) or between them, whichever is more.
    """
    middle = median(one.median for one in days)
    between = median(abs(one.median - middle) for one in days)
    spread = max(median(one.mad for one in days), between, middle * LEAST_SPREAD)
    return Range(
        middle, max(middle + times * spread, max(one.most for one in days) * ABOVE_HIGHEST)
    )


def unusual(
    recent: Sequence[CostHour], before: Iterable[DayHabits], people: People, rules: Unusual
) -> tuple[Signal, ...]:
    """Return the keys whose requests of the `recent` hours are dearer, or more, than is usual.

    Both tell of a lineage's keys as of one (see `together`). Only upwards, and only what costs `rules.at_least` USD an hour more than usual.
    """
    past: defaultdict[str, list[KeyHabits]] = defaultdict(list)
    for one in before:
        for habits in one.keys:
            past[habits.key].append(habits)
    spent = summed((key, one) for key, one in _recent(recent))
    return tuple(
        found
        for key, figures in sorted(spent.items())
        if len(past[key]) >= FEWEST_DAYS and figures.requests > 0
        for found in _of_key(Seen(key, figures, past[key], recent), people, rules)
    )


def _recent(hours: Iterable[CostHour]) -> Iterator[tuple[str, Figures]]:
    return ((one.key, one.figures) for hour in hours for one in (hour.models or hour.providers))


@dataclass(frozen=True, slots=True)
class Seen:
    """A key's recent figures, and its habits on the days before."""

    key: str
    figures: Figures
    past: Sequence[KeyHabits]
    recent: Sequence[CostHour]


def _of_key(seen: Seen, people: People, rules: Unusual) -> Iterator[Signal]:
    hours = Decimal(RECENT // timedelta(hours=1))
    requests, cost = seen.figures.requests / hours, worth(seen.figures) / seen.figures.requests
    normal = range_of([one.requests for one in seen.past], rules.times)
    price = range_of([one.cost for one in seen.past], rules.times)
    if cost > price.top and (cost - price.median) * requests >= rules.at_least:
        told = f"{_usd(cost)} USD a request", f"{_usd(price.median)} (up to {_usd(price.top)})"
        yield _signal(seen, COST, told, (price.median, cost), people)
    if requests > normal.top and (requests - normal.median) * cost >= rules.at_least:
        usual = f"{normal.median:.0f} (up to {normal.top:.0f})"
        told = f"{requests:.0f} requests an hour", usual
        yield _signal(seen, REQUESTS, told, (normal.median, requests), people)


def _usd(amount: Usd) -> str:
    """Return an amount with two digits that count, where cents would be too coarse."""
    return f"{amount:.2g}" if Decimal("0.0001") <= amount < Decimal("0.1") else show(amount)


def _signal(
    seen: Seen, what: str, told: tuple[str, str], figures: tuple[Decimal, Decimal], people: People
) -> Signal:
    owner, name = people.owner(seen.key), people.name(seen.key)
    models, is_known = _models(seen.key, seen.recent), not seen.key.startswith(UNKNOWN)
    key = people.kin.current(seen.key)
    return Signal(
        id=f"unusual/{seen.key}/{what}",
        kind=Kind.UNUSUAL,
        text=f"{short(name)}: {told[0]} in 3 hours, usually {told[1]}{named(models, owner)}",
        before=figures[0],
        after=figures[1],
        unit=UNITS[what],
        contributors=models,
        owner=owner,
        key=key if is_known else None,
        key_name=name,
        todo=f"see what its job does{stop(key) if is_known else ''}",
    )


def _models(key: str, hours: Iterable[CostHour]) -> tuple[tuple[str, Usd], ...]:
    spent: Mapping[str, Figures] = summed(
        (label, one.figures)
        for hour in hours
        for label, one in rows_of(hour, Axis.MODEL if hour.models else Axis.PROVIDER)
        if one.key == key
    )
    return dearest({label: worth(figures) for label, figures in spent.items()})
