"""What can be wrong with a budget on models or providers: it alerts, and can hold no key."""

from collections.abc import Iterator, Mapping

from budget_guard.adapters.budgets import amounts
from budget_guard.adapters.budgets.faults import Fault, Grade, Place, quote
from budget_guard.adapters.budgets.plain import items, read

NARROWING = ("models", "providers")


def counts_costs(budget: Mapping[str, object]) -> bool:
    """Tell whether a budget of the file names models or providers."""
    return any(one in budget for one in NARROWING)


def contradictions(place: Place, budget: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what contradicts in such a budget, the plain content of one."""
    yield from _both(place, budget)
    yield from _holds(place, budget)
    yield from _acts(place, budget)
    yield from _nameless((*place, "models"), budget.get("models"))


def _both(place: Place, budget: Mapping[str, object]) -> Iterator[Fault]:
    if all(one in budget for one in NARROWING):
        message = "what was spent is told by model or by provider, never by both"
        form = "write two budgets, one with models and one with providers"
        yield Fault((*place, "providers"), "", message, form, related=(*place, "models"))


def _holds(place: Place, budget: Mapping[str, object]) -> Iterator[Fault]:
    if "hold" not in budget:
        return
    hold = read(amounts.hold, budget["hold"])
    if hold is not None and hold.at is not None:
        shown = quote(budget["hold"])
        what = _what(budget)
        message = f"a budget with {what} only alerts: a key's limit cannot tell {what} apart"
        yield Fault((*place, "hold"), shown, message, f"remove hold: {shown}")


def _acts(place: Place, budget: Mapping[str, object]) -> Iterator[Fault]:
    for index, step in enumerate(items(budget.get("thresholds"))):
        if isinstance(step, dict) and "do" in step:
            shown, what = quote(step["do"]), _what(budget)
            message = f"a budget with {what} only alerts, and does nothing to its keys"
            here = (*place, "thresholds", index, "do")
            yield Fault(here, shown, message, f"remove do: {shown}")


def _what(budget: Mapping[str, object]) -> str:
    return " and ".join(one for one in NARROWING if one in budget)


def _nameless(place: Place, models: object) -> Iterator[Fault]:
    for index, one in enumerate(items(models)):
        if isinstance(one, str) and one and not set(one) & set("*?[/"):
            message = "no model is called so, and nothing will count: ids begin with the author"
            form = f'write "*/{quote(one)}"'
            yield Fault((*place, index), quote(one), message, form, Grade.WARNING)
