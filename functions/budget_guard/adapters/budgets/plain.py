"""Reading the plain tree of a budgets file; what cannot be read is passed over.

Its own fault is told by the model, so that one bad value hides no other.
"""

from collections.abc import Callable
from itertools import takewhile

from pydantic_core import PydanticCustomError

from budget_guard.domain.policy import fits

WILD = frozenset("*?[")


def is_plain(pattern: str) -> bool:
    """Tell whether a pattern fits one text alone: itself."""
    return not WILD & set(pattern)


def may_meet(one: str, other: str) -> bool:
    """Tell whether a text may fit both patterns: not if they begin differently, else nobody knows."""
    if is_plain(one):
        return fits((other,), one)
    if is_plain(other):
        return fits((one,), other)
    first, second = _beginning(one), _beginning(other)
    return first.startswith(second) or second.startswith(first)


def _beginning(pattern: str) -> str:
    return "".join(takewhile(lambda one: one not in WILD, pattern))


def read[T](reader: Callable[[object], T], value: object) -> T | None:
    """Return what a reader makes of a value; None where it refuses it."""
    try:
        return reader(value)
    except PydanticCustomError:
        return None


def texts(value: object) -> list[str]:
    """Return the texts of a list."""
    return [one for one in items(value) if isinstance(one, str)]


def items(value: object) -> list[object]:
    """Return the items of a list; none of what is no list."""
    return value if isinstance(value, list) else []
