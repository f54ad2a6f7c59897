"""What bounds a lineage, and what each generation took of it: its budgets' caps, and its own limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.constraints import Constraint, own_limit
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.tally import spent
from budget_guard.domain.windows import Window, end


@dataclass(frozen=True, slots=True)
class LineageCap:
    """One cap over a lineage (USD). `by_it` is the lineage's part of `spent`, `by_each` its generations'.

    `budget` is None for the key's own limit: what is `spent` of it beyond `by_it`, a deleted
    generation may have spent unseen. `window` and `resets_at` are None where that is for ever.
    """

    budget: str | None
    window: Window | None
    spent: Usd
    cap: Usd
    left: Usd
    by_it: Usd
    by_each: tuple[tuple[int, Usd], ...]
    resets_at: datetime | None


def caps_over(lineage: Lineage, plan: Plan) -> Iterator[LineageCap]:
    """Yield the caps of the budgets that cover the key in use."""
    for one in plan.constraints:
        if one.budget and lineage.current.hash in one.members:
            yield _cap(one, lineage, plan.facts)


def limit_over(lineage: Lineage, facts: Facts) -> LineageCap | None:
    """Return the limit that the owner of the key set, as it is for all generations together."""
    known = (facts.observations.get(key) for key in facts.kin.hashes(lineage.current.hash))
    seen = next((one for one in known if one), None)
    limit = own_limit(seen, facts) if seen else None
    return _cap(limit, lineage, facts) if limit else None


def _cap(one: Constraint, lineage: Lineage, facts: Facts) -> LineageCap:
    by_each = tuple(_parts(lineage, one, facts))
    return LineageCap(
        budget=one.budget.name if one.budget else None,
        window=one.window,
        spent=one.spend,
        cap=one.cap,
        left=one.left,
        by_it=sum((part for _, part in by_each), ZERO),
        by_each=by_each,
        resets_at=end(one.window, facts.now) if one.window else None,
    )


def _parts(lineage: Lineage, cap: Constraint, facts: Facts) -> Iterator[tuple[int, Usd]]:
    """Yield what each generation has spent of a cap, the newest first."""
    for number, key in reversed(_numbered(lineage, facts)):
        if part := _part(key, lineage, cap, facts):
            yield number, part


def _numbered(lineage: Lineage, facts: Facts) -> list[tuple[int, str]]:
    """Return the generations by their numbers, one that a rotation has just made among them."""
    found = [(one.number, one.hash) for one in lineage.generations]
    made = [key for key in facts.kin.hashes(lineage.current.hash) if not lineage.knows(key)]
    return found + [(lineage.next_number, key) for key in made]


def _part(key: str, lineage: Lineage, cap: Constraint, facts: Facts) -> Usd:
    """Return what a key spent of a cap; one that nobody can read any more counts where that is for ever."""
    byok, seen = cap.include_byok, facts.observations.get(key)
    if seen:
        counters, at = seen.reading.counters, seen.reading.at
        return spent(counters, at, cap.window, include_byok=byok, now=facts.now)
    if cap.window:
        return ZERO
    last = (one.spent for one in lineage.generations if one.hash == key)
    return sum((one.counted(include_byok=byok) for one in last), ZERO)
