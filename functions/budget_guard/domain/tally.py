"""Rule 1: what the keys of each budget have spent, each key counted once however many cover it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from budget_guard.domain.coverage import Coverage
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import HoldState, exposure
from budget_guard.domain.keys import Counters
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import Window, same_instance, start


def spent(
    counters: Counters, at: datetime, window: Window | None, *, include_byok: bool, now: datetime
) -> Usd:
    """Return what counters read at `at` say of the window's present instance."""
    if window is not None and not same_instance(window, at, now):
        return ZERO
    return counters.of(window).counted(include_byok=include_byok)


class Group:
    """Keys that the same budgets cover, and what they spent together (USD)."""

    def __init__(self) -> None:
        self.keys: list[Observation] = []
        self.credits = dict.fromkeys(Window, ZERO)
        self.byok = dict.fromkeys(Window, ZERO)

    def add(self, seen: Observation, opened: Mapping[Window, datetime]) -> None:
        """Count a key, with what its reading says of the windows that are under way."""
        self.keys.append(seen)
        at = seen.reading.at
        for window, spent in seen.reading.counters.windows.items():
            if (spent.credits or spent.byok) and at >= opened[window]:
                self.credits[window] += spent.credits
                if spent.byok:
                    self.byok[window] += spent.byok

    @cached_property
    def members(self) -> frozenset[str]:
        """Return the hashes of those that were not deleted."""
        return frozenset(one.reading.key.hash for one in self.keys if one.gone_at is None)

    def spent(self, window: Window, *, include_byok: bool) -> Usd:
        """Return what the keys spent in the present instance of the window."""
        return self.credits[window] + self.byok[window] if include_byok else self.credits[window]


class Tally:
    """All keys by the budgets that cover them: each key is counted once, however many these are.

    `groups` has the keys by the places of the budgets that cover them.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.groups: dict[tuple[int, ...], Group] = {}
        self.keys: list[tuple[Observation, Group]] = []
        self._opened = {window: start(window, facts.now) for window in Window}
        self._gone: list[tuple[Observation, tuple[int, ...]]] = []
        self._former: list[tuple[Observation, frozenset[int]]] = []
        coverage = Coverage(facts.policy.budgets)
        for seen in facts.observations.values():
            self._count(seen, coverage)

    def _count(self, seen: Observation, coverage: Coverage) -> None:
        covering = tuple(coverage.of(seen.key)) if self.facts.policy.concerns(seen.key) else ()
        group = self.groups.get(covering)
        if group is None:
            group = self.groups[covering] = Group()
        group.add(seen, self._opened)
        self.keys.append((seen, group))
        if seen.gone_at:
            self._gone.append((seen, covering))
        if seen.former:
            were = coverage.any_of(one.key for one in seen.former)
            self._former.append((seen, were.difference(covering)))

    def members(self, place: int) -> frozenset[str]:
        """Return the keys that a budget covers now."""
        every = (one.members for covering, one in self.groups.items() if place in covering)
        return frozenset[str]().union(*every)

    def alive(self, place: int) -> Iterator[Observation]:
        """Yield the keys that a budget covers, but for those that were deleted."""
        for covering, group in self.groups.items():
            if place in covering:
                yield from (one for one in group.keys if one.gone_at is None)

    def lines(self, place: int) -> Iterator[tuple[Observation, ...]]:
        """Yield the same keys one by one, but the generations of one together, deleted ones too."""
        known, kin = self.facts.observations, self.facts.kin
        told: set[str] = set()
        for seen in self.alive(place):
            key = seen.reading.key.hash
            if key not in kin.of:
                yield (seen,)
            elif kin.root(key) not in told:
                told.add(kin.root(key))
                yield tuple(known[one] for one in kin.hashes(key) if one in known)

    def spent(self, budget: Budget, place: int, window: Window) -> Usd:
        """Return what a budget's keys, present, former and deleted, spent in the window (USD)."""
        byok, facts = budget.include_byok, self.facts
        total = ZERO
        for covering, group in self.groups.items():
            if place in covering:
                total += group.spent(window, include_byok=byok)
        for seen, covering in self._gone:
            if place in covering:
                total += _unseen(seen, window, facts)
        for seen, left in self._former:
            if place in left:
                was = [one for one in seen.former if budget.covers(one.key)][-1]
                total += spent(was.counters, was.at, window, include_byok=byok, now=facts.now)
        return total


def spent_together(
    line: Iterable[Observation], window: Window | None, facts: Facts, *, include_byok: bool
) -> Usd:
    """Return what some keys spent in the present instance, deleted ones at most (USD)."""
    total = ZERO
    for seen in line:
        counters, at = seen.reading.counters, seen.reading.at
        total += spent(counters, at, window, include_byok=include_byok, now=facts.now)
        if seen.gone_at:
            total += _unseen(seen, window, facts)
    return total


def _unseen(seen: Observation, window: Window | None, facts: Facts) -> Usd:
    """Return what a held key may have spent between its last reading and its deletion."""
    hold = facts.holds.get(seen.key.hash)
    gone = seen.gone_at
    if gone is None or (window and not same_instance(window, gone, facts.now)):
        return ZERO
    if hold is None or hold.confirmed is None or hold.state not in (HoldState.HELD, HoldState.GONE):
        return ZERO
    reading = seen.reading
    for possible in (hold.possible(reading.began), (hold.confirmed,)):
        # Where it may have been without a limit just before, its last one is the best that is known.
        most = exposure(possible, reading.counters, reading.at, window=window, byok=False, now=gone)
        if most.is_finite():
            return most
    return ZERO
