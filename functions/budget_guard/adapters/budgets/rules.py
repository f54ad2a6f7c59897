"""What no single field can say wrong: budgets, ladders and windows that contradict each other.

Works on the plain tree and passes over what cannot be read, so that one bad value hides no other.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import combinations, pairwise

from pydantic_core import PydanticCustomError

from budget_guard.adapters.budgets import amounts, scalars
from budget_guard.adapters.budgets.faults import Fault, Grade, Place, quote
from budget_guard.domain.policy import Hold
from budget_guard.domain.windows import Window

WILD = frozenset("*?[")
FLOOR = Decimal(1)
"""USD that a fenced key needs for ordinary requests: OpenRouter refuses by `max_tokens`."""


def contradictions(tree: object) -> Iterator[Fault]:
    """Yield what contradicts within `tree`, the plain content of a budgets file."""
    if not isinstance(tree, dict):
        return
    if "mode" not in tree:
        form = "write mode: enforce to hold budgets, or mode: observe to keep it so"
        yield Fault(("mode",), "", "without a mode the guard only observes", form, Grade.WARNING)
    yield from _without_effect(tree)
    yield from _ladder(("thresholds",), tree.get("thresholds"))
    yield from _budgets(_list(tree.get("budgets")))


def _budgets(budgets: list[object]) -> Iterator[Fault]:
    named: dict[str, Place] = {}
    for index, budget in enumerate(budgets):
        if not isinstance(budget, dict):
            continue
        place: Place = ("budgets", index)
        yield from _same_name((*place, "name"), budget.get("name"), named)
        yield from _ladder((*place, "thresholds"), budget.get("thresholds"))
        yield from _caps((*place, "cap"), budget.get("cap"))
        yield from _thin((*place, "cap"), budget)
        yield from _shared((*place, "keys"), budget)


def _without_effect(tree: dict[object, object]) -> Iterator[Fault]:
    """Yield what is understood and kept, but changes nothing in this version."""
    safety = tree.get("safety")
    places: list[Place] = [("account",)] if tree.get("account") else []
    if isinstance(safety, dict) and "max_jump" in safety:
        places.append(("safety", "max_jump"))
    for place in places:
        message, form = "this has no effect in this version", "leave it out, or keep it for later"
        yield Fault(place, "", message, form, Grade.WARNING)


def _same_name(place: Place, name: object, named: dict[str, Place]) -> Iterator[Fault]:
    if not isinstance(name, str) or not name:
        return
    if name in named:
        form = "give each budget a name of its own"
        yield Fault(place, quote(name), "another budget has this name", form, related=named[name])
    named.setdefault(name, place)


def _ladder(place: Place, ladder: object) -> Iterator[Fault]:
    for (lower, least), (here, at) in pairwise(_steps(place, ladder)):
        shown = amounts.spell_percentage(at)
        if at == least:
            form = "remove one of the two"
            yield Fault(here, shown, "this threshold is there twice", form, related=lower)
        elif at < least:
            form = "list thresholds from the lowest to the highest"
            yield Fault(here, shown, "this is below the one before it", form, related=lower)


def _steps(place: Place, ladder: object) -> Iterator[tuple[Place, Decimal]]:
    for index, step in enumerate(_list(ladder)):
        if isinstance(step, dict) and "at" in step:
            at = _read(amounts.percentage, step["at"])
            if at is not None:
                yield (*place, index, "at"), at


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
    held = _read(amounts.hold, budget["hold"]) if "hold" in budget else Hold()
    if held is None or held.at is None:
        return
    for window in Window:
        cap = _usd(budget.get("cap"), window)
        if cap is not None and 0 < cap < FLOOR:
            message = "too thin to hold: a fence this low refuses ordinary requests"
            form = f"write {FLOOR} or more, 0 to stop the keys, or hold: never"
            shown = amounts.spell_decimal(cap)
            yield Fault((*place, window), shown, message, form, Grade.WARNING)


def _shared(place: Place, budget: dict[str, object]) -> Iterator[Fault]:
    held = _read(amounts.hold, budget["hold"]) if "hold" in budget else Hold()
    keys = [one for one in _list(budget.get("keys")) if isinstance(one, str)]
    alone = len(keys) == 1 and not WILD & set(keys[0])
    if (
        alone
        or not keys
        or held is None
        or held.at is None
        or _read(scalars.flag, budget.get("per_key"))
    ):
        return
    message = "if several keys match, their common cap only alerts: it is not held"
    form = "name one key, or write per_key: true for a cap of each, or hold: never to alert"
    yield Fault(place, quote(", ".join(keys)), message, form, Grade.WARNING)


def _usd(cap: object, window: Window) -> Decimal | None:
    return _read(amounts.amount, cap[window]) if isinstance(cap, dict) and window in cap else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _read[T](reader: Callable[[object], T], value: object) -> T | None:
    try:
        return reader(value)
    except PydanticCustomError:
        return None
