"""Rule 1 and 2: which keys a cap concerns, what they have spent of it, and what is left."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.facts import Facts
from budget_guard.domain.grants import lifted
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.records import Grant
from budget_guard.domain.tally import Tally, spent_together
from budget_guard.domain.windows import Window


@dataclass(frozen=True, slots=True)
class Constraint:
    """A cap over keys in a window (None: for ever), with what was spent of it (USD).

    `budget` is None for a key's own baseline limit, or the budget of its guardrail: `lever` says
    which, in words. `subject` is the key of a per-key budget, the
    generation that is in use. `members` are the keys it concerns now; `spend` also has what former members spent.
    `cap` includes grants, `base` does not. `lineages` counts the members, generations as one.
    """

    budget: Budget | None
    window: Window | None
    members: frozenset[str]
    cap: Usd
    base: Usd
    spend: Usd
    include_byok: bool
    subject: str | None = None
    lineages: int | None = None
    lever: str = "its own limit"

    @property
    def keys(self) -> int:
        """Count its members as people do: the generations of a key as one."""
        return len(self.members) if self.lineages is None else self.lineages

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


def granted(one: Constraint, grant: Grant, facts: Facts) -> bool:
    """Tell whether a grant is for this cap: of a per-key budget, to any generation of its key."""
    if one.budget is None or one.budget.name != grant.budget:
        return False
    if one.subject is None or grant.key is None:
        return one.subject == grant.key
    return facts.kin.root(one.subject) == facts.kin.root(grant.key)


def own_limit(seen: Observation, facts: Facts) -> Constraint | None:
    """Return the constraint that a key's own limit is, without the guard's; None if it has none.

    The generations of a lineage have one, that of the current one, and spend of it together.
    """
    kin, known = facts.kin, facts.observations
    line: tuple[Observation, ...] = (seen,)
    if seen.key.hash in kin.of:
        line = tuple(known[one] for one in kin.hashes(seen.key.hash) if one in known)
        seen = known.get(kin.current(seen.key.hash), seen)
    limit = _limit(seen, line, facts)
    if limit and limit.window is None:
        byok = limit.include_byok
        lost = (one.counted(include_byok=byok) for one in kin.lost(seen.key.hash, known))
        limit = replace(limit, spend=limit.spend + sum(lost, ZERO))
    return limit


def own_limit_alone(seen: Observation, facts: Facts) -> Constraint | None:
    """Return the limit of a generation that has another than its lineage; None if it has none.

    A person gave it that one, or the current one another: neither is raised by the other.
    """
    current = facts.observations.get(facts.kin.current(seen.key.hash))
    if current is None or facts.baseline(current).limit == facts.baseline(seen).limit:
        return None
    return _limit(seen, (seen,), facts)


def _limit(seen: Observation, line: tuple[Observation, ...], facts: Facts) -> Constraint | None:
    """Return the constraint that the limit of a key is, without the guard's, for a whole line."""
    baseline = facts.baseline(seen)
    limit, byok = baseline.limit, baseline.include_byok
    if limit.amount is None:
        return None
    return Constraint(
        budget=None,
        window=limit.reset,
        members=_alive(line),
        cap=limit.amount,
        base=limit.amount,
        spend=spent_together(line, limit.reset, facts, include_byok=byok),
        include_byok=byok,
    )


def guardrail_cap(key: str, facts: Facts) -> Constraint | None:
    """Return the budget of a lineage's guardrail, over all generations; None where it needs no guard.

    OpenRouter counts each key apart. That is right where one generation alone can spend, and none
    before it has spent in the present window.
    """
    kin, known = facts.kin, facts.observations
    lineage = kin.of.get(key)
    if lineage is None or lineage.cap is None:
        return None
    cap, line = lineage.cap, [known[one] for one in kin.hashes(key) if one in known]
    spends = [
        spent_together((one,), cap.window, facts, include_byok=cap.include_byok) for one in line
    ]
    counted = [
        one
        for one, spend in zip(line, spends, strict=True)
        if spend or one.key.hash not in lineage.off
    ]
    if len(counted) <= 1:
        return None
    return Constraint(
        budget=None,
        window=cap.window,
        members=_alive(line),
        cap=cap.amount,
        base=cap.amount,
        spend=sum(spends, ZERO),
        include_byok=cap.include_byok,
        lever="its guardrail",
    )


def _alive(line: Iterable[Observation]) -> frozenset[str]:
    return frozenset(one.reading.key.hash for one in line if one.gone_at is None)


def _of_budget(budget: Budget, tally: Tally, place: int) -> Iterator[Constraint]:
    facts = tally.facts
    grants = [one for one in facts.grants if one.budget == budget.name]
    if not budget.per_key:
        members = tally.members(place)
        spends = {window: tally.spent(budget, place, window) for window in budget.cap}
        # A grant to one key, given while the budget was per key, is not for all who share it now.
        to_all = [grant for grant in grants if grant.key is None]
        lineages = facts.kin.count(members) if facts.kin.of else None
        for one in _windows(budget, members, spends, to_all, facts.now):
            yield replace(one, lineages=lineages)
        return
    for line in tally.lines(place):
        members, root = _alive(line), facts.kin.root(line[0].key.hash)
        current = facts.kin.current(root)
        own = [grant for grant in grants if grant.key and facts.kin.root(grant.key) == root]
        spends = {
            window: spent_together(line, window, facts, include_byok=budget.include_byok)
            for window in budget.cap
        }
        subject = current if current in members else min(members)
        for one in _windows(budget, members, spends, own, facts.now):
            yield replace(one, subject=subject, lineages=1)


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
