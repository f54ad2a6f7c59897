"""Why something is so, in words that a person understands."""

from collections.abc import Collection
from datetime import datetime, timedelta

from budget_guard.domain.constraints import Constraint
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.money import CENT, ZERO, Usd, show
from budget_guard.domain.records import Freeze
from budget_guard.domain.windows import Window, end, same_instance

NAMED = 3
PERIODS = {
    Window.DAILY: "today",
    Window.WEEKLY: "this week",
    Window.MONTHLY: "this month",
    None: "in its lifetime",
}


def moment(at: datetime, now: datetime) -> str:
    """Return a time as short as it can be: the hour today and tonight, with the date beyond."""
    if at <= end(Window.DAILY, now):
        return f"{at:%H:%M} UTC"
    return f"{at:%a} {at.day} {at:%b %H:%M} UTC"


def as_of(at: datetime, now: datetime) -> str:
    """Return a time in the past: the hour today, with the date before."""
    is_today = same_instance(Window.DAILY, at, now)
    return f"{at:%H:%M} UTC" if is_today else f"{at:%a} {at.day} {at:%b %H:%M} UTC"


def lasting(span: timedelta) -> str:
    """Return how long something lasts, in one unit: "90 minutes", "24 hours", "7 days"."""
    minutes = span // timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 72 * 60 else f"{minutes // 1440} days"


def until(window: Window | None, now: datetime) -> str:
    """Return when a window's instance ends."""
    if window is None:
        return "until its limit is raised"
    return f"until {moment(end(window, now), now)}"


def several(names: Collection[str]) -> str:
    """Return names for a sentence, the first three of them: "a", "a and b", "a, b, c and 2 more"."""
    first = sorted(names)[:NAMED]
    if (more := len(names) - len(first)) > 0:
        return f"{', '.join(first)} and {more} more"
    return " and ".join([", ".join(first[:-1]), first[-1]] if len(first) > 1 else first)


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
    period = PERIODS[constraint.window]
    return f"{who} spent {show(constraint.spend)} of {show(constraint.cap)} USD {period}"


def fenced(constraint: Constraint, key_name: str, headroom: Usd, now: datetime) -> str:
    """Return why a key is fenced, with how much it may still spend and until when."""
    ends = until(constraint.window, now)
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
        "until that is ended" if freeze.until == FOR_EVER else f"until {moment(freeze.until, now)}"
    )
    return f"{freeze.by} froze {key_name} {ends}: {freeze.reason}"


def limit(value: Limit) -> str:
    """Return a limit as a person would say it."""
    if value.amount is None:
        return "no limit"
    return f"{show(value.amount)} USD {value.reset or 'in its lifetime'}"


def settings(value: Settings) -> str:
    """Return a key's settings as a person would say them."""
    byok = ", BYOK counted" if value.include_byok else ""
    return f"{limit(value.limit)}{byok}{', disabled' if value.disabled else ''}"
