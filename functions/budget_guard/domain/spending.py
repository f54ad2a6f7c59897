"""A budget's state in one line of an alert or a table: spent, left, fenced or stopped, till when."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from budget_guard.domain import commands, reasons, words
from budget_guard.domain.alerts import Entry
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.money import CENT, ZERO, Usd, show
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.windows import Window, end
from budget_guard.domain.wishes import Fence
from budget_guard.domain.wishing import Standing, holds_as


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How the guard holds the keys of a constraint; `seen` is None where it has several, or none.

    `fenced` counts the keys whose fence OpenRouter confirmed. `is_fenced`: all that may be held
    are; `is_stopped`: and these fences leave them nothing.
    """

    seen: Observation | None = None
    fenced: int = 0
    is_fenced: bool = False
    is_stopped: bool = False


def standing_of(constraint: Constraint, plan: Plan) -> BudgetStanding:
    """Return whether the keys of a constraint are fenced, by OpenRouter's word, or stopped."""
    if constraint.is_shared:
        subject = plan.facts.observations.get(constraint.subject or "")
        return replace(_of_several(constraint, plan), seen=subject)
    if not constraint.members:
        return BudgetStanding()
    key = next(iter(constraint.members))
    seen, standing = plan.facts.observations[key], plan.standings.get(key)
    hold = plan.facts.holds.get(key)
    if standing is None or hold is None or not isinstance(standing.want, Fence):
        return BudgetStanding(seen)
    if not constraint.is_fencing or not holds_as(hold, standing.want, seen, plan.facts):
        return BudgetStanding(seen)
    return BudgetStanding(seen, 1, is_fenced=True, is_stopped=constraint.left < CENT)


def _of_several(constraint: Constraint, plan: Plan) -> BudgetStanding:
    claims = plan.sharing.by_key
    claiming = [key for key in constraint.members if key in claims]
    held = [key for key in claiming if (hold := plan.facts.holds.get(key)) and hold.is_held]
    fenced = plan.facts.kin.count(held)
    is_fenced = constraint.is_fencing and 0 < len(held) == len(claiming)
    is_dry = is_fenced and all(claims[key].allowed < CENT for key in claiming)
    is_spent = constraint.left < CENT or all(
        _gives_nothing(constraint, plan.standings[key]) for key in claiming
    )
    return BudgetStanding(None, fenced, is_fenced=is_fenced, is_stopped=is_dry and is_spent)


def _gives_nothing(constraint: Constraint, standing: Standing) -> bool:
    """Tell whether it is this constraint that leaves a key nothing: others take the rest of it."""
    allotment = standing.allotment
    return standing.binding is constraint and allotment is not None and allotment.share < CENT


def entry_of(incident: str, constraint: Constraint, standing: BudgetStanding, plan: Plan) -> Entry:
    """Return a constraint's state as a line for people, with what was done and how to undo it."""
    budget, window, now = constraint.budget, constraint.window, plan.facts.now
    seen = standing.seen
    burn = _burn(constraint, plan)
    return Entry(
        incident=incident,
        text=reasons.spending(constraint, seen.key.name if seen else ""),
        budget=budget.name if budget else None,
        owner=budget.owner if budget else None,
        key=seen.key.hash if seen else None,
        key_name=seen.key.name if seen else None,
        window=window,
        spent=constraint.spend,
        cap=constraint.cap,
        burn_per_hour=burn,
        exhausts_at=exhausts_at(constraint, burn, now),
        resets_at=end(window, now) if window else None,
        action=_action(constraint, standing, plan),
        todo=_todo(constraint, seen),
        undo=_undo(constraint, standing),
        runbook=budget.runbook if budget else None,
    )


def _burn(constraint: Constraint, plan: Plan) -> Usd:
    seen = plan.facts.observations
    byok = constraint.include_byok
    return sum((seen[key].burn(include_byok=byok) for key in constraint.members), ZERO)


def exhausts_at(constraint: Constraint, burn: Usd, now: datetime) -> datetime | None:
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
        return f"OpenRouter refuses {_whom(constraint, standing)} {until}"
    if standing.is_fenced:
        return f"{_which(constraint, standing)}fenced: {show(constraint.left)} USD more {until}"
    if plan.facts.policy.mode is not Mode.ENFORCE:
        return f"nothing: the budgets file says mode: {plan.facts.policy.mode}"
    if constraint.is_fencing and plan.wishes.keys() & constraint.members:
        whom = "its keys" if constraint.keys > 1 else "the key"
        return f"fencing {whom} at {show(constraint.left)} USD more {until}"
    return "nothing yet"


def _whom(constraint: Constraint, standing: BudgetStanding) -> str:
    if constraint.keys == 1:
        return "the key by the guard's fence"
    return f"{_count(constraint, standing)} by the guard's fences"


def _which(constraint: Constraint, standing: BudgetStanding) -> str:
    return f"{_count(constraint, standing)} " if constraint.keys > 1 else ""


def _count(constraint: Constraint, standing: BudgetStanding) -> str:
    """Return how many of a budget's keys are meant: some may not be held."""
    fenced, members = standing.fenced, constraint.keys
    return f"its {members} keys" if fenced == members else f"{fenced} of its {members} keys"


def _undo(constraint: Constraint, standing: BudgetStanding) -> str | None:
    if not standing.is_fenced:
        return None
    if standing.seen:
        return commands.release(standing.seen.key.hash)
    return allow_more(constraint, None)


def _todo(constraint: Constraint, seen: Observation | None) -> str | None:
    budget = constraint.budget
    if budget is None or (constraint.window is Window.DAILY and constraint.fraction < 1):
        return None
    return f"wait for the reset, or allow more: {allow_more(constraint, seen.key.hash if seen else None)}"


def allow_more(constraint: Constraint, key: str | None) -> str:
    """Return the command that allows more: of a per-key budget, to this key."""
    name = constraint.budget.name if constraint.budget else ""
    return commands.grant(name, key if constraint.subject else None)
