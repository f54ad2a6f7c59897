"""The last act of a poll of costs: see what in them is not as it was, and write it down.

Once for each hour that was read in every workspace; `evaluate` tells people. It reads the hours of
today and yesterday, and the shapes of the days that they are compared with.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from budget_guard.domain.costs import CostHour
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.offer import Offer
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Policy
from budget_guard.domain.signals.habits import HISTORY_DAYS, RECENT, unusual
from budget_guard.domain.signals.mix import Compared, is_enough, shifts, steps_until
from budget_guard.domain.signals.prices import repriced, used
from budget_guard.domain.signals.rules import MixShifted, Prices, Unusual
from budget_guard.domain.signals.shapes import STEPS, mix_of, together
from budget_guard.domain.signals.signal import BalanceMark, Signal, Signals
from budget_guard.domain.signals.unexplained import Missing, keyless, marked, missing, span, untold
from budget_guard.domain.signals.withdrawn import leaving, withdrawn
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.shaping import DAY, Shapes, midnight
from budget_guard.use_cases.leases import Lease

BEHIND = timedelta(hours=3)
"""Costs that are read no further say nothing of now: signals become stale."""
WEEK = 7
WEEKS = 4


@dataclass(frozen=True, slots=True)
class Watch:
    """What looking for signals needs of the world."""

    ledger: CostLedger
    lease: Lease
    policy: Policy
    people: People
    now: datetime
    has_time: Callable[[], bool]

    def look(self) -> None:
        """Write the signals of the hours read since the last look. Raises `LedgerError`."""
        read = hours_read(self.ledger, self.policy)
        until, last = min(read.values(), default=None), self.ledger.signals()
        if until is None or self.now - until > BEHIND or (last and last.until == until):
            return
        today = until.date()
        yesterdays = self.ledger.cost_hours(today - DAY)
        shapes = Shapes(self.ledger, self.lease, self.people, self.now)
        if self.policy.signals.compares_days:
            shapes.derive(today - DAY, yesterdays)
            is_new_day = last is None or last.until.date() < today
            if is_new_day and not shapes.fill(today, self.has_time):
                return
        hours = [*yesterdays, *self.ledger.cost_hours(today)]
        told = [one for one in hours if one.hour < until]
        balances = marked(
            last.balances if last else (),
            self.ledger.poll_report(),
            self.people.observations.values(),
        )
        over = span(self.now, midnight(until.date() - DAY), read)
        lacking = missing(self.people, _credits(told), over)
        # Counters are of each key; all else sees a lineage's keys as one.
        as_one = together(told, self.people.kin)
        found = tuple(self._found(as_one, until, lacking, balances))
        self.ledger.save(Signals(self.now, until, found, balances, lacking.gap), lease=self.lease)

    def _found(
        self,
        hours: Sequence[CostHour],
        until: datetime,
        lacking: Missing,
        balances: Sequence[BalanceMark],
    ) -> Iterator[Signal]:
        rules = self.policy.signals
        if rules.unexplained:
            yield from _some(untold(self.people, lacking, rules.unexplained))
            if not self.policy.scope:
                yield from _some(keyless(balances, rules.unexplained))
        if rules.mix_shifted:
            yield from self._shifts(hours, until, rules.mix_shifted)
        if rules.unusual:
            yield from self._unusual(hours, until, rules.unusual)
        if rules.prices and (offer := self.ledger.offer()):
            last_day = used(one for one in hours if one.hour >= until - DAY)
            yield from repriced(offer, last_day, self.people, rules.prices, self.now)
            yield from self._withdrawn(offer, hours, rules.prices)

    def _shifts(
        self, hours: Sequence[CostHour], until: datetime, rules: MixShifted
    ) -> tuple[Signal, ...]:
        """Compare today so far; where that is too little, yesterday."""
        today = until.date()
        on = self._compared(today, hours, until)
        if on is None or not is_enough(on, rules):
            on = self._compared(today - DAY, hours, until)
        return shifts(on, self.people, rules) if on else ()

    def _compared(self, day: date, hours: Sequence[CostHour], until: datetime) -> Compared | None:
        if not (steps := steps_until(until, day)):
            return None
        of_day = [one for one in hours if one.hour.date() == day]
        before = [self.ledger.day_mix(day - weeks * WEEK * DAY) for weeks in range(1, WEEKS + 1)]
        mix = mix_of(day, of_day, self.people, self.now)
        return Compared(min(steps, STEPS) - 1, of_day, mix, [one for one in before if one])

    def _unusual(
        self, hours: Sequence[CostHour], until: datetime, rules: Unusual
    ) -> tuple[Signal, ...]:
        recent = [one for one in hours if one.hour >= until - RECENT]
        first = (until - RECENT).date()
        days = (first - back * DAY for back in range(1, HISTORY_DAYS + 1))
        before = [one for day in days for one in self.ledger.day_habits(day)]
        return unusual(recent, before, self.people, rules)

    def _withdrawn(
        self, offer: Offer, hours: Sequence[CostHour], rules: Prices
    ) -> Iterator[Signal]:
        today = self.now.astimezone(UTC).date()
        if not leaving(offer, rules, today):
            return
        days = (today - back * DAY for back in range(1, WEEK + 1))
        mixes = [one for one in map(self.ledger.day_mix, days) if one]
        yield from withdrawn(offer, used(hours), mixes, self.people, rules, today)


def hours_read(ledger: CostLedger, policy: Policy) -> Mapping[str, datetime]:
    """Return until when the hours of each workspace were read."""
    read = ledger.costs_read()
    return {
        one: read[one].until.astimezone(UTC)
        for one in ledger.workspaces()
        if policy.reads(one) and one in read
    }


def _credits(hours: Sequence[CostHour]) -> Mapping[str, Mapping[datetime, Usd]]:
    found: defaultdict[str, defaultdict[datetime, Usd]]
    found = defaultdict(lambda: defaultdict(lambda: ZERO))
    for hour in hours:
        for one in hour.models or hour.providers:
            found[one.key][hour.hour] += one.figures.credits
    return found


def _some(found: Signal | None) -> Iterator[Signal]:
    if found:
        yield found
