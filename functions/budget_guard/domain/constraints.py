"""Rule 1 and 2: which keys a cap concerns, what they have spent of it, and what is left."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.facts import Facts
from budget_guard.domain.grants import lifted
from budget_guard.domain.holds import HoldState, exposure
from budget_guard.domain.keys import Counters
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, same_instance


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
        """Tell whether fences are measured by it.

        A cap that several keys share is watched and told of, not fenced: what one of them may
        spend depends on the others.
        """
        never = self.budget is not None and self.budget.hold.at is None
        return len(self.members) == 1 and not never


def constraints(facts: Facts) -> tuple[Constraint, ...]:
    """Return the constraint of every budget (for each key, if it is per key) and window."""
    return tuple(one for budget in facts.policy.budgets for one in _of_budget(budget, facts))


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


def _of_budget(budget: Budget, facts: Facts) -> Iterator[Constraint]:
    seen = [one for one in facts.observations.values() if _concerns(budget, one)]
    grants = [one for one in facts.grants if one.budget == budget.name]
    if not budget.per_key:
        yield from _windows(budget, seen, grants, facts, None)
        return
    for one in seen:
        if budget.covers(one.key) and not one.gone_at:
            own = [grant for grant in grants if grant.key == one.key.hash]
            yield from _windows(budget, [one], own, facts, one.key.hash)


def _concerns(budget: Budget, seen: Observation) -> bool:
    return budget.covers(seen.key) or any(budget.covers(one.key) for one in seen.former)


def _windows(
    budget: Budget,
    seen: Sequence[Observation],
    grants: Iterable[Grant],
    facts: Facts,
    subject: str | None,
) -> Iterator[Constraint]:
    members = frozenset(
        one.key.hash for one in seen if one.gone_at is None and budget.covers(one.key)
    )
    for window, cap in budget.cap.items():
        spend = sum((_share_of_spend(budget, one, window, facts) for one in seen), ZERO)
        yield Constraint(
            budget=budget,
            window=window,
            members=members,
            cap=lifted(cap, window, grants, spend=spend, now=facts.now),
            base=cap,
            spend=spend,
            include_byok=budget.include_byok,
            subject=subject,
        )


def _share_of_spend(budget: Budget, seen: Observation, window: Window, facts: Facts) -> Usd:
    """Return what one key, present, former or deleted, has spent in the budget's window."""
    byok, now = budget.include_byok, facts.now
    reading = seen.reading
    if budget.covers(seen.key):
        present = spent(reading.counters, reading.at, window, include_byok=byok, now=now)
        return present + _unseen(seen, window, facts)
    left_as = [one for one in seen.former if budget.covers(one.key)][-1]
    return spent(left_as.counters, left_as.at, window, include_byok=byok, now=now)


def _unseen(seen: Observation, window: Window, facts: Facts) -> Usd:
    """Return what a held key may have spent between its last reading and its deletion."""
    hold = facts.holds.get(seen.key.hash)
    gone = seen.gone_at
    if gone is None or not same_instance(window, gone, facts.now):
        return ZERO
    if hold is None or hold.confirmed is None or hold.state is not HoldState.GONE:
        return ZERO
    reading = seen.reading
    possible = hold.possible(reading.began)
    most = exposure(possible, reading.counters, reading.at, window=window, now=gone)
    return most if most.is_finite() else ZERO
