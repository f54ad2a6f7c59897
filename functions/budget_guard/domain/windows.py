"""Calendar windows in UTC, as OpenRouter resets them: at 00:00, weeks from Monday to Sunday.

Source: OpenAPI file, `limit_reset` of `/keys` (see also `usage_daily|weekly|monthly`).
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Window(StrEnum):
    """The three windows that OpenRouter counts spend in."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


MOST_INSTANCES = {
    (Window.DAILY, Window.WEEKLY): 7,
    (Window.DAILY, Window.MONTHLY): 31,
    (Window.WEEKLY, Window.MONTHLY): 6,
    (Window.MONTHLY, Window.WEEKLY): 2,
}
"""How many instances of the first window can touch one of the second; 1 where not listed."""


def start(window: Window, at: datetime) -> datetime:
    """Return when the instance of `window` that contains `at` (aware) began."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match window:
        case Window.DAILY:
            return midnight
        case Window.WEEKLY:
            return midnight - timedelta(days=midnight.weekday())
        case Window.MONTHLY:
            return midnight.replace(day=1)


def end(window: Window, at: datetime) -> datetime:
    """Return when the instance of `window` that contains `at` ends: the first moment after it."""
    began = start(window, at)
    match window:
        case Window.DAILY:
            return began + timedelta(days=1)
        case Window.WEEKLY:
            return began + timedelta(days=7)
        case Window.MONTHLY:
            return start(Window.MONTHLY, began + timedelta(days=31))


def same_instance(window: Window, one: datetime, other: datetime) -> bool:
    """Tell whether both moments lie in one instance of `window`."""
    if one.tzinfo is other.tzinfo is UTC and one.date() == other.date():
        return True
    return start(window, one) == start(window, other)


def most_instances(inner: Window, outer: Window) -> int:
    """Return the most instances of `inner` that one instance of `outer` can touch."""
    return MOST_INSTANCES.get((inner, outer), 1)
