"""What both ledgers answer alike of costs, for those who keep or tell them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from budget_guard.adapters.ledger import cost_places, generation_places, spend_places
from budget_guard.adapters.ledger.kin_reading import KinReader
from budget_guard.adapters.ledger.shared_reading import SharedReader
from budget_guard.domain.cost_spends import DaySpend
from budget_guard.domain.costs import CostDay, CostHour, CostsRead
from budget_guard.domain.daily import DayOutcomes, DayTag, DayTouched, Tag
from budget_guard.domain.generations import Generation
from budget_guard.domain.offer import Offer
from budget_guard.domain.sampling import GenerationsRead, Sampled
from budget_guard.domain.signals.requests import DayRequests
from budget_guard.domain.signals.shapes import DayHabits, DayMix


class CostReader(KinReader, SharedReader):
    """The reading half of the `CostLedger` port. Expired records are never returned."""

    def cost_hours(self, day: date) -> Sequence[CostHour]:
        """Return the costs of a day's hours, by hour, workspace and part.

        Of parts that an hour had once, and has no more, none is returned.
        """
        found = sorted(
            self._all(CostHour, cost_places.hours_partition(day)),
            key=lambda one: (one.hour, one.workspace, one.part),
        )
        first = {(one.hour, one.workspace): one.parts for one in found if one.part == 0}
        return [one for one in found if one.part < first.get((one.hour, one.workspace), 0)]

    def cost_days(self, day: date) -> Sequence[CostDay]:
        """Return what activity said of a day, by the first digits of the keys' hashes."""
        return sorted(self._all(CostDay, cost_places.day_partition(day)), key=lambda one: one.part)

    def costs_read(self) -> Mapping[str, CostsRead]:
        """Return how far costs have been read, by source."""
        return {one.source: one for one in self._all(CostsRead, cost_places.READ)}

    def generation(self, identity: str) -> Generation | None:
        """Return one generation."""
        return self._at(Generation, generation_places.by_id(identity))

    def generations(self, day: date) -> Iterator[Generation]:
        """Return the generations made on a day that are on record, in no order."""
        # One partition after the other: memory may not hold them all.
        for partition in generation_places.partitions(day):
            yield from self._all(Generation, partition)

    def sampled(self, day: date) -> Sequence[Sampled]:
        """Return what became of the generations of a day's hours, by hour and workspace."""
        found = self._all(Sampled, generation_places.sampled_partition(day))
        return sorted(found, key=lambda one: (one.hour, one.workspace))

    def generations_read(self) -> Mapping[str, GenerationsRead]:
        """Return how far generations were read one by one, by workspace."""
        return {one.workspace: one for one in self._all(GenerationsRead, generation_places.READ)}

    def day_outcomes(self, day: date) -> DayOutcomes | None:
        """Return what the generations of a day came to, as last summed up."""
        return self._at(DayOutcomes, generation_places.outcomes(day))

    def day_tag(self, day: date, tag: Tag) -> DayTag | None:
        """Return the costs of a day's generations by a tag, as last summed up."""
        return self._at(DayTag, generation_places.tagged(day, tag))

    def days_touched(self) -> Sequence[DayTouched]:
        """Return the days that are to be summed up again, the first one first."""
        return sorted(self._all(DayTouched, generation_places.TOUCHED), key=lambda one: one.day)

    def day_requests(self, day: date) -> DayRequests | None:
        """Return what a day's requests were like; None if that is not on record."""
        return self._at(DayRequests, generation_places.day_requests(day))

    def day_mix(self, day: date) -> DayMix | None:
        """Return who spent on what on a day that is over; None if that is not on record."""
        return self._at(DayMix, cost_places.mix(day))

    def day_habits(self, day: date) -> Sequence[DayHabits]:
        """Return how the keys spent on a day that is over, by the first digit of their hashes."""
        return sorted(
            self._all(DayHabits, cost_places.habits_partition(day)), key=lambda one: one.part
        )

    def day_spends(self, selection: str) -> Sequence[DaySpend]:
        """Return what was spent on a selection on each day that was summed, by day and part."""
        found = self._all(DaySpend, spend_places.partition(selection))
        return sorted(found, key=lambda one: (one.day, one.part))

    def offer(self) -> Offer | None:
        """Return the models that were last read; None before the first time."""
        return self._at(Offer, cost_places.OFFER)
