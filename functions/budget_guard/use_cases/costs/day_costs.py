"""What is known of the costs of a day, from the best source for each key."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Self

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, CostDay, CostHour, part_of
from budget_guard.use_cases.costs.ledger import CostLedger


class DayCosts:
    """The costs of a day; closed parts of it are as activity told them, with model and provider."""

    def __init__(self, days: Iterable[CostDay], hours: Sequence[CostHour]) -> None:
        told = {one.part: one for one in days}
        self._hours = hours
        self._closed = {part: one.rows for part, one in told.items() if one.closed or not hours}

    @classmethod
    def of(cls, ledger: CostLedger, day: date) -> Self:
        """Return the costs of a day as the ledger has them."""
        return cls(ledger.cost_days(day), ledger.cost_hours(day))

    def by(self, axis: Axis) -> Iterator[Cost]:
        """Yield the costs of the day, each once, every one with its model or its provider."""
        for rows in self._closed.values():
            yield from (one for one in rows if getattr(one, axis.value))
        for hour in self._hours:
            told = hour.models if axis is Axis.MODEL else hour.providers
            yield from (one for one in told if part_of(one.key) not in self._closed)
