"""One cap of a budget as it stands: spent, left, and what the guard does about it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.constraints import Constraint
from budget_guard.domain.cost_budgets import CostCap
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.money import Usd
from budget_guard.domain.spending import standing_of
from budget_guard.domain.windows import Window, end
from budget_guard.domain.wishes import Fence
from budget_guard.use_cases.hands_off import hands_off


@dataclass(frozen=True, slots=True)
class CapView:
    """One cap as it stands (USD); `key` and `key_name` where it is one key's of a per-key budget.

    `state` is one of ok, "at 80 %", fencing, fenced, stopped; or frozen, released, protected, let go, stale.
    Of a budget that counts costs: ok, "at 80 %", stale, or unknown; `known_until` is how far costs
    are read, and `spent` (None: nothing is known) is at least that.
    """

    window: Window
    spent: Usd | None
    cap: Usd
    fraction: Decimal | None
    resets_at: datetime
    state: str
    members: int
    key: str | None = None
    key_name: str | None = None
    known_until: datetime | None = None


def cost_cap_view(of: CostCap, facts: Facts) -> CapView:
    """Return one cap of a budget that counts costs, as far as these tell."""
    one, is_known = of.constraint, of.until is not None
    seen = facts.observations.get(one.subject) if one.subject else None
    reached = _reached(one)
    return CapView(
        window=of.window,
        spent=one.spend if is_known else None,
        cap=one.cap,
        fraction=one.fraction if is_known else None,
        resets_at=end(of.window, facts.now),
        state=reached or ("ok" if of.is_whole else "stale" if is_known else "unknown"),
        members=0,
        key=one.subject,
        key_name=seen.key.known_as if seen else None,
        known_until=of.until,
    )


def cap_view(one: Constraint, plan: Plan) -> CapView:
    """Return one cap of a budget as it stands; `one` has a window."""
    seen = plan.facts.observations.get(one.subject) if one.subject else None
    window = one.window or Window.MONTHLY
    return CapView(
        window=window,
        spent=one.spend,
        cap=one.cap,
        fraction=one.fraction,
        resets_at=end(window, plan.facts.now),
        state=_state(one, plan),
        members=one.keys,
        key=one.subject,
        key_name=seen.key.known_as if seen else None,
    )


def _state(one: Constraint, plan: Plan) -> str:
    if len(one.members) == 1 and (word := hands_off(next(iter(one.members)), plan.facts)):
        return word
    standing = standing_of(one, plan)
    if standing.is_stopped:
        return "stopped"
    if standing.is_fenced:
        return "fenced"
    wishes = (plan.wishes.get(key) for key in one.members)
    if (
        one.is_fencing
        and one.holds
        and any(wish and isinstance(wish.want, Fence) for wish in wishes)
    ):
        return "fencing"
    return _reached(one) or "ok"


def _reached(one: Constraint) -> str:
    """Return which threshold is reached; nothing where none is."""
    steps = one.budget.thresholds if one.budget else ()
    reached = [step.at for step in steps if one.spend > 0 and one.fraction >= step.at]
    return f"at {int(reached[-1] * 100)} %" if reached else ""
