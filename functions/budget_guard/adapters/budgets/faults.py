"""What can be wrong with a budgets file: where, with which value, and what would be right."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

type Place = tuple[str | int, ...]
"""A way from the root of the file: ("budgets", 1, "cap", "daily")."""

_API_KEY = re.compile(r"sk-[\w-]{8,}")


class Grade(StrEnum):
    """Errors stop a deployment; warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in the content; `related` is the other place that it contradicts.

    `of_field`: it lies in the field's name rather than in its value.
    """

    place: Place
    value: str
    message: str
    right_form: str
    severity: Grade = Grade.ERROR
    related: Place | None = None
    of_field: bool = False

    def __str__(self) -> str:
        return tell(spell(self.place), self.value, self.message, self.right_form)


def tell(place: str, value: str, message: str, right_form: str) -> str:
    """Return it all on one line: budgets[1].cap.daily  -5  this is wrong; write that."""
    return "  ".join(part for part in (place, value, f"{message}; {right_form}") if part)


def spell(place: Place) -> str:
    """Return `place` as people write it: budgets[1].cap.daily."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return quote("".join(steps).removeprefix("."))


def quote(value: object, *, most: int = 60) -> str:
    """Return `value` fit to print: one short line, and never an API key pasted by mistake."""
    match value:
        case None:
            return "(empty)"
        case dict():
            return "(fields)"
        case list():
            return "(a list)"
        case _:
            text = _API_KEY.sub("sk-***", str(value))
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def has_errors(faults: Iterable[Fault]) -> bool:
    """Tell whether any of `faults` is more than a warning."""
    return any(fault.severity is Grade.ERROR for fault in faults)
