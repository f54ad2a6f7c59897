"""Completed days, read from activity until two reads hours apart agree: then the day is closed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from budget_guard.domain.costs import ACTIVITY, Cost, CostDay, CostHour, CostsRead, part_of, total
from budget_guard.domain.errors import KeyGone, ProviderError, ProviderUnavailable
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.observations import Observation
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.leases import Lease

DAY = timedelta(days=1)
FIRST_READ = timedelta(hours=1)
"""After the day's end. When activity is final is not documented: hence two reads."""
APART = timedelta(hours=6)
ANSWERED_FOR = timedelta(days=30)
"""Completed days that activity answers for."""

type Rows = tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """How many days were closed by a run, and what OpenRouter refused to tell."""

    days: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """What closing days needs of the world; `run_all` may read several keys at a time."""

    ledger: CostLedger
    lease: Lease
    observations: Mapping[str, Observation]
    activity: Callable[[str, date], Rows]
    now: datetime
    has_time: Callable[[], bool]
    run_all: Callable[[Callable[[str], Rows], Iterable[str]], Iterable[Rows]] = map

    def close(self) -> Closed:
        """Read what is due, the oldest day first; return how that went.

        A part of a day is read whole before it is written: a run that ends midway, however that
        comes, leaves nothing half-read. A part that OpenRouter refuses stays open, the others are
        read. Raises `ProviderUnavailable` where activity does not answer.
        """
        since, day, closed, is_row, problems = (
            self._since(),
            self._first_open(),
            0,
            True,
            list[str](),
        )
        while _midnight(day) + DAY <= self.now and self.has_time():
            is_closed = self._read(day, problems)
            is_row, closed, day = is_row and is_closed, closed + is_closed, day + DAY
            if is_row:
                self.ledger.save(
                    CostsRead(ACTIVITY, since, _midnight(day), self.now), lease=self.lease
                )
        return Closed(closed, tuple(dict.fromkeys(problems)))

    def _since(self) -> datetime:
        read = self.ledger.costs_read().get(ACTIVITY)
        return read.since if read else _midnight(self._first_open())

    def _first_open(self) -> date:
        """Return the first day that is not closed; what activity has forgotten stays as it is."""
        oldest = (self.now - ANSWERED_FOR).date()
        read = self.ledger.costs_read().get(ACTIVITY)
        return max(oldest, read.until.astimezone(UTC).date()) if read else oldest

    def _read(self, day: date, problems: list[str]) -> bool:
        """Read the parts of a day that are due; tell whether the whole day is closed now."""
        told = self.ledger.cost_hours(day)
        known = {one.part: one for one in self.ledger.cost_days(day)}
        spending = self._spending(day, told)
        for part, keys in sorted(spending.items()):
            before = known.get(part)
            if self._is_due(day, before):
                if not self.has_time():
                    return False
                try:
                    known[part] = self._part(day, part, self._rows(day, keys, told), before)
                except ProviderUnavailable:
                    raise
                except ProviderError as error:
                    problems.append(str(error))
                else:
                    self.ledger.save(known[part], lease=self.lease)
        is_over = self.now >= _midnight(day) + DAY + FIRST_READ + APART
        return is_over and all(part in known and known[part].closed for part in spending)

    def _is_due(self, day: date, before: CostDay | None) -> bool:
        if before is None:
            return self.now >= _midnight(day) + DAY + FIRST_READ
        return not before.closed and self.now >= before.at + APART

    def _spending(self, day: date, told: Iterable[CostHour]) -> Mapping[str, set[str]]:
        """Return the keys that spent on a day, by their part: as the hours or the counters say."""
        spent = {cost.key for hour in told for cost in (*hour.models, *hour.providers)}
        for key, seen in self.observations.items():
            if any(mark.hour.astimezone(UTC).date() == day for mark in seen.hours):
                spent.add(key)
        found: defaultdict[str, set[str]] = defaultdict(set)
        for key in spent:
            found[part_of(key)].add(key)
        return found

    def _rows(self, day: date, keys: Iterable[str], told: Sequence[CostHour]) -> Rows:
        """Return what activity says of these keys; of those it knows nothing of, what hours say."""

        def rows(key: str) -> Rows:
            if part_of(key) != UNKNOWN:
                with suppress(KeyGone):
                    return self.activity(key, day)
            return _told_of(key, told)

        return tuple(cost for some in self.run_all(rows, sorted(keys)) for cost in some)

    def _part(self, day: date, part: str, rows: Rows, before: CostDay | None) -> CostDay:
        is_agreed = before is not None and before.rows == rows
        return CostDay(day, part, self.now, rows, closed=is_agreed)


def _told_of(key: str, told: Iterable[CostHour]) -> Rows:
    """Return what the hours of a day say of a key, by model and by provider."""
    rows = (cost for hour in told for cost in (*hour.models, *hour.providers))
    return total(cost for cost in rows if cost.key == key)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
