"""What no single field can say wrong: budgets, ladders and windows that contradict each other.

Works on the plain tree and passes over what cannot be read.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from budget_guard.adapters.budgets import (
    amounts,
    cost_rules,
    rotation_rules,
    scalars,
    threshold_rules,
)
from budget_guard.adapters.budgets.faults import Fault, Grade, Place, quote
from budget_guard.adapters.budgets.plain import is_plain, items, may_meet, read, texts
from budget_guard.domain.policy import FLOOR, Hold
from budget_guard.domain.windows import Window


def contradictions(tree: object) -> Iterator[Fault]:
    """Yield what contradicts within `tree`, the plain content of a budgets file."""
    if not isinstance(tree, dict):
        return
    if "mode" not in tree:
        form = "write mode: enforce to hold budgets, or mode: observe to keep it so"
        yield Fault(("mode",), "", "without a mode the guard only observes", form, Grade.WARNING)
    yield from _proposals(tree.get("protect"))
    yield from threshold_rules.contradictions(tree)
    yield from rotation_rules.contradictions(tree.get("rotation"))
    scope = tree.get("scope")
    yield from _budgets(
        items(tree.get("budgets")),
        texts(scope.get("workspaces")) if isinstance(scope, dict) else (),
    )


def _budgets(budgets: list[object], scope: Sequence[str]) -> Iterator[Fault]:
    named: dict[str, Place] = {}
    for index, budget in enumerate(budgets):
        if not isinstance(budget, dict):
            continue
        place: Place = ("budgets", index)
        yield from _same_name((*place, "name"), budget.get("name"), named)
        yield from _caps((*place, "cap"), budget.get("cap"))
        if cost_rules.counts_costs(budget):
            yield from cost_rules.contradictions(place, budget)
        else:
            yield from _thin((*place, "cap"), budget)
        yield from _outside((*place, "workspaces"), budget.get("workspaces"), scope)


def _proposals(protect: object) -> Iterator[Fault]:
    """Yield, once for all of them, the names that somebody may take for protection."""
    entries = [(index, read(scalars.protected, one)) for index, one in enumerate(items(protect))]
    names = [(index, one) for index, one in entries if one and not scalars.is_hash(one)]
    if names:
        message = (
            "a name only proposes, since anybody may give it to a key: each key that it fits is"
            " announced, and not protected before budget-guard approve"
        )
        form = "write hashes for keys that must never be touched"
        shown = quote(", ".join(name for _, name in names))
        yield Fault(("protect", names[0][0]), shown, message, form, Grade.WARNING)


def _same_name(place: Place, name: object, named: dict[str, Place]) -> Iterator[Fault]:
    if not isinstance(name, str) or not name:
        return
    if name in named:
        form = "give each budget a name of its own"
        yield Fault(place, quote(name), "another budget has this name", form, related=named[name])
    named.setdefault(name, place)


def _caps(place: Place, cap: object) -> Iterator[Fault]:
    for short, long in combinations(Window, 2):
        one, other = _usd(cap, short), _usd(cap, long)
        if one is not None and other is not None and one > other:
            yield Fault(
                (*place, short),
                amounts.spell_decimal(one),
                f"the {short} cap is above the {long} cap of {amounts.spell_decimal(other)}",
                f"the {long} one holds first; lower {short} or raise {long}",
                Grade.WARNING,
                related=(*place, long),
            )


def _thin(place: Place, budget: dict[str, object]) -> Iterator[Fault]:
    """Yield the caps that cannot feed the keys that the budget names, however many more it has."""
    held = read(amounts.hold, budget["hold"]) if "hold" in budget else Hold()
    if held is None or held.at is None:
        return
    named = 1 if read(scalars.flag, budget.get("per_key")) else _named(budget.get("keys"))
    least = FLOOR * named
    for window in Window:
        cap = _usd(budget.get("cap"), window)
        if cap is not None and 0 < cap < least:
            shared = f" for {named} keys" if named > 1 else ""
            message = (
                f"too thin to hold{shared}: a fence below {FLOOR} USD refuses ordinary requests"
            )
            form = f"write {least} or more, 0 to stop the keys, or hold: never"
            shown = amounts.spell_decimal(cap)
            yield Fault((*place, window), shown, message, form, Grade.WARNING)


def _named(keys: object) -> int:
    return max(1, len({one for one in texts(keys) if is_plain(one)}))


def _outside(place: Place, workspaces: object, scope: Sequence[str]) -> Iterator[Fault]:
    named = texts(workspaces)
    if not named or not scope or any(may_meet(one, other) for one in named for other in scope):
        return
    message = "this budget will have no keys: none of its workspaces is in the guard's scope"
    form = "name a workspace of the scope, or remove the budget"
    related: Place = ("scope", "workspaces")
    yield Fault(place, quote(", ".join(named)), message, form, Grade.WARNING, related)


def _usd(cap: object, window: Window) -> Decimal | None:
    return read(amounts.amount, cap[window]) if isinstance(cap, dict) and window in cap else None
