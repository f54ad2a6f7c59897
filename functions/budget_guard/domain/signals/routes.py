"""What became of requests, by the provider that was asked first; added up one by one."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import batched

from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Generation
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.outcomes import Rate
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.requests import STEP, Route, Tried
from budget_guard.domain.signals.shapes import worth

HOUR = timedelta(hours=1)
NONE = Rate(0, 0)


@dataclass(slots=True)
class Paid:
    """What some requests cost (USD, BYOK at its list price), and their tokens."""

    usd: Usd = ZERO
    tokens: int = 0

    def add(self, figures: Figures) -> None:
        """Count a request."""
        self.usd += worth(figures)
        self.tokens += figures.prompt + figures.completion


type Prices = defaultdict[str, Paid]


@dataclass(slots=True)
class Passage:
    """What became of the requests of a route; `at_once` and `paid` are by the model asked first.

    Of those that fell back lately: who failed and how, who served, whose they were, what was paid.
    """

    hours: dict[datetime, Rate] = field(default_factory=dict)
    at_once: Prices = field(default_factory=lambda: defaultdict(Paid))
    paid: Prices = field(default_factory=lambda: defaultdict(Paid))
    failed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    keys: defaultdict[str, Usd] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def count(self, hour: datetime, *, fell: bool) -> None:
        """Count a request of this hour."""
        before = self.hours.get(hour, NONE)
        self.hours[hour] = Rate(before.part + fell, before.of + 1)

    def fall(self, one: Generation, model: str) -> None:
        """Count a request that fell back lately."""
        for attempt in one.attempts:
            if attempt.failed and attempt.status:
                self.failed[attempt.provider] += 1
                self.statuses[attempt.status] += 1
        other = f" with {one.served}" if one.served != model else ""
        self.served[f"{one.provider}{other}" if one.provider else "nobody"] += 1
        self.keys[one.spender or UNKNOWN] += one.cost
        self.paid[model].add(one.figures)

    def rate(self, *hours: datetime) -> Rate:
        """Return how many fell back in some hours."""
        found = [self.hours.get(hour, NONE) for hour in hours]
        return Rate(sum(one.part for one in found), sum(one.of for one in found))

    def dearer(self) -> tuple[Usd, Decimal] | None:
        """Return by how much those that fell back were dearer, in USD and as a part of the price.

        Against as many tokens served at once; None where nobody can tell.
        """
        paid = usual = ZERO
        for model, fallen in self.paid.items():
            straight = self.at_once.get(model)
            if straight and straight.tokens:
                paid += fallen.usd
                usual += straight.usd * fallen.tokens / straight.tokens
        return (paid - usual, (paid - usual) / usual) if usual else None


@dataclass(slots=True)
class Routes:
    """What became of requests, route by route; lately is from `since` until `until`."""

    people: People
    since: datetime
    until: datetime
    passages: dict[Route, Passage] = field(default_factory=dict)
    _found: dict[tuple[str, str, str], tuple[Passage, ...]] = field(default_factory=dict)

    def add(self, one: Generation, hour: datetime, selected: str) -> None:
        """Count a request, made in this hour, for its owner and for the account."""
        model = asked(one)
        fell, is_recent = fell_over(one, model), self.since <= hour < self.until
        for passage in self._passages(selected, one.spender or UNKNOWN, _first(one)):
            passage.count(hour, fell=fell)
            if not fell:
                passage.at_once[model].add(one.figures)
            elif is_recent:
                passage.fall(one, model)

    def _passages(self, selected: str, key: str, provider: str) -> tuple[Passage, ...]:
        if (selected, key, provider) not in self._found:
            routes = {Route(selected, one, provider) for one in (None, self.people.owner(key))}
            self._found[selected, key, provider] = tuple(
                self.passages.setdefault(route, Passage()) for route in routes
            )
        return self._found[selected, key, provider]

    def recent(self) -> Iterator[tuple[Route, Rate]]:
        """Yield how many requests of each route fell back lately."""
        hours = [self.since + number * HOUR for number in range((self.until - self.since) // HOUR)]
        for route in sorted(self.passages, key=_order):
            yield route, self.passages[route].rate(*hours)

    def of_day(self, day: date) -> tuple[Tried, ...]:
        """Return what became of the requests of a day, route by route."""
        begin = datetime.combine(day, time(), UTC)
        hours = [begin + number * HOUR for number in range(24)]
        found = list[Tried]()
        for route in sorted(self.passages, key=_order):
            rates = [self.passages[route].rate(*step) for step in batched(hours, STEP, strict=True)]
            if any(one.of for one in rates):
                each = tuple(one.of for one in rates), tuple(one.part for one in rates)
                found.append(Tried(route, *each))
        return tuple(found)


def asked(one: Generation) -> str:
    """Return the model that was asked first; where a router chose it, what that chose."""
    return next((attempt.model for attempt in one.attempts if attempt.model), one.requested)


def fell_over(one: Generation, model: str) -> bool:
    """Tell whether another provider, or another model, served than was `asked` first.

    What a router chose to ask first is no fallback: an application that begins to use one has not
    broken.
    """
    return one.served != model or len({each.provider for each in one.attempts}) > 1


def _order(route: Route) -> tuple[bool, str, str, str]:
    """Return what routes are sorted by: the account's come last."""
    return route.owner is None, route.owner or "", route.provider, route.selection


def _first(one: Generation) -> str:
    return one.attempts[0].provider if one.attempts else one.provider or "nobody"
