"""What is remembered of costs, for those who keep or tell them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from budget_guard.domain.alerts import Incident
from budget_guard.domain.cost_spends import DaySpend
from budget_guard.domain.costs import CostDay, CostHour, CostsRead
from budget_guard.domain.daily import DayOutcomes, DayTag, DayTouched, Tag
from budget_guard.domain.generations import Generation
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.offer import Offer
from budget_guard.domain.records import Release
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.sampling import GenerationsRead, Sampled
from budget_guard.domain.signals.requests import DayRequests
from budget_guard.domain.signals.shapes import DayHabits, DayMix
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.ledger import Lease, Ledger

type CostRecord = (
    CostHour
    | CostDay
    | CostsRead
    | Generation
    | Sampled
    | GenerationsRead
    | DayMix
    | DayHabits
    | DayRequests
    | DayOutcomes
    | DayTag
    | DayTouched
    | DaySpend
    | Offer
)


class CostLedger(Ledger, Protocol):
    """The guard's memory, with the costs."""

    def cost_hours(self, day: date) -> Sequence[CostHour]:
        """Return the costs of a day's hours, those of every workspace; kept for 35 days."""
        ...

    def cost_days(self, day: date) -> Sequence[CostDay]:
        """Return what activity said of a day, closed or not; kept for 400 days."""
        ...

    def costs_read(self) -> Mapping[str, CostsRead]:
        """Return how far costs have been read, by source."""
        ...

    def generation(self, identity: str) -> Generation | None:
        """Return one generation, read consistently; kept for 35 days after it was made."""
        ...

    def generations(self, day: date) -> Iterable[Generation]:
        """Return the generations made on a day that are on record, in no order."""
        ...

    def sampled(self, day: date) -> Sequence[Sampled]:
        """Return what became of the generations of a day's hours; kept for 35 days."""
        ...

    def generations_read(self) -> Mapping[str, GenerationsRead]:
        """Return how far generations were read one by one, by workspace."""
        ...

    def day_outcomes(self, day: date) -> DayOutcomes | None:
        """Return what the generations of a day came to, as last summed up; kept for 400 days."""
        ...

    def day_tag(self, day: date, tag: Tag) -> DayTag | None:
        """Return the costs of a day's generations by a tag, as last summed up; for 400 days."""
        ...

    def days_touched(self) -> Sequence[DayTouched]:
        """Return the days that are to be summed up again."""
        ...

    def day_requests(self, day: date) -> DayRequests | None:
        """Return what a day's requests on record were like; kept for 35 days."""
        ...

    def day_mix(self, day: date) -> DayMix | None:
        """Return who spent on what on a day that is over; kept for 400 days."""
        ...

    def day_habits(self, day: date) -> Sequence[DayHabits]:
        """Return how the keys spent on a day that is over; kept for 400 days."""
        ...

    def day_spends(self, selection: str) -> Sequence[DaySpend]:
        """Return what was spent on a selection on each day that was summed; kept for 35 days."""
        ...

    def offer(self) -> Offer | None:
        """Return the models that were last read; None before the first time."""
        ...

    def forget(
        self,
        *records: Incident
        | Wish
        | Release
        | Lineage
        | Rotation
        | Restriction
        | RestrictWish
        | DayTouched,
        lease: Lease,
    ) -> None:
        """Delete records, on the same terms as `save`."""
        ...
