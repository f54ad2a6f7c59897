"""Rule 1 and 2: which keys a cap concerns, what they have spent of it, and what is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.coverage import Coverage
from budget_guard.domain.facts import Facts
from budget_guard.domain.grants import lifted
from budget_guard.domain.holds import HoldState, exposure
from budget_guard.domain.keys import Counters
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, same_instance, start


@dataclass(frozen=True, slots=True)
class Constraint:
    """A cap over keys in a window (None: for ever), with what was spent of it (USD).

    `budget` is None for a key's own baseline limit. `subject` is the key of a per-key budget.
    `members` are the keys it concerns now; `spend` also has what former members spent.
    `cap` includes grants, `base` does not.
    """

    budget: Budget | None
    window: Window | None
    members: frozenset[str]
    cap: Usd
    base: Usd
    spend: Usd
    include_byok: bool
    subject: str | None = None

    @property
    def left(self) -> Usd:
        """Return what may still be spent."""
        return max(ZERO, self.cap - self.spend)

    @property
    def fraction(self) -> Decimal:
        """Return spend ÷ cap; 1 where nothing may be spent."""
        return self.spend / self.cap if self.cap > 0 else Decimal(1)

    @property
    def holds(self) -> bool:
        """Tell whether this cap, at its present fraction, wants its keys fenced."""
        return self.budget is not None and self.budget.hold.begins(self.fraction)

    @property
    def is_fencing(self) -> bool:
        """Tell whether fences are measured by it: with `hold: never` a cap only alerts."""
        return self.budget is None or self.budget.hold.at is not None

    @property
    def is_shared(self) -> bool:
        """Tell whether what one of its keys may spend depends on others."""
        return len(self.members) > 1


def constraints(facts: Facts) -> tuple[Constraint, ...]:
    """Return the constraint of every budget (for each key, if it is per key) and window."""
    budgets, opened = facts.policy.budgets, {one: start(one, facts.now) for one in Window}
    coverage = Coverage(budgets)
    members: list[list[_Spender]] = [[] for _ in budgets]
    former: list[list[_Spender]] = [[] for _ in budgets]
    for seen in facts.observations.values():
        spender = _Spender(seen, facts, opened)
        covering = coverage.of(seen.key) if facts.policy.concerns(seen.key) else []
        for place in covering:
            members[place].append(spender)
        if seen.former:
            for place in coverage.any_of(one.key for one in seen.former).difference(covering):
                former[place].append(spender)
    return tuple(
        one
        for budget, present, gone in zip(budgets, members, former, strict=True)
        for one in _of_budget(budget, present, gone, facts)
    )


def own_limit(seen: Observation, facts: Facts) -> Constraint | None:
    """Return the constraint that a key's own limit is, without the guard's; None if it has none."""
    baseline = facts.baseline(seen)
    limit = baseline.limit
    if limit.amount is None:
        return None
    spend = spent(
        seen.reading.counters,
        seen.reading.at,
        limit.reset,
        include_byok=baseline.include_byok,
        now=facts.now,
    )
    return Constraint(
        budget=None,
        window=limit.reset,
        members=frozenset({seen.key.hash}),
        cap=limit.amount,
        base=limit.amount,
        spend=spend,
        include_byok=baseline.include_byok,
    )


def spent(
    counters: Counters, at: datetime, window: Window | None, *, include_byok: bool, now: datetime
) -> Usd:
    """Return what counters read at `at` say of the window's present instance."""
    if window is not None and not same_instance(window, at, now):
        return ZERO
    return counters.of(window).counted(include_byok=include_byok)


class _Spender:
    """One key, with what its newest reading says of the windows that are under way."""

    def __init__(self, seen: Observation, facts: Facts, opened: Mapping[Window, datetime]) -> None:
        self.seen, self._facts, self._opened = seen, facts, opened
        self._at, self._windows = seen.reading.at, seen.reading.counters.windows

    def spent(self, budget: Budget, window: Window) -> Usd:
        """Return what a member, present or deleted, spent in the present instance (USD)."""
        present = self._windows.get(window)
        counted = ZERO
        if present and self._at >= self._opened[window]:
            counted = present.counted(include_byok=budget.include_byok)
        return counted + _unseen(self.seen, window, self._facts) if self.seen.gone_at else counted

    def spent_before_it_left(self, budget: Budget, window: Window) -> Usd:
        """Return what a former member had spent in the present instance when it left (USD)."""
        left_as = [one for one in self.seen.former if budget.covers(one.key)][-1]
        byok, now = budget.include_byok, self._facts.now
        return spent(left_as.counters, left_as.at, window, include_byok=byok, now=now)


def _of_budget(
    budget: Budget, members: Sequence[_Spender], former: Sequence[_Spender], facts: Facts
) -> Iterator[Constraint]:
    grants = [one for one in facts.grants if one.budget == budget.name]
    if not budget.per_key:
        yield from _windows(budget, members, former, grants, facts.now, None)
        return
    for one in members:
        key = one.seen.key.hash
        if one.seen.gone_at is None:
            own = [grant for grant in grants if grant.key == key]
            yield from _windows(budget, [one], (), own, facts.now, key)


def _windows(
    budget: Budget,
    present: Sequence[_Spender],
    former: Sequence[_Spender],
    grants: Sequence[Grant],
    now: datetime,
    subject: str | None,
) -> Iterator[Constraint]:
    members = frozenset(one.seen.key.hash for one in present if one.seen.gone_at is None)
    for window, cap in budget.cap.items():
        spend = sum((one.spent(budget, window) for one in present), ZERO)
        spend += sum((one.spent_before_it_left(budget, window) for one in former), ZERO)
        yield Constraint(
            budget=budget,
            window=window,
            members=members,
            cap=lifted(cap, window, grants, spend=spend, now=now) if grants else cap,
            base=cap,
            spend=spend,
            include_byok=budget.include_byok,
            subject=subject,
        )


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
