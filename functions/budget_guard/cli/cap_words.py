"""How pages write what was spent of a cap."""

from datetime import datetime

from budget_guard.domain.money import show
from budget_guard.domain.words import PERIODS, as_of
from budget_guard.use_cases.caps import CapView


def spent_of(cap: CapView) -> str:
    """Return what was spent of what cap: "91.20 of 100.00 USD today"."""
    spent = "an unknown part" if cap.spent is None else show(cap.spent)
    return f"{spent} of {show(cap.cap)} USD {PERIODS[cap.window]}"


def percent_of(cap: CapView) -> str:
    """Return what part of a cap was spent: "91 %"; nothing where that is not known."""
    return "" if cap.fraction is None else f"{int(cap.fraction * 100)} %"


def known_of(cap: CapView, at: datetime) -> str:
    """Return how far costs are read, where only these tell of a cap; else nothing."""
    return f", costs known until {as_of(cap.known_until, at)}" if cap.known_until else ""
