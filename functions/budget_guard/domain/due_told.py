"""What people hear of keys that are to be rotated besides their schedule, and of those that cannot be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from budget_guard.domain import commands, words
from budget_guard.domain.alerts import Condition, Entry, Kind
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.due import Cause, asks, causes, leak
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Do, Severity
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.ownership import holder
from budget_guard.domain.policy import Mode
from budget_guard.domain.signals.telling import signalled
from budget_guard.domain.windows import end

PROPOSED = 3
"""So many commands fit into a line of an alert; the others are like them."""


def about(key: str, facts: Facts) -> Entry:
    """Return a line about a key, by its hash: who it is, and the budget that holds it."""
    seen = facts.observations.get(key)
    budget = holder(seen.key, facts.policy.budgets) if seen else None
    return Entry(
        incident="",
        text="",
        budget=budget.name if budget else None,
        owner=budget.owner if budget else None,
        key=key,
        key_name=seen.key.name if seen else key[:12],
        runbook=budget.runbook if budget else None,
    )


def asked_for(plan: Plan) -> Iterator[Condition]:
    """Yield each cause to rotate keys, done or proposed.

    One by a budget lasts as long as the instance of its window does, one by a signal as long as
    that, whatever becomes of spend and keys: so no key is rotated twice for it.
    """
    facts = plan.facts
    found = {one.incident: one for one in causes(plan)}
    yield from (_condition(one, facts) for one in found.values())
    suspected = {leak(one.id) for one in signalled(facts)}
    for known in facts.incidents.values():
        if known.kind not in (Kind.ROTATION_DUE, Kind.ROTATION_PROPOSED) or known.id in found:
            continue
        ends = known.entry.resets_at
        if known.id in suspected or (ends and facts.now < ends):
            yield Condition(known.kind, known.step, Severity.INFO, known.entry)


def _condition(cause: Cause, facts: Facts) -> Condition:
    entry = _entry(cause, facts)
    names = words.several([one.name for one in cause.lineages])
    if cause.do is Do.ROTATE:
        verb = "is" if len(cause.lineages) == 1 else "are"
        entry = replace(
            entry,
            text=f"{names} {verb} being rotated: {cause.why}",
            action=_replaced(cause.lineages, facts),
            todo="nothing, where applications read the secret again; whoever keeps an old key "
            "itself needs the new one",
        )
        return Condition(Kind.ROTATION_DUE, 1, Severity.INFO, entry)
    entry = replace(
        entry,
        text=f"rotating {names} is proposed: {cause.why}",
        action="nothing: the budgets file only proposes it",
        todo=f"if it may have leaked: {_commands(cause.lineages)}",
    )
    return Condition(Kind.ROTATION_PROPOSED, 1, Severity.WARNING, entry)


def _replaced(lineages: Sequence[Lineage], facts: Facts) -> str:
    """Return where the new keys are, and for how long the old ones go on."""
    rules = [facts.policy.rotation_of(one.name) for one in lineages]
    forced = [rule.drain_max for rule in rules if rule and rule.force]
    most = f", {words.lasting(min(forced))} at most (force: true)" if forced else ""
    if len(lineages) == 1:
        told = f"a new key takes its place in the secret {lineages[0].secret_name}; the old one"
        return f"{told} goes on until nobody uses it{most}"
    told = "new keys take their places in their secrets; the old ones"
    return f"{told} go on until nobody uses them{most}"


def _commands(lineages: Sequence[Lineage]) -> str:
    """Return the commands for those that are named, in that order."""
    named = sorted(lineages, key=lambda one: one.name)[:PROPOSED]
    steps = [commands.rotate(one.current.hash) for one in named]
    if len(lineages) > PROPOSED:
        steps.append("the others, listed by: budget-guard lineage")
    return "; then: ".join(steps)


def _entry(cause: Cause, facts: Facts) -> Entry:
    """Return a cause's line but for its words: of one key that, of several the budget."""
    first = about(cause.lineages[0].current.hash, facts)
    entry = replace(first, incident=cause.incident)
    if len(cause.lineages) > 1:
        entry = replace(entry, key=None, key_name=None)
    if (cap := cause.constraint) is None or cap.budget is None or cap.window is None:
        return entry
    return replace(
        entry,
        budget=cap.budget.name,
        owner=cap.budget.owner,
        runbook=cap.budget.runbook,
        window=cap.window,
        spent=cap.spend,
        cap=cap.cap,
        resets_at=end(cap.window, facts.now),
    )


def noted(entry: Entry, constraint: Constraint, plan: Plan) -> Entry:
    """Return a budget's line, with the keys that it wants rotated and that cannot be."""
    facts = plan.facts
    if facts.policy.mode is not Mode.ENFORCE or not asks(constraint):
        return entry
    told = [one for one in (entry.action, *_lacking(constraint, facts)) if one]
    return replace(entry, action="; ".join(told))


def _lacking(constraint: Constraint, facts: Facts) -> Iterator[str]:
    seen = {key: facts.observations[key] for key in sorted(constraint.members)}
    enabled = [key for key, one in seen.items() if not facts.settings(one).disabled]
    rest = "its fence does the work" if constraint.is_fencing else "only alerts follow"
    if bare := [key for key in enabled if key not in facts.kin.of]:
        names = words.several([seen[key].key.name for key in bare])
        whose, which = ("it has", bare[0][:12]) if len(bare) == 1 else ("they have", "KEY")
        yield f"not rotated: {names}; {whose} no secret here (budget-guard adopt {which}), {rest}"
    lineages = {facts.kin.of[key].name for key in enabled if key in facts.kin.of}
    if unruled := [one for one in lineages if facts.policy.rotation_of(one) is None]:
        yield f"not rotated: {words.several(unruled)}; no rule under rotation: fits, {rest}"
