"""Which keys are to be rotated besides their schedule, by a budget's threshold or a leak."""

from dataclasses import dataclass

from budget_guard.domain.facts import Facts


@dataclass(frozen=True, slots=True)
class Due:
    """A lineage, by its secret and name, that is to be rotated now, and why."""

    secret: str
    name: str
    reason: str


def due(_facts: Facts) -> tuple[Due, ...]:
    """Return what is to be rotated now."""
    return ()
