"""A made-up account whose every request is known, and a source of costs that tells of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, Figures, total
from budget_guard.domain.errors import ProviderError, ProviderRejected, ProviderUnavailable
from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.money import Usd
from budget_guard.domain.offer import Model
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import Workspace
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.poll import CostPoll, CostReport, poll_costs
from budget_guard.use_cases.costs.source import (
    CostSource,
    Grain,
    Models,
    Offered,
    Question,
    Row,
    Single,
    Told,
)
from budget_guard.use_cases.leases import leased
from tests.domain.builders import seen, utc

NOW = utc("2026-11-18 12:20")
DOWN = ProviderUnavailable("OpenRouter answered 503")


class Charge(NamedTuple):
    """One request: its key's hash, when it was made, what it cost, and the id of its generation."""

    at: datetime
    key: str = "#api"
    cost: Usd = Decimal("0.25")
    model: str = "acme/small"
    provider: str = "Acme"
    workspace: str = "w1"
    id: str = "gen-1"

    @property
    def figures(self) -> Figures:
        return Figures(self.cost, requests=1, prompt=100, completion=10)


@dataclass
class Books:
    """Tells what the charges come to, at most `most` rows at a time, by the names of keys.

    `ends_inclusive`: a bucket that begins at the end of the time asked for is told too. Workspaces
    and keys in `down` get `failure` for an answer (and "models"); `hides` are charges that activity knows nothing of yet.
    `refused` are ids that are answered with an error; `fetched` are those that were asked for.
    """

    charges: list[Charge] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    most: int = 10_000
    ends_inclusive: bool = True
    offers: Offered = field(default_factory=lambda: Offered(frozenset(Axis)))
    warnings: tuple[str, ...] = ()
    down: set[str] = field(default_factory=set)
    hides: set[Charge] = field(default_factory=set)
    failure: ProviderError = DOWN
    asked: list[Question] = field(default_factory=list)
    refused: dict[str, ProviderError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    activity_asked: list[tuple[str, date]] = field(default_factory=list)
    on_offer: Models = field(default_factory=lambda: Models((Model("acme/small"),)))
    models_asked: int = 0

    def name(self, key: str) -> str:
        return self.names.get(key, key.removeprefix("#"))

    def offered(self) -> Offered:
        return self.offers

    def ask(self, question: Question) -> Told:
        self.asked.append(question)
        if question.workspace in self.down:
            raise self.failure
        if question.axis is Single.GENERATION:
            return self._listed(question)
        found: dict[tuple[datetime, str | None, str], Figures] = {}
        for one in self.charges:
            if self._is_asked_for(one, question):
                label = one.model if question.axis is Axis.MODEL else one.provider
                name = None if question.key else self.name(one.key)
                place = (_bucket(one.at, question.grain), name, label)
                found[place] = found.get(place, Figures()) + one.figures
        rows = tuple(Row(*place, figures) for place, figures in found.items())
        return Told(rows[: self.most], len(rows) > self.most, self.warnings)

    def _listed(self, question: Question) -> Told:
        rows = [
            Row(
                _bucket(one.at, question.grain),
                None if question.key else self.name(one.key),
                one.id,
                Figures(one.cost),
                Decimal(0),
            )
            for one in self.charges
            if self._is_asked_for(one, question)
        ]
        rows.sort(key=lambda row: -row.figures.credits)
        return Told(tuple(rows[: self.most]), len(rows) > self.most, self.warnings)

    def generation(self, identity: str) -> Generation:
        self.fetched.append(identity)
        if identity in self.refused:
            raise self.refused[identity]
        for one in self.charges:
            if one.id == identity:
                attempts = (Attempt(one.provider, 200, one.model),)
                place = (one.workspace, one.model, one.model, one.provider)
                return Generation(one.id, one.at, *place, attempts, one.figures)
        raise not_found(identity)

    def _is_asked_for(self, one: Charge, question: Question) -> bool:
        is_within = question.begins <= one.at < question.ends
        if self.ends_inclusive:
            is_within = question.begins <= one.at <= question.ends
        is_of_key = question.key in (None, one.key)
        return is_within and is_of_key and one.workspace == question.workspace

    def activity(self, key: str, day: date) -> tuple[Cost, ...]:
        self.activity_asked.append((key, day))
        if key in self.down:
            raise self.failure
        return total(
            Cost(one.key, one.figures, one.model, one.provider)
            for one in self.charges
            if one.key == key and one.at.date() == day and one not in self.hides
        )

    def models(self) -> Models:
        self.models_asked += 1
        if "models" in self.down:
            raise self.failure
        return self.on_offer

    def spent(self, of: Callable[[Charge], object]) -> dict[object, Usd]:
        """Return the truth: USD under each label."""
        found: dict[object, Usd] = {}
        for one in self.charges:
            found[of(one)] = found.get(of(one), Decimal(0)) + one.cost
        return found


def not_found(identity: str) -> ProviderRejected:
    return ProviderRejected(f"GET /generation was answered 404 for {identity}.", status=404)


def _bucket(at: datetime, grain: Grain) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole.replace(minute=0) if grain is Grain.HOUR else whole


def a_ledger(books: Books, keys: Iterable[str] = ("#api",), workspace: str = "w1") -> MemoryLedger:
    """Return a ledger that knows these keys of a workspace by the names in the books."""
    ledger = MemoryLedger()
    know(ledger, books, keys, workspace)
    return ledger


def know(ledger: CostLedger, books: Books, keys: Iterable[str], workspace: str = "w1") -> None:
    ledger.save(Workspace(workspace, f"{workspace}-name"))
    ledger.save(*(seen(books.name(key), workspace=workspace, hash=key) for key in keys))


def polled(
    books: CostSource,
    ledger: CostLedger,
    now: datetime = NOW,
    *,
    has_time: Callable[[], bool] = lambda: True,
    policy: Policy | None = None,
) -> CostReport:
    """Return how a poll of costs went."""
    rules = policy or Policy((), "hash-of-file")
    with leased(ledger, "costs", token="t", now=now, lasts=timedelta(minutes=5)) as lease:
        return poll_costs(CostPoll(books, ledger, lease, rules, now, has_time))
