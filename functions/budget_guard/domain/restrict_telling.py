"""What people must hear of guardrails: what a threshold does, what is refused, who changed one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from budget_guard.domain import commands, words
from budget_guard.domain.alerts import Condition, Entry, Kind
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Do, Severity
from budget_guard.domain.policy import Budget, Mode
from budget_guard.domain.restricting import asked, step_of
from budget_guard.domain.restriction import Restriction
from budget_guard.domain.windows import Window, same_instance

LEAST = 20
"""USD: what is worth a grant."""
MASS = 3
MASS_WITHIN = timedelta(minutes=10)


def with_restriction(told: Condition, constraint: Constraint, plan: Plan) -> Condition:
    """Return what is told of a cap, with what its threshold does to guardrails, if it does."""
    step = step_of(constraint)
    if step is None or constraint.members <= plan.facts.unrestricted:
        return told
    entry, to = told.entry, str(step.restrict_to)
    done = _done(constraint, to, plan)
    is_idle = entry.action is None or (
        entry.action.startswith("nothing") and plan.facts.policy.mode is Mode.ENFORCE
    )
    action = done if is_idle else f"{entry.action}; {done}"
    if plan.facts.policy.mode is not Mode.ENFORCE:
        return replace(told, entry=replace(entry, action=action))
    return replace(told, entry=replace(entry, action=action, undo=_undo(constraint)))


def _done(constraint: Constraint, to: str, plan: Plan) -> str:
    """Return how far a restriction is done, in words."""
    facts, members = plan.facts, constraint.members
    count = len(members)
    whom = f"its {constraint.keys} keys" if constraint.keys > 1 else "the key"
    ends = words.until(constraint.window, facts.now)
    if facts.policy.mode is not Mode.ENFORCE:
        return f"it would restrict {whom} to the guardrail {to} {ends}"
    known = [one for key in members if (one := facts.restrictions.get(key)) and one.wanted == to]
    if known and all(one.refusal for one in known):
        return f"{whom} cannot be restricted to the guardrail {to}: an alert of its own says why"
    if len([one for one in known if one.placed]) == count:
        return f"restricted {whom} to the guardrail {to} {ends}"
    return f"restricting {whom} to the guardrail {to} {ends}"


def _undo(constraint: Constraint) -> str:
    """Return the command that ends a restriction: of several keys, money that lifts it for all."""
    if constraint.keys == 1 or constraint.budget is None:
        return commands.release(min(constraint.members))
    least = min(one.at for one in constraint.budget.thresholds if one.do is Do.RESTRICT)
    missing = int(constraint.spend / least - constraint.cap) + 1
    return commands.grant(constraint.budget.name, None, max(LEAST, missing))


def guardrails(plan: Plan) -> Iterator[Condition]:
    """Yield each key whose guardrail cannot be what it should be, or that a person changed today."""
    if not plan.facts.restrictions:
        return
    wanted = asked(plan.constraints)
    for key, one in plan.facts.restrictions.items():
        step = wanted[key].step.restrict_to if key in wanted else None
        is_meant = one.wanted == step and (step is not None or one.is_ours)
        if one.refusal and is_meant and not one.is_let_go(plan.facts.now):
            yield _refused(one, one.refusal.why, plan.facts)
    yield from _overrides(plan.facts)


def _refused(one: Restriction, why: tuple[str, ...], facts: Facts) -> Condition:
    name, reasons = _name(one, facts), "; ".join(why)
    if one.wanted is None:
        was, has = one.called(one.baseline), one.called(one.placed)
        text = f"{name} has the guardrail {has}, and should have {was} again: {reasons}"
        action = f"it keeps {has}; this is tried again every 15 minutes"
        todo = "see whether OpenRouter is up; or assign the guardrail by hand"
    else:
        text = f"{name} is not restricted to {one.wanted}: {reasons}"
        own = one.called(one.baseline)
        kept = f"keeps its guardrail {own}" if one.baseline else "goes on without a guardrail"
        action = f"the key {kept}; looked at every 15 minutes"
        todo = (
            f"see that the key's workspace has one guardrail {one.wanted}, at least as strict, or "
            "name another in restrict_to"
        )
    budget = _budget(one, facts)
    entry = Entry(
        incident=f"restrict/{one.key}/{one.wanted or ''}",
        text=text,
        budget=one.budget,
        owner=budget.owner if budget else None,
        key=one.key,
        key_name=name,
        resets_at=one.until,
        action=action,
        todo=todo,
        runbook=budget.runbook if budget else None,
    )
    return Condition(Kind.RESTRICT_REFUSED, 1, Severity.WARNING, entry)


def _overrides(facts: Facts) -> Iterator[Condition]:
    today = [
        one
        for one in facts.restrictions.values()
        if one.override and same_instance(Window.DAILY, one.override.at, facts.now)
    ]
    times = sorted(one.override.at for one in today if one.override)
    is_mass = any(
        later - earlier <= MASS_WITHIN for earlier, later in zip(times, times[MASS:], strict=False)
    )
    for one in today:
        yield _override(one, Kind.OVERRIDE_MASS if is_mass else Kind.OVERRIDE, facts)


def _override(one: Restriction, kind: Kind, facts: Facts) -> Condition:
    name = _name(one, facts)
    change = one.override.change if one.override else ""
    at = one.override.at if one.override else facts.now
    until = f"{one.let_go_until:%H:%M} UTC" if one.let_go_until else None
    budget = _budget(one, facts)
    entry = Entry(
        incident=f"override/guardrail/{one.key}/{at.isoformat()}",
        text=f"somebody changed {name} while the guard restricted it: {change}",
        budget=one.budget,
        owner=budget.owner if budget else None,
        key=one.key,
        key_name=name,
        resets_at=one.let_go_until,
        action=f"the guard leaves the key's guardrail alone until {until}"
        if until
        else "the guardrail is put back",
        todo="if Terraform did it, take the key out of its openrouter_guardrail_key_assignment "
        "while the guard may restrict it"
        if kind is Kind.OVERRIDE_MASS
        else "nothing, if it was meant; the key's limit is held as before",
    )
    return Condition(kind, 1, Severity.WARNING, entry)


def _name(one: Restriction, facts: Facts) -> str:
    seen = facts.observations.get(one.key)
    return seen.key.name if seen else one.key[:12]


def _budget(one: Restriction, facts: Facts) -> Budget | None:
    return next((budget for budget in facts.policy.budgets if budget.name == one.budget), None)
