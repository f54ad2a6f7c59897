"""Keys that nobody seems to need: enabled, and without spend for a month."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from budget_guard.domain.money import Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.windows import same_instance

UNUSED_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Unused:
    """An enabled key without spend for 30 days, and whose it is.

    `spent_on` is the day of its last spend; None where the guard did not see that. `ever` is what it
    spent in its lifetime, BYOK too (USD).
    """

    key: str
    name: str
    owner: str | None
    created_on: date | None
    spent_on: date | None
    ever: Usd


def unused(
    people: People, spenders: Collection[str], costs_since: datetime | None, now: datetime
) -> tuple[Unused, ...]:
    """Return the unused keys, the longest unused first, in the order of their names.

    `spenders` are the keys that costs tell of since `costs_since`. A key is passed over while it
    cannot be known: it is younger than 30 days, or spent before the guard looked.
    """
    found = [
        _told(seen, people)
        for key, seen in people.observations.items()
        if key not in spenders and _is_enabled(seen, now) and _is_idle(seen, costs_since, now)
    ]
    oldest = date.min
    return tuple(
        sorted(found, key=lambda one: (one.spent_on or one.created_on or oldest, one.name, one.key))
    )


def _is_enabled(seen: Observation, now: datetime) -> bool:
    expires_at = seen.key.expires_at
    is_over = seen.gone_at is not None or (expires_at is not None and expires_at <= now)
    return not is_over and not seen.reading.settings.disabled


def _is_idle(seen: Observation, costs_since: datetime | None, now: datetime) -> bool:
    """Tell whether it is known that the key exists for so long, and did not spend."""
    since, reading = now - UNUSED_AFTER, seen.reading
    if seen.key.created_on and seen.key.created_on > since.date():
        return False
    if any(_counted(seen, now)) or any(mark.hour > since for mark in seen.hours[1:]):
        return False
    first = seen.hours[0].hour if seen.hours else reading.at
    if first <= since:
        return True
    has_never_spent = not (reading.counters.lifetime.credits or reading.counters.lifetime.byok)
    is_told_of = costs_since is not None and costs_since <= since
    return is_told_of or (has_never_spent and seen.key.created_on is not None)


def _counted(seen: Observation, now: datetime) -> Iterator[Usd]:
    """Yield what the counters say of the windows that are under way."""
    for window, spent in seen.reading.counters.windows.items():
        if same_instance(window, seen.reading.at, now):
            yield spent.credits + spent.byok


def _told(seen: Observation, people: People) -> Unused:
    key, ever = seen.key, seen.reading.counters.lifetime
    last = seen.hours[-1].hour.date() if len(seen.hours) > 1 else None
    return Unused(
        key.hash,
        people.name(key.hash),
        people.owner(key.hash),
        key.created_on,
        last,
        ever.credits + ever.byok,
    )
