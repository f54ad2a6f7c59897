"""What people must hear of the guard itself: what it does not do before somebody has looked."""

from collections.abc import Iterator

from budget_guard.domain import words
from budget_guard.domain.alerts import Condition, Entry, Kind
from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Severity
from budget_guard.domain.money import Usd, show
from budget_guard.domain.policy import FLOOR

NAMED = 3
SHORT_HASH = 8


def cautions(plan: Plan) -> Iterator[Condition]:
    """Yield what holds of: rule 11 and 12 (held back), 16, 15, and 12 (proposed protection)."""
    if plan.held_back:
        yield _held_back(plan.held_back, plan)
    if plan.strange:
        yield _second_guard(plan)
    yield from _thin(plan)
    yield from _proposed(plan.facts)


def _held_back(what: HeldBack, plan: Plan) -> Condition:
    short = what.policy_hash[:SHORT_HASH]
    if what.is_refused:
        entry = Entry(
            incident="mode/observe",
            text=f"mode: observe is refused while {_held(what.keys)}",
            action=f"the budgets file approved before (hash {plan.facts.policy.hash[:SHORT_HASH]}) "
            "stays in force",
            todo="to give the keys back, deploy mode: release first; to keep them held, deploy "
            "mode: enforce again",
        )
        return Condition(Kind.MODE_REFUSED, 1, Severity.CRITICAL, entry)
    entry = Entry(
        incident=f"breaker/{short}",
        text=f"a plan to {what.deeds} of {what.keys} keys is held back: {_cause(what, plan)}",
        action=_meanwhile(what, plan),
        todo=f'look: budget-guard approve; then: budget-guard approve {short} --reason "..."',
    )
    return Condition(Kind.BREAKER, 1, Severity.CRITICAL, entry)


def _held(keys: int) -> str:
    return "1 key is held" if keys == 1 else f"{keys} keys are held"


def _cause(what: HeldBack, plan: Plan) -> str:
    if what.jumped:
        most = show(plan.facts.policy.safety.max_jump)
        return f"counters jumped by more than {most} USD ({_names(what.jumped, plan.facts)})"
    return f"the budgets file is new (hash {what.policy_hash[:SHORT_HASH]})"


def _meanwhile(what: HeldBack, plan: Plan) -> str:
    if plan.facts.approval is None:
        if what.restricts:
            # Their limits may be held all the same: a fence is no surprise.
            stay = "none of these keys is stopped, restricted or released"
            return f"{stay}; what else the file says is done"
        return "these keys stay as they are; every other key is held"
    if plan.facts.policy.hash != what.policy_hash:
        old = plan.facts.policy.hash[:SHORT_HASH]
        return (
            f"the budgets file approved before (hash {old}) stays in force; no key is {what.undone}"
        )
    return f"no key is {what.undone}; stops become fences at what was left before"


def _names(keys: frozenset[str], facts: Facts) -> str:
    names = sorted(facts.observations[key].key.name for key in keys)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _second_guard(plan: Plan) -> Condition:
    entry = Entry(
        incident="second",
        text=f"{len(plan.strange)} keys have fences that this guard never wrote; "
        "is there a second guard on this account?",
        action=f"it changes none of them: {_names(plan.strange, plan.facts)}",
        todo="if a second guard is meant, give each its own workspaces with scope: in its budgets "
        "file; if the fences are left from a guard that is gone, set the keys' limits by hand",
    )
    return Condition(Kind.SECOND, 1, Severity.CRITICAL, entry)


def _thin(plan: Plan) -> Iterator[Condition]:
    """Rule 15: yield each budget one of whose caps leaves its keys less than `FLOOR` each."""
    thinnest: dict[str, Constraint] = {}
    for one in plan.constraints:
        if one.budget and one.is_fencing and 0 < one.base < FLOOR * one.keys:
            known = thinnest.get(one.budget.name)
            if known is None or _each(one) < _each(known):
                thinnest[one.budget.name] = one
    for name, one in thinnest.items():
        keys = one.keys
        spread = f" for {keys} keys, {show(_each(one))} USD each" if keys > 1 else ""
        entry = Entry(
            incident=f"thin/{name}",
            text=f"{name} has {show(one.base)} USD {words.PERIODS[one.window]}{spread}: "
            "too thin to hold",
            budget=name,
            owner=one.budget.owner if one.budget else None,
            window=one.window,
            cap=one.base,
            action="it is held all the same; OpenRouter may refuse ordinary requests (402) of keys "
            f"with less than {FLOOR} USD left",
            todo=f"raise the cap to {FLOOR * keys} USD or more, let it cover fewer keys, or write "
            "hold: never",
        )
        yield Condition(Kind.TOO_THIN, 1, Severity.WARNING, entry)


def _each(constraint: Constraint) -> Usd:
    return constraint.base / constraint.keys


def _proposed(facts: Facts) -> Iterator[Condition]:
    """Rule 12: yield each key that a name in `protect:` fits, and that is not protected yet."""
    for key, seen in facts.observations.items():
        if seen.gone_at or not facts.policy.proposes(seen.key) or facts.is_protected(key):
            continue
        entry = Entry(
            incident=f"proposed/{key}",
            text=f"{seen.key.name} is proposed for protection by its name, and not protected yet",
            key=key,
            key_name=seen.key.name,
            action="nothing has changed: its budgets hold it as before",
            todo="rename the keys that are not meant; then: budget-guard approve "
            f'{facts.policy.hash[:SHORT_HASH]} --reason "..."',
        )
        yield Condition(Kind.PROTECT_PROPOSED, 1, Severity.WARNING, entry)
