"""Why a key is held, in words that a person understands."""

from datetime import datetime

from budget_guard.domain import words
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.money import CENT, ZERO, Usd, show
from budget_guard.domain.records import Freeze


def label(constraint: Constraint, key_name: str) -> str:
    """Return what people call the constraint of a key of that name."""
    if constraint.budget is None:
        return f"{key_name}, by {constraint.lever},"
    if constraint.subject is not None:
        return f"{key_name}, in {constraint.budget.name},"
    return constraint.budget.name


def spending(constraint: Constraint, key_name: str) -> str:
    """Return what was spent of what cap: "prod-api spent 91.20 of 100.00 USD today"."""
    who = label(constraint, key_name)
    period = words.PERIODS[constraint.window]
    return f"{who} spent {show(constraint.spend)} of {show(constraint.cap)} USD {period}"


def fenced(constraint: Constraint, key_name: str, headroom: Usd, now: datetime) -> str:
    """Return why a key is fenced, with how much it may still spend and until when."""
    ends = words.until(constraint.window, now)
    if constraint.is_shared and constraint.left >= CENT:
        share = f"its share is {show(headroom)} of the {show(constraint.left)} USD left"
        by = f" by {constraint.keys} keys" if constraint.keys > 1 else ""
        return f"{spending(constraint, key_name)}{by}; {share} {ends}"
    if headroom == ZERO:
        return f"{spending(constraint, key_name)}; stopped {ends}"
    return f"{spending(constraint, key_name)}; fenced at {show(headroom)} USD more {ends}"


def frozen(key_name: str, freeze: Freeze, now: datetime) -> str:
    """Return why a key is stopped by a person's word, and until when."""
    ends = (
        "until that is ended"
        if freeze.until == FOR_EVER
        else f"until {words.moment(freeze.until, now)}"
    )
    return f"{freeze.by} froze {key_name} {ends}: {freeze.reason}"
