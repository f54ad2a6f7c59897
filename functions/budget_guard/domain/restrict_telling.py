"""What people must hear of guardrails: what a threshold does, what is refused, who changed one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from budget_guard.domain import words
from budget_guard.domain.alerts import Condition, Entry, Kind
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Severity
from budget_guard.domain.policy import Mode
from budget_guard.domain.restricting import asked, step_of
from budget_guard.domain.restriction import Restriction
from budget_guard.domain.spending import allow_more
from budget_guard.domain.windows import Window, same_instance

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
    undo = entry.undo or _undo(constraint)
    return replace(told, entry=replace(entry, action=action, undo=undo))


def _done(constraint: Constraint, to: str, plan: Plan) -> str:
    """Return how far a restriction is done, in words."""
    facts, members = plan.facts, constraint.members
    count = len(members)
    whom = f"its {count} key{'s' * (count != 1)}" if constraint.is_shared else "the key"
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
    if constraint.is_shared:
        return allow_more(constraint, None)
    return f"budget-guard release {next(iter(constraint.members))[:12]}"


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
        text = f"{name} cannot be given back its guardrail {one.called(one.baseline)}: {reasons}"
        action = f"it keeps {one.called(one.placed)}; this is tried again every 15 minutes"
        todo = "see whether OpenRouter is up; or assign the guardrail by hand"
    else:
        text = f"{name} is not restricted to {one.wanted}: {reasons}"
        action = (
            f"the key keeps its guardrail {one.called(one.baseline)}; looked at every 15 minutes"
        )
        todo = (
            f"make {one.wanted} at least as strict at openrouter.ai, or name another guardrail "
            "in restrict_to"
        )
    entry = Entry(
        incident=f"restrict/{one.key}/{one.wanted or ''}",
        text=text,
        budget=one.budget,
        owner=_owner(one.budget, facts),
        key=one.key,
        key_name=name,
        resets_at=one.until,
        action=action,
        todo=todo,
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
    entry = Entry(
        incident=f"override/guardrail/{one.key}/{at.isoformat()}",
        text=f"somebody changed {name} while the guard restricted it: {change}",
        budget=one.budget,
        owner=_owner(one.budget, facts),
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


def _owner(budget: str | None, facts: Facts) -> str | None:
    return next((one.owner for one in facts.policy.budgets if one.name == budget), None)
