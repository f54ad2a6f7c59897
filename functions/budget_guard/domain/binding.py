"""Which cap binds a key: the lineage that it is of counts as one key, as the decision counts it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from budget_guard.domain.constraints import Constraint, constraints, own_limit
from budget_guard.domain.facts import Facts
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.tally import Tally
from budget_guard.domain.windows import Window


def binding(
    seen: Observation, reset: Window | None, facts: Facts
) -> tuple[Budget | None, Window | None]:
    """Return the budget that binds a key, and the window: exactly, where its keys are its lineage.

    Of a held key: that cap of which its lineage has spent the greatest part, in the fence's own
    window if it has one; no budget, where that is the key's own limit. Of any other: the first
    budget that covers it, and its own limit's window.
    """
    key, hold = seen.key.hash, facts.holds.get(seen.key.hash)
    covering = [one for one in constraints(Tally(facts)) if key in one.members]
    bounds = [*_fencing(covering, seen, facts)] if hold and hold.is_held else []
    bounds = [one for one in bounds if reset in (None, one.window)] or bounds
    if not bounds:
        return (covering[0].budget if covering else None), reset
    one = max(bounds, key=_part)
    return one.budget, reset or one.window


def _fencing(
    covering: Iterable[Constraint], seen: Observation, facts: Facts
) -> Iterator[Constraint]:
    """Yield what a key's fence is measured by."""
    yield from (one for one in covering if one.is_fencing)
    if limit := own_limit(seen, facts):
        yield limit


def _part(one: Constraint) -> Decimal:
    return one.spend / one.cap if one.cap else Decimal("Infinity")
