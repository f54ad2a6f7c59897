"""The last act of a poll of generations: see what in single requests is not as it was.

Once for each hour of which all that is wanted is on record; `evaluate` tells people. It reads the
requests of today (in the first hours of a day also yesterday's), and of former days one small record.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Policy
from budget_guard.domain.sampling import by_hour, place_of
from budget_guard.domain.signals.fallbacks import fallen
from budget_guard.domain.signals.loops import Repeats, looping
from budget_guard.domain.signals.requests import HISTORY_DAYS, RECENT, DayRequests, selection
from budget_guard.domain.signals.routes import Routes
from budget_guard.domain.signals.signal import RequestSignals, Signal
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.shaping import DAY
from budget_guard.use_cases.costs.signals import BEHIND, hours_read
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.who import people_of


class OutOfTime(Exception):
    """The run ends before all requests were read: nothing is concluded from some of them."""


@dataclass(frozen=True, slots=True)
class RequestWatch:
    """What looking for signals in requests needs of the world."""

    ledger: CostLedger
    lease: Lease
    policy: Policy
    now: datetime
    has_time: Callable[[], bool]

    def look(self) -> None:
        """Write the signals of the hours read since the last look. Raises `LedgerError`.

        Where time is over before that, it is left to the next run.
        """
        read, last = hours_read(self.ledger, self.policy), self.ledger.request_signals()
        until = min(read.values(), default=None)
        if until is None or self.now - until > BEHIND or (last and last.until == until):
            return
        found: tuple[Signal, ...] = ()
        if self.policy.signals.reads_requests:
            try:
                found = tuple(self._found(until, {one.id for one in last.found} if last else set()))
            except OutOfTime:
                return
        self.ledger.save(RequestSignals(self.now, until, found), lease=self.lease)

    def _found(self, until: datetime, told: set[str]) -> Iterator[Signal]:
        people = people_of(self.ledger, self.policy.budgets)
        since, rules = until - RECENT, self.policy.signals
        before = self._before(since.date(), people)
        now = Seen(Routes(people, since, until), Repeats(people, since, until))
        for day in sorted({since.date(), until.date()}):
            self._read(day, now)
            if day < until.date():
                self._keep(day, now, self.ledger.day_requests(day))
        if rules.fallbacks:
            yield from fallen(now.routes, before, rules.fallbacks, told)
        if rules.loops:
            yield from looping(now.repeats, before, rules.loops)

    def _before(self, first: date, people: People) -> Sequence[DayRequests]:
        """Return the days before `first`; one that is not kept yet is read, and kept."""
        found = list[DayRequests]()
        for back in range(1, HISTORY_DAYS + 1):
            day = first - back * DAY
            known = self.ledger.day_requests(day)
            if known is None:
                seen = Seen(Routes(people, self.now, self.now), Repeats(people, self.now, self.now))
                self._read(day, seen)
                known = self._keep(day, seen, None)
            found.append(known)
        return found

    def _read(self, day: date, seen: "Seen") -> None:
        hours = by_hour(self.ledger.sampled(day))
        for one in self.ledger.generations(day):
            if not self.has_time():
                raise OutOfTime
            _, hour = place_of(one)
            selected = selection(one, hour, hours)
            seen.routes.add(one, hour, selected)
            seen.repeats.add(one, hour, selected)

    def _keep(self, day: date, seen: "Seen", known: DayRequests | None) -> DayRequests:
        told = DayRequests(day, self.now, seen.routes.of_day(day), seen.repeats.of_day(day))
        if known is None or replace(known, at=self.now) != told:
            self.ledger.save(told, lease=self.lease)
        return told


@dataclass(frozen=True, slots=True)
class Seen:
    """What requests came to, as they are read."""

    routes: Routes
    repeats: Repeats
