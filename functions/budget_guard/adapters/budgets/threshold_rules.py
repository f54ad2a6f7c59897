"""What contradicts in the ladders of thresholds, and in what their steps do besides alerting."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from budget_guard.adapters.budgets import amounts, cost_rules, scalars
from budget_guard.adapters.budgets.faults import Fault, Grade, Place, quote
from budget_guard.adapters.budgets.plain import is_plain, items, read, texts
from budget_guard.domain.ladder import Do
from budget_guard.domain.policy import fits

type Tree = Mapping[str, object]

NEEDS_SECRET = (Do.ROTATE, Do.PROPOSE)


def contradictions(tree: Tree) -> Iterator[Fault]:
    """Yield what contradicts in the file's ladder, and in those of budgets."""
    rotated = [one for rule in items(tree.get("rotation")) for one in _keys(rule)]
    yield from _ladder(("thresholds",), tree, rotated)
    for index, budget in enumerate(items(tree.get("budgets"))):
        if isinstance(budget, dict):
            yield from _ladder(("budgets", index, "thresholds"), budget, rotated)


def _ladder(place: Place, tree: Tree, rotated: list[str]) -> Iterator[Fault]:
    ladder = tree.get("thresholds")
    yield from _order(place, ladder)
    alerts_only = cost_rules.counts_costs(tree)
    for index, step in enumerate(items(ladder)):
        if isinstance(step, dict) and not alerts_only:
            yield from _guardrail((*place, index), step)
            yield from _secret((*place, index, "do"), step, _keys(tree), rotated)


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


def _secret(place: Place, step: Tree, keys: list[str], rotated: list[str]) -> Iterator[Fault]:
    """Yield a rotation that is asked for where surely no key has a rule, so that none is adopted."""
    if (do := _do(step)) not in NEEDS_SECRET or _may_rotate(keys, rotated):
        return
    message = "no rule of rotation: fits these keys, and one without a secret cannot be rotated:"
    message += " the fence does the work"
    form = "add their names to rotation:, then adopt each key (budget-guard adopt)"
    yield Fault(place, quote(do), message, form, Grade.WARNING)


def _may_rotate(keys: list[str], rotated: list[str]) -> bool:
    """Tell whether a rule may fit some key of these patterns; of two patterns nobody knows."""
    if not rotated or not keys:
        return bool(rotated)
    return any(not is_plain(one) or fits(rotated, one) for one in keys)


def _do(step: Tree) -> Do | None:
    return read(scalars.choice(Do), step.get("do"))


def _keys(part: object) -> list[str]:
    return texts(part.get("keys")) if isinstance(part, dict) else []
