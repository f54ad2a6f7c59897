"""What people must hear of now, read off the plan and the facts. One incident per matter."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from budget_guard.domain import commands, words
from budget_guard.domain.alerts import Condition, Entry, Kind
from budget_guard.domain.cautions import cautions
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.cost_budgets import reached
from budget_guard.domain.decision import Plan
from budget_guard.domain.due_told import noted
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Key
from budget_guard.domain.ladder import Severity
from budget_guard.domain.ownership import holder
from budget_guard.domain.restrict_telling import guardrails, with_restriction
from budget_guard.domain.rotation_told import rotations
from budget_guard.domain.signals.balance import short_of_credits
from budget_guard.domain.signals.telling import signalled
from budget_guard.domain.spending import entry_of, standing_of
from budget_guard.domain.windows import Window, same_instance, start

MASS = 3
MASS_WITHIN = timedelta(minutes=10)


def conditions(plan: Plan) -> tuple[Condition, ...]:
    """Return every condition that holds under `plan`, each incident once."""
    facts = plan.facts
    return (
        *_budgets(plan),
        *reached(facts),
        *_failures(facts),
        *_overrides(facts),
        *guardrails(plan),
        *_unmanaged(facts),
        *_blind(facts),
        *cautions(plan),
        *rotations(plan),
        *signalled(facts),
        *short_of_credits(facts),
    )


def _budgets(plan: Plan) -> Iterator[Condition]:
    for constraint in plan.constraints:
        if found := _budget(constraint, plan):
            told = replace(found, entry=noted(found.entry, constraint, plan))
            yield with_restriction(told, constraint, plan)


def _budget(constraint: Constraint, plan: Plan) -> Condition | None:
    """Return how far one cap is reached; 1 more than the threshold once its key is fenced."""
    budget, window = constraint.budget, constraint.window
    if budget is None or window is None or constraint.spend <= 0:
        return None
    reached = [one for one in budget.thresholds if constraint.fraction >= one.at]
    standing = standing_of(constraint, plan)
    if not reached and not standing.is_stopped:
        return None
    step = int(reached[-1].at * 1000) if reached else 0
    severity = reached[-1].severity if reached else Severity.CRITICAL
    opened = start(window, plan.facts.now)
    whose = plan.facts.kin.root(constraint.subject) if constraint.subject else "*"
    incident = f"{budget.name}/{whose}/{window}/{opened:%Y-%m-%d}"
    entry = entry_of(incident, constraint, standing, plan)
    if standing.is_stopped:
        return Condition(Kind.STOPPED, max(step, 1000) + 1, Severity.CRITICAL, entry)
    if standing.is_fenced and constraint.holds and budget.hold.at:
        return Condition(Kind.FENCED, step + 1, severity, entry)
    return Condition(Kind.THRESHOLD, step, severity, entry)


def _failures(facts: Facts) -> Iterator[Condition]:
    for hold in facts.holds.values():
        if hold.refusals and hold.refusals.is_failure and hold.key in facts.wishes:
            yield _failure(hold, facts)


def _failure(hold: Hold, facts: Facts) -> Condition:
    wish, seen = facts.wishes[hold.key], facts.observations.get(hold.key)
    name = seen.key.name if seen else hold.key[:12]
    count, told = (hold.refusals.count, hold.refusals.message) if hold.refusals else (0, "")
    entry = Entry(
        incident=f"failed/{hold.key}/{wish.generation}",
        text=f"{name} cannot be changed: {count} tries in a row failed. {told}",
        budget=wish.budget,
        owner=_owner(wish.budget, facts),
        key=hold.key,
        key_name=name,
        action=f"still wanted: {wish.reason}",
        todo="see whether OpenRouter is up and the management key may change this key; "
        "or set the key's limit by hand",
        undo=commands.release(hold.key),
    )
    return Condition(Kind.ACTION_FAILED, 1, Severity.CRITICAL, entry)


def _owner(budget: str | None, facts: Facts) -> str | None:
    return next((one.owner for one in facts.policy.budgets if one.name == budget), None)


def _overrides(facts: Facts) -> Iterator[Condition]:
    today = [
        hold
        for hold in facts.holds.values()
        if hold.override and same_instance(Window.DAILY, hold.override.at, facts.now)
    ]
    times = sorted(hold.override.at for hold in today if hold.override)
    is_mass = any(
        later - earlier <= MASS_WITHIN for earlier, later in zip(times, times[MASS:], strict=False)
    )
    for hold in today:
        yield _override(hold, facts, Kind.OVERRIDE_MASS if is_mass else Kind.OVERRIDE)


def _override(hold: Hold, facts: Facts, kind: Kind) -> Condition:
    seen = facts.observations.get(hold.key)
    name = seen.key.name if seen else hold.key[:12]
    change = hold.override.change if hold.override else ""
    at = hold.override.at if hold.override else facts.now
    until = f"{hold.let_go_until:%H:%M} UTC" if hold.let_go_until else None
    budget = holder(seen.key, facts.policy.budgets) if seen else None
    entry = Entry(
        incident=f"override/{hold.key}/{at.isoformat()}",
        text=f"somebody changed {name} while the guard held it: {change}",
        budget=budget.name if budget else None,
        owner=budget.owner if budget else None,
        key=hold.key,
        key_name=name,
        resets_at=hold.let_go_until,
        action=f"the guard lets the key go until {until}" if until else "the fence is put back",
        todo="if Terraform did it, add limit, limit_reset and include_byok_in_limit to the key's "
        "lifecycle ignore_changes"
        if kind is Kind.OVERRIDE_MASS
        else "nothing, if it was meant; the key's spend is not held until then",
    )
    return Condition(kind, 1, Severity.WARNING, entry)


def _unmanaged(facts: Facts) -> Iterator[Condition]:
    for seen in facts.observations.values():
        key = seen.key
        if seen.gone_at or seen.reading.settings.disabled or _is_expired(key, facts):
            continue
        if not facts.policy.concerns(key) or facts.kin.current(key.hash) != key.hash:
            continue
        if holder(key, facts.policy.budgets):
            continue
        limit = words.limit(seen.reading.settings.limit)
        watched = any(one.covers(key) for one in facts.policy.budgets)
        told = (
            "is only in budgets that count some models or providers"
            if watched
            else "is in no budget"
        )
        entry = Entry(
            incident=f"unmanaged/{key.hash}",
            text=f"{key.name} {told}; its own limit: {limit}",
            key=key.hash,
            key_name=key.name,
            todo="cover it with a pattern in the budgets file, or disable it",
        )
        yield Condition(Kind.UNMANAGED, 1, Severity.WARNING, entry)


def _is_expired(key: Key, facts: Facts) -> bool:
    return key.expires_at is not None and key.expires_at <= facts.now


def _blind(facts: Facts) -> Iterator[Condition]:
    poll = facts.poll
    if poll and poll.needs_hands and poll.problem:
        entry = Entry(
            incident="blind/account",
            text=f"the guard cannot read the account: {poll.problem}",
            action="fences stay as they are; nothing new is decided",
        )
        yield Condition(Kind.BLIND, 1, Severity.CRITICAL, entry)
        return
    alive = {one.key.workspace for one in facts.observations.values() if one.gone_at is None}
    for workspace in facts.workspaces.values():
        fresh = facts.freshness.get(workspace.id)
        if fresh is None or workspace.id not in alive or not facts.is_stale(workspace.id):
            continue
        told = f" {poll.problem}" if poll and poll.problem else ""
        entry = Entry(
            incident=f"blind/{workspace.id}",
            text=f"nothing new is known of workspace {workspace.name} "
            f"since {fresh.at:%H:%M} UTC.{told}",
            action="its fences stay; nothing new is decided for its keys",
            todo="see the last lines of the poll_usage log, and whether OpenRouter is up",
        )
        yield Condition(Kind.BLIND, 1, Severity.CRITICAL, entry)
