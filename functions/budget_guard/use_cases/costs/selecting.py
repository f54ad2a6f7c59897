"""What keys spent on some models, or with some providers, day by day, from costs that were read.

Of days that are over the sums are kept in the ledger: a month of hours is much to read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from string import hexdigits

from budget_guard.domain.axis import Axis
from budget_guard.domain.cost_spends import DaySpend
from budget_guard.domain.costs import Cost, CostDay, CostHour, part_of, summed
from budget_guard.domain.keys import UNKNOWN, Spent
from budget_guard.domain.policy import fits
from budget_guard.domain.windows import Window, start
from budget_guard.use_cases.costs.day_costs import DayCosts
from budget_guard.use_cases.costs.days import DAY
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.leases import Lease

HOUR = timedelta(hours=1)
RECENT = 3 * HOUR
"""What is taken for the present pace: whole hours, of today."""
PARTS = (*"0123456789abcdef", UNKNOWN)
SUMMED_FOR = timedelta(hours=6)
"""Activity is asked again only after six hours: until then an older day does not change."""

type Sums = Mapping[str, Spent]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far costs are read: all from `since` until `until`; days before `final` for good."""

    since: datetime
    until: datetime
    final: date


@dataclass(frozen=True, slots=True)
class Selection:
    """Some models, or some providers, by patterns; `id` is the same for the same ones."""

    id: str
    axis: Axis
    patterns: tuple[str, ...]

    def takes(self, cost: Cost) -> bool:
        """Tell whether a cost is one of them."""
        return fits(self.patterns, getattr(cost, self.axis.value) or "")


@dataclass(frozen=True, slots=True)
class Selected:
    """What keys spent on a selection: by day, and `lately` in the last `hours`.

    All that was spent before `until` is in it.
    """

    days: Mapping[date, Sums]
    lately: Sums
    hours: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Selecting:
    """What this needs of the world. `_open` are the hours of days that still change."""

    ledger: CostLedger
    lease: Lease
    reach: Reach
    now: datetime
    has_time: Callable[[], bool]
    _open: dict[date, Sequence[CostHour]] = field(default_factory=dict)

    def select(self, selection: Selection, first: date) -> Selected | None:
        """Return what was spent from the day `first` on; None where there is no time for it.

        What was summed till then is kept, so that the next run gets further.
        """
        known = _by_day(self.ledger.day_spends(selection.id))
        days, until, day = dict[date, Sums](), self.reach.until, first
        while day <= self._today:
            kept = known.get(day, ())
            if self._is_good(day, kept):
                days[day] = {key: spent for part in kept for key, spent in part.rows}
            elif self.has_time():
                days[day], gap = self._summed(selection, day)
                until = min(until, gap or until)
            else:
                return None
            day += DAY
        return Selected(days, *self._lately(selection, until), until)

    @property
    def _today(self) -> date:
        return start(Window.DAILY, self.now).date()

    def _is_good(self, day: date, kept: Sequence[DaySpend]) -> bool:
        """Tell whether sums that were kept are still what costs say."""
        if not kept or kept[0].is_final:
            return bool(kept)
        return day >= self.reach.final and self.now - kept[0].at < SUMMED_FOR

    def _summed(self, selection: Selection, day: date) -> tuple[Sums, datetime | None]:
        """Return the sums of a day, and the first hour that is not split so; keep what is over."""
        told, hours = self.ledger.cost_days(day), self._hours(day)
        mine = (one for one in DayCosts(told, hours).by(selection.axis) if selection.takes(one))
        sums, gap = _sums(mine), _gap(told, hours, selection.axis)
        is_final = day < self.reach.final
        if gap is None and (is_final or day < self._today - DAY):
            parts = _parts(selection, day, sums, self.now, is_final=is_final)
            self.ledger.save(*parts, lease=self.lease)
        return sums, gap

    def _hours(self, day: date) -> Sequence[CostHour]:
        if day < self._today - DAY:
            return self.ledger.cost_hours(day)
        if day not in self._open:
            self._open[day] = self.ledger.cost_hours(day)
        return self._open[day]

    def _lately(self, selection: Selection, until: datetime) -> tuple[Sums, int]:
        begins = max(start(Window.DAILY, self.now), until - RECENT)
        recent = [one for one in self._hours(self._today) if begins <= one.hour < until]
        costs = (one for hour in recent for one in _rows(hour, selection.axis))
        return _sums(filter(selection.takes, costs)), max(0, (until - begins) // HOUR)


def _by_day(kept: Iterable[DaySpend]) -> Mapping[date, Sequence[DaySpend]]:
    found: defaultdict[date, list[DaySpend]] = defaultdict(list)
    for one in kept:
        found[one.day].append(one)
    return found


def _sums(costs: Iterable[Cost]) -> Sums:
    found = summed((one.key, one.figures) for one in costs)
    return {key: Spent(figures.credits, figures.byok) for key, figures in found.items()}


def _rows(hour: CostHour, axis: Axis) -> Sequence[Cost]:
    return hour.models if axis is Axis.MODEL else hour.providers


def _gap(told: Iterable[CostDay], hours: Sequence[CostHour], axis: Axis) -> datetime | None:
    """Return the first hour of which costs are told, but not by `axis`, nor by a closed day."""
    closed = {one.part for one in told if one.closed}
    split = {(one.hour, one.workspace) for one in hours if _rows(one, axis)}
    gaps = (
        one.hour
        for one in hours
        if (one.hour, one.workspace) not in split
        and any(part_of(cost.key) not in closed for cost in (*one.models, *one.providers))
    )
    return min((hour.astimezone(UTC) for hour in gaps), default=None)


def _parts(
    selection: Selection, day: date, sums: Sums, at: datetime, *, is_final: bool
) -> Iterator[DaySpend]:
    """Yield the sums of a day as records, empty ones too: what is not there was not summed."""
    for part in PARTS:
        rows = tuple(sorted(one for one in sums.items() if _part(one[0]) == part))
        yield DaySpend(selection.id, day, part, at, is_final, rows)


def _part(key: str) -> str:
    first = key[:1].lower()
    return first if first and first in hexdigits else UNKNOWN
