"""The content of a budgets file, judged: either the model, or every fault of it."""

import json
import re
from difflib import get_close_matches
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from budget_guard.adapters.budgets.budget import Budget, Cap, Threshold
from budget_guard.adapters.budgets.costs import Costs
from budget_guard.adapters.budgets.faults import Fault, Place, has_errors, quote
from budget_guard.adapters.budgets.model import Account, File, Safety, Scope
from budget_guard.adapters.budgets.rotation import Rotation
from budget_guard.adapters.budgets.rules import contradictions
from budget_guard.adapters.budgets.signals import (
    Fallbacks,
    Loops,
    MixShifted,
    Prices,
    Signals,
    Unexplained,
    Unusual,
)

_PARTS: dict[str, type[BaseModel]] = {
    "": File,
    "account": Account,
    "budgets": Budget,
    "cap": Cap,
    "costs": Costs,
    "fallbacks": Fallbacks,
    "loops": Loops,
    "mix_shifted": MixShifted,
    "prices": Prices,
    "rotation": Rotation,
    "safety": Safety,
    "scope": Scope,
    "signals": Signals,
    "thresholds": Threshold,
    "unexplained": Unexplained,
    "unusual": Unusual,
}


def judge(tree: object) -> tuple[File | None, list[Fault]]:
    """Return the model of `tree` (None if there is any error), and every fault, warnings too.

    `tree` is of dict, list, str, None, and what JSON has besides; floats are never understood.
    """
    faults = list(contradictions(tree))
    try:
        file = File.model_validate(tree)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, faults + [_fault(d["loc"], dict(d)) for d in details if not _follows(d)]
    return (None if has_errors(faults) else file), faults


def _follows(detail: ErrorDetails) -> bool:
    """Tell whether this only follows from other errors: pydantic counts valid items alone."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _fault(place: Place, detail: dict[str, Any]) -> Fault:
    value = quote(detail["input"])
    match detail["type"]:
        case "budgets_file":
            return Fault(place, value, detail["ctx"]["message"], detail["ctx"]["right_form"])
        case "missing":
            return Fault(place, "", "this field is missing", _form(place))
        case "extra_forbidden":
            return Fault(place, value, *_unknown(place), of_field=True)
        case "too_short":
            return Fault(place, "", "this is empty", _form(place))
        case "tuple_type":
            return Fault(place, value, "a list belongs here", _form(place))
        case _:
            return Fault(place, value, "fields belong here", _form(place))


def _unknown(place: Place) -> tuple[str, str]:
    """Return what is wrong with the field at `place`, which its part does not have, and a way out."""
    part, field = _part(place[:-1]), str(place[-1])
    if field == "<<":
        return "merge keys are not understood", "write the fields out, or alias a whole value"
    if part is Cap and field.isdigit():
        return "an amount has no separators", "write 1000, not 1,000"
    known = list(part.model_fields)
    if near := get_close_matches(field.lower(), known, n=1):
        return "there is no such field", f"did you mean {near[0]}?"
    return "there is no such field", f"the fields here are {', '.join(known)}"


def _part(place: Place) -> type[BaseModel]:
    names = [step for step in place if isinstance(step, str)]
    return _PARTS[names[-1] if names else ""]


def _form(place: Place) -> str:
    """Return the right form of what is at `place`: the model's own example."""
    if not place:
        return "write mode, budgets and the other fields, as in infra/budgets.yaml"
    *parents, last = place
    if isinstance(last, int):
        return f"write {_flow(_example(tuple(parents))[0])}"
    return f"write {last}: {_flow(_example(place))}"


def _example(place: Place) -> Any:
    field = _part(place[:-1]).model_fields[str(place[-1])]
    return cast("list[Any]", field.examples)[0]


def _flow(example: object) -> str:
    return re.sub(r'"(\w+)":', r"\1:", json.dumps(example))
