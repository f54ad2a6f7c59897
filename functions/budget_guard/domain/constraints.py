"""Rule 1 and 2: which keys a cap concerns, what they have spent of it, and what is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.facts import Facts
from budget_guard.domain.grants import lifted
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.records import Grant
from budget_guard.domain.tally import Tally, spent
from budget_guard.domain.windows import Window


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


def constraints(tally: Tally) -> tuple[Constraint, ...]:
    """Return the constraint of every budget (for each key, if it is per key) and window.

    None of those that count costs: no fence is measured by them (see `cost_budgets`).
    """
    budgets = enumerate(tally.facts.policy.budgets)
    return tuple(
        one
        for place, budget in budgets
        if not budget.counts_costs
        for one in _of_budget(budget, tally, place)
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


def _of_budget(budget: Budget, tally: Tally, place: int) -> Iterator[Constraint]:
    facts = tally.facts
    grants = [one for one in facts.grants if one.budget == budget.name]
    if not budget.per_key:
        members = tally.members(place)
        spends = {window: tally.spent(budget, place, window) for window in budget.cap}
        # A grant to one key, given while the budget was per key, is not for all who share it now.
        to_all = [grant for grant in grants if grant.key is None]
        yield from _windows(budget, members, spends, to_all, facts.now)
        return
    for seen in tally.alive(place):
        group, key = tally.alone(seen), seen.key.hash
        own = [grant for grant in grants if grant.key == key]
        spends = {
            window: group.spent(window, include_byok=budget.include_byok) for window in budget.cap
        }
        for one in _windows(budget, frozenset({key}), spends, own, facts.now):
            yield replace(one, subject=key)


def _windows(
    budget: Budget,
    members: frozenset[str],
    spends: Mapping[Window, Usd],
    grants: Sequence[Grant],
    now: datetime,
) -> Iterator[Constraint]:
    for window, cap in budget.cap.items():
        spend = spends[window]
        yield Constraint(
            budget=budget,
            window=window,
            members=members,
            cap=lifted(cap, window, grants, spend=spend, now=now) if grants else cap,
            base=cap,
            spend=spend,
            include_byok=budget.include_byok,
        )
