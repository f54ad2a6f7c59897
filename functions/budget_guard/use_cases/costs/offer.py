"""The models on offer, read once a day; and a source of costs that calls each by its id."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, total
from budget_guard.domain.errors import ProviderError
from budget_guard.domain.generations import Generation
from budget_guard.domain.offer import Offer, renewed
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import CostSource, Models, Offered, Question, Told
from budget_guard.use_cases.leases import Lease

READ_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OfferRead:
    """The offer as far as it is known, what of it could not be read, and why it was not read."""

    offer: Offer | None
    warnings: tuple[str, ...] = ()
    problem: str | None = None


def read_offer(source: CostSource, ledger: CostLedger, lease: Lease, now: datetime) -> OfferRead:
    """Read the models on offer where they were not for a day; else what was read last stands.

    Raises `LedgerError` and `ManagementKeyError`.
    """
    last = ledger.offer()
    if last and now - last.at < READ_EVERY:
        return OfferRead(last)
    try:
        told = source.models()
    except ProviderError as error:
        return OfferRead(last, problem=f"models on offer: {error}")
    offer = renewed(last, told.models, now)
    ledger.save(offer, lease=lease)
    return OfferRead(offer, told.warnings)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A source of costs in which each model has one name wherever that can be told: its id.

    Activity and generations name a model by its lasting slug (permaslug), often with a date in it;
    analytics by that, or by a name for display: OpenRouter's own documents contradict each other.
    A name that no model on offer has, or several have, stays as it is: also that of a model which
    came after the offer was read last.
    """

    source: CostSource
    ids: Mapping[str, str]

    def offered(self) -> Offered:
        """Return what analytics has."""
        return self.source.offered()

    def ask(self, question: Question) -> Told:
        """Return the rows of a question; several may have one label."""
        told = self.source.ask(question)
        if question.axis is not Axis.MODEL:
            return told
        return replace(
            told, rows=tuple(replace(row, label=self._id(row.label)) for row in told.rows)
        )

    def activity(self, key: str, day: date) -> tuple[Cost, ...]:
        """Return what a key spent on a completed day."""
        rows = self.source.activity(key, day)
        return total(replace(one, model=one.model and self._id(one.model)) for one in rows)

    def generation(self, identity: str) -> Generation:
        """Return one generation."""
        told = self.source.generation(identity)
        return replace(
            told,
            requested=self._id(told.requested),
            served=self._id(told.served),
            attempts=tuple(
                replace(one, model=one.model and self._id(one.model)) for one in told.attempts
            ),
        )

    def models(self) -> Models:
        """Return all models on offer."""
        return self.source.models()

    def _id(self, name: str) -> str:
        return self.ids.get(name, name)


def labelled(source: CostSource, offer: Offer | None) -> CostSource:
    """Return the source with the names of models as they are on offer."""
    return Labelled(source, offer.ids()) if offer else source
