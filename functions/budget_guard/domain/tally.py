"""Rule 1: what the keys of each budget have spent, each key counted once however many cover it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

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
            if at >= opened[window]:
                self.credits[window] += spent.credits
                if spent.byok:
                    self.byok[window] += spent.byok

    def spent(self, window: Window, *, include_byok: bool) -> Usd:
        """Return what the keys spent in the present instance of the window."""
        return self.credits[window] + self.byok[window] if include_byok else self.credits[window]


class Tally:
    """All keys by the budgets that cover them: each key is counted once, however many these are."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._opened = {window: start(window, facts.now) for window in Window}
        self._groups: dict[tuple[int, ...], Group] = {}
        self._gone: list[tuple[Observation, tuple[int, ...]]] = []
        self._former: list[tuple[Observation, frozenset[int]]] = []

    def count(self, seen: Observation, covering: tuple[int, ...]) -> None:
        """Count a key that the budgets at these places cover."""
        group = self._groups.get(covering)
        if group is None:
            group = self._groups[covering] = Group()
        group.add(seen, self._opened)
        if seen.gone_at:
            self._gone.append((seen, covering))

    def count_former(self, seen: Observation, left: frozenset[int]) -> None:
        """Count a key that the budgets at these places covered once."""
        self._former.append((seen, left))

    def keys(self, place: int) -> Iterator[Observation]:
        """Yield the keys that a budget covers, deleted ones too."""
        for covering, group in self._groups.items():
            if place in covering:
                yield from group.keys

    def alone(self, seen: Observation) -> Group:
        """Return one key as a group of its own."""
        group = Group()
        group.add(seen, self._opened)
        return group

    def spent(self, budget: Budget, place: int, window: Window) -> Usd:
        """Return what a budget's keys, present, former and deleted, spent in the window (USD)."""
        byok, facts = budget.include_byok, self.facts
        total = ZERO
        for covering, group in self._groups.items():
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


def _unseen(seen: Observation, window: Window, facts: Facts) -> Usd:
    """Return what a held key may have spent between its last reading and its deletion."""
    hold = facts.holds.get(seen.key.hash)
    gone = seen.gone_at
    if gone is None or not same_instance(window, gone, facts.now):
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
