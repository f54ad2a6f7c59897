"""Days that are over, each kept as one small shape: no run reads weeks of hours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from budget_guard.domain.costs import CostHour
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.shapes import DayHabits, DayMix, habits_of, mix_of, together
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.leases import Lease

DAY = timedelta(days=1)
KEPT_BACK = 28
"""Days: as far as the first poll of costs reads, and as four weekdays need."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of days in the ledger. A day's are written together, or not at all."""

    ledger: CostLedger
    lease: Lease
    people: People
    now: datetime

    def fill(self, today: date, has_time: Callable[[], bool]) -> bool:
        """Derive what is missing of the last four weeks; tell whether nothing is any more."""
        for back in range(2, KEPT_BACK + 1):
            day = today - back * DAY
            if self.ledger.day_mix(day) is None:
                if not has_time():
                    return False
                self.derive(day, self.ledger.cost_hours(day))
        return True

    def derive(self, day: date, hours: Sequence[CostHour]) -> None:
        """Write the shape of a day where it is not yet, or no more, as its hours say."""
        hours = together(hours, self.people.kin)
        mix, known = mix_of(day, hours, self.people, self.now), self.ledger.day_mix(day)
        habits = {one.part: one for one in habits_of(day, hours, self.now)}
        before = {one.part: one for one in self.ledger.day_habits(day)}
        # A part without keys any more must not go on to tell of them.
        empty = {part: DayHabits(day, part, self.now, ()) for part in before}
        changed: list[DayMix | DayHabits] = [
            one
            for part, one in (empty | habits).items()
            if part not in before or before[part].keys != one.keys
        ]
        if known is None or known.slices != mix.slices:
            changed.append(mix)
        elif changed:
            changed.append(replace(known, at=self.now))
        if changed:
            self.ledger.save(*changed, lease=self.lease)


def midnight(day: date) -> datetime:
    """Return when a day begins."""
    return datetime.combine(day, time(), UTC)
