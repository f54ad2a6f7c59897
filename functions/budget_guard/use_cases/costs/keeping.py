"""Generations brought on record: fetched where they are not, completed where more is known."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date

from budget_guard.domain.daily import DayTouched
from budget_guard.domain.errors import ProviderError
from budget_guard.domain.generations import UNSAID, Generation, Said
from budget_guard.domain.money import Usd
from budget_guard.use_cases.costs.ledger import CostLedger, CostRecord
from budget_guard.use_cases.costs.source import CostSource
from budget_guard.use_cases.leases import Lease


@dataclass(frozen=True, slots=True)
class Wanted:
    """A generation that is to be on record, and what is known of it beside OpenRouter's record."""

    id: str
    said: Said = UNSAID
    key: str | None = None
    tools: Usd | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A generation, whether its record has to be written; or why there is none."""

    found: Generation | ProviderError
    is_news: bool = False


type RunAll = Callable[[Callable[[Wanted], Answer], Iterable[Wanted]], Iterable[Answer]]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps generations; `run_all` may ask for several at a time. `touched` are their days so far."""

    source: CostSource
    ledger: CostLedger
    lease: Lease
    run_all: RunAll = map
    touched: set[date] = field(default_factory=set)

    def keep(self, wanted: Sequence[Wanted]) -> Mapping[str, Generation | ProviderError]:
        """Bring generations on record, each wanted once; return each, or why it is not there.

        When this returns, all that are returned are in the ledger. One that is there already is
        not fetched again. Raises `LedgerError` and `ManagementKeyError`; then nothing is promised.
        """
        answers = list(self.run_all(self._answer, wanted))
        news = [one.found for one in answers if one.is_news and isinstance(one.found, Generation)]
        self.change({one.created_at.astimezone(UTC).date() for one in news}, news)
        return {one.id: answer.found for one, answer in zip(wanted, answers, strict=True)}

    def change(self, days: Collection[date], records: Sequence[CostRecord]) -> None:
        """Write what changes these days; that they are to be summed up again, with it or before."""
        marks = [DayTouched(day) for day in sorted(days) if day not in self.touched]
        self.save(*marks, *records)
        self.touched.update(days)

    def save(self, *records: CostRecord) -> None:
        """Write records under this run's lease."""
        self.ledger.save(*records, lease=self.lease)

    def _answer(self, wanted: Wanted) -> Answer:
        known = self.ledger.generation(wanted.id)
        try:
            told = known or self.source.generation(wanted.id)
        except ProviderError as error:
            return Answer(error)
        found = told.with_what_is_known(wanted.said, wanted.key, wanted.tools)
        return Answer(found, is_news=found != known)
