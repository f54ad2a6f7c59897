"""What contradicts in the ladders of thresholds, and in what their steps do besides alerting."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import TypeGuard

from budget_guard.adapters.budgets import amounts, cost_rules, scalars
from budget_guard.adapters.budgets.faults import Fault, Grade, Place, quote
from budget_guard.adapters.budgets.plain import items, may_meet, read, texts
from budget_guard.domain import words
from budget_guard.domain.ladder import Do

type Tree = Mapping[str, object]

NEEDS_SECRET = (Do.ROTATE, Do.PROPOSE)


def contradictions(tree: Tree) -> Iterator[Fault]:
    """Yield what contradicts in the file's ladder, and in those of budgets."""
    rotated = [one for rule in items(tree.get("rotation")) for one in _keys(rule)]
    budgets = [(at, one) for at, one in enumerate(items(tree.get("budgets"))) if _is_tree(one)]
    users = [one for _, one in budgets if "thresholds" not in one]
    yield from _ladder(("thresholds",), tree, _unruled(users, rotated))
    for index, budget in budgets:
        whose = "" if _may_rotate(_keys(budget), rotated) else "these keys"
        yield from _ladder(("budgets", index, "thresholds"), budget, whose)


def _is_tree(part: object) -> TypeGuard[Tree]:
    return isinstance(part, dict)


def _unruled(budgets: list[Tree], rotated: list[str]) -> str:
    """Return whose keys, of budgets that have the file's ladder, surely have no rule of rotation."""
    if not rotated:
        return "these keys"
    bare = [one for one in budgets if not _may_rotate(_keys(one), rotated)]
    names = [quote(one.get("name")) for one in bare if not cost_rules.counts_costs(one)]
    return f"the keys of {words.several(names)}" if names else ""


def _ladder(place: Place, tree: Tree, unruled: str) -> Iterator[Fault]:
    """Yield what contradicts in a ladder; `unruled` are its keys that no rule of rotation fits."""
    ladder = tree.get("thresholds")
    yield from _order(place, ladder)
    alerts_only = cost_rules.counts_costs(tree)
    for index, step in enumerate(items(ladder)):
        if isinstance(step, dict) and not alerts_only:
            yield from _guardrail((*place, index), step)
            if unruled and (do := _do(step)) in NEEDS_SECRET:
                yield _not_rotated((*place, index, "do"), str(do), unruled)


def _order(place: Place, ladder: object) -> Iterator[Fault]:
    for (lower, least), (here, at) in pairwise(_steps(place, ladder)):
        shown = amounts.spell_percentage(at)
        if at == least:
            form = "remove one of the two"
            yield Fault(here, shown, "this threshold is there twice", form, related=lower)
        elif at < least:
            form = "list thresholds from the lowest to the highest"
            yield Fault(here, shown, "this is below the one before it", form, related=lower)


def _steps(place: Place, ladder: object) -> Iterator[tuple[Place, Decimal]]:
    for index, step in enumerate(items(ladder)):
        if isinstance(step, dict) and "at" in step:
            at = read(amounts.percentage, step["at"])
            if at is not None:
                yield (*place, index, "at"), at


def _guardrail(place: Place, step: Tree) -> Iterator[Fault]:
    is_restrict = _do(step) is Do.RESTRICT
    if is_restrict and "restrict_to" not in step:
        form = "add restrict_to: and the name of a guardrail of cheaper models at OpenRouter"
        yield Fault((*place, "do"), "restrict", "it is not said what to restrict to", form)
    is_readable = "do" not in step or _do(step) is not None
    if "restrict_to" in step and not is_restrict and is_readable:
        shown = quote(step["restrict_to"])
        message, form = "only do: restrict assigns a guardrail", "add do: restrict, or remove this"
        yield Fault((*place, "restrict_to"), shown, message, form)


def _not_rotated(place: Place, do: str, whose: str) -> Fault:
    message = f"no rule under rotation: fits {whose}, so none is rotated: the fence does the work"
    form = "add their names to rotation:, then adopt each key (budget-guard adopt)"
    return Fault(place, do, message, form, Grade.WARNING)


def _may_rotate(keys: list[str], rotated: list[str]) -> bool:
    """Tell whether a rule may fit some key of these patterns."""
    if not keys:
        return bool(rotated)
    return any(may_meet(one, rule) for one in keys for rule in rotated)


def _do(step: Tree) -> Do | None:
    return read(scalars.choice(Do), step.get("do"))


def _keys(part: object) -> list[str]:
    return texts(part.get("keys")) if isinstance(part, dict) else []
