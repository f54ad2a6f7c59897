"""A budget's state in one line of an alert or a table: spent, left, fenced or stopped, till when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain import words
from budget_guard.domain.alerts import Entry
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.money import CENT, ZERO, Usd, show
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.windows import Window, end
from budget_guard.domain.wishes import Fence
from budget_guard.domain.wishing import holds_as


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How the guard holds the key of a constraint; `seen` is None where it has several, or none."""

    seen: Observation | None = None
    is_fenced: bool = False
    is_stopped: bool = False


def standing_of(constraint: Constraint, plan: Plan) -> BudgetStanding:
    """Return whether the one key of a constraint is fenced, by OpenRouter's word, or stopped."""
    if len(constraint.members) != 1:
        return BudgetStanding()
    key = next(iter(constraint.members))
    seen, standing = plan.facts.observations[key], plan.standings.get(key)
    hold = plan.facts.holds.get(key)
    if standing is None or hold is None or not isinstance(standing.want, Fence):
        return BudgetStanding(seen)
    if not constraint.is_fencing or not holds_as(hold, standing.want, seen, plan.facts):
        return BudgetStanding(seen)
    return BudgetStanding(seen, is_fenced=True, is_stopped=constraint.left < CENT)


def entry_of(incident: str, constraint: Constraint, standing: BudgetStanding, plan: Plan) -> Entry:
    """Return a constraint's state as a line for people, with what was done and how to undo it."""
    budget, window, now = constraint.budget, constraint.window, plan.facts.now
    seen = standing.seen
    burn = _burn(constraint, plan)
    return Entry(
        incident=incident,
        text=words.spending(constraint, seen.key.name if seen else ""),
        budget=budget.name if budget else None,
        owner=budget.owner if budget else None,
        key=seen.key.hash if seen else None,
        key_name=seen.key.name if seen else None,
        window=window,
        spent=constraint.spend,
        cap=constraint.cap,
        burn_per_hour=burn,
        exhausts_at=_exhausts_at(constraint, burn, now),
        resets_at=end(window, now) if window else None,
        action=_action(constraint, standing, plan),
        todo=_todo(constraint, seen),
        undo=f"budget-guard release {seen.key.hash[:12]}" if seen and standing.is_fenced else None,
        runbook=budget.runbook if budget else None,
    )


def _burn(constraint: Constraint, plan: Plan) -> Usd:
    seen = plan.facts.observations
    byok = constraint.include_byok
    return sum((seen[key].burn(include_byok=byok) for key in constraint.members), ZERO)


def _exhausts_at(constraint: Constraint, burn: Usd, now: datetime) -> datetime | None:
    """Return when the cap is reached at this burn, if that is before the window ends."""
    if burn <= 0 or constraint.window is None or constraint.left == 0:
        return None
    ends = end(constraint.window, now)
    seconds = constraint.left / burn * 3600
    if seconds >= (ends - now) // timedelta(seconds=1):
        return None
    return now + timedelta(seconds=int(seconds))


def _action(constraint: Constraint, standing: BudgetStanding, plan: Plan) -> str:
    until = words.until(constraint.window, plan.facts.now)
    if standing.is_stopped:
        return f"OpenRouter refuses the key by the guard's fence {until}"
    if standing.is_fenced:
        return f"fenced: {show(constraint.left)} USD more {until}"
    if plan.facts.policy.mode is not Mode.ENFORCE:
        return f"nothing: the budgets file says mode: {plan.facts.policy.mode}"
    if len(constraint.members) > 1:
        return f"nothing: {len(constraint.members)} keys share this cap, which only alerts"
    if standing.seen and standing.seen.key.hash in plan.wishes:
        return f"fencing the key at {show(constraint.left)} USD more {until}"
    return "nothing yet"


def _todo(constraint: Constraint, seen: Observation | None) -> str | None:
    budget = constraint.budget
    if budget is None or (constraint.window is Window.DAILY and constraint.fraction < 1):
        return None
    whose = f" --key {seen.key.hash[:12]}" if seen and constraint.subject else ""
    return (
        f"wait for the reset, or allow more: budget-guard grant {budget.name} 20{whose} "
        '--for 4h --reason "..."'
    )
