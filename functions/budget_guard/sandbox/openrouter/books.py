"""The account's books: every charge and every change, exact, so that tests know the true spend."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from budget_guard.domain.keys import Settings, Spent
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window, start


@dataclass(frozen=True, slots=True)
class Charge:
    """One completed request: `at` it was booked, at `admitted_at` it had been let in."""

    at: datetime
    hash: str
    credits: Usd
    byok: Usd
    admitted_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One PATCH that took effect. Requests are checked against `after` from `enforced_at` on.

    `fields` is what the request asked for, as far as OpenRouter knows it.
    """

    at: datetime
    enforced_at: datetime
    hash: str
    before: Settings
    after: Settings
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """One request for inference that was not admitted."""

    at: datetime
    hash: str
    status: int


@dataclass(slots=True)
class Tally:
    """The running total of one key, so that its spend up to any moment is one look-up."""

    _times: list[datetime] = field(default_factory=list)
    _totals: list[Spent] = field(default_factory=list)

    def add(self, charge: Charge) -> None:
        """Add a charge, which is not earlier than the last."""
        last = self._totals[-1] if self._totals else Spent()
        self._times.append(charge.at)
        self._totals.append(Spent(last.credits + charge.credits, last.byok + charge.byok))

    def until(self, at: datetime) -> Spent:
        """Return what was spent up to and including `at`."""
        return self._total(bisect_right(self._times, at))

    def before(self, at: datetime) -> Spent:
        """Return what was spent before `at`."""
        return self._total(bisect_left(self._times, at))

    @property
    def last(self) -> datetime | None:
        """Return when the key was last charged."""
        return self._times[-1] if self._times else None

    def _total(self, count: int) -> Spent:
        return self._totals[count - 1] if count else Spent()


@dataclass(slots=True)
class Books:
    """Everything that happened to the account's money and keys, in order; deleted keys included."""

    charges: list[Charge] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def book(self, charge: Charge) -> None:
        """Enter a charge, which is not earlier than the last."""
        self.charges.append(charge)
        self.tallies[charge.hash].add(charge)

    def spent(self, hashes: Iterable[str], window: Window | None, at: datetime) -> Spent:
        """Return what these keys truly spent up to and including `at`.

        In the instance of `window` that contains `at`; in their lifetime for None.
        """
        total = Spent()
        for key_hash in hashes:
            tally = self.tallies[key_hash]
            begun = Spent() if window is None else tally.before(start(window, at))
            total = plus(total, minus(tally.until(at), begun))
        return total


def plus(one: Spent, other: Spent) -> Spent:
    """Return the sum of both counters."""
    return Spent(one.credits + other.credits, one.byok + other.byok)


def minus(one: Spent, other: Spent) -> Spent:
    """Return the difference of both counters."""
    return Spent(one.credits - other.credits, one.byok - other.byok)
