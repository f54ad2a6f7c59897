"""Keys that nobody seems to need: enabled, and without spend for a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.windows import same_instance

UNUSED_AFTER = timedelta(days=30)

type Line = tuple[Observation, ...]


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
    people: People, spenders: set[str], costs_since: datetime | None, now: datetime
) -> tuple[Unused, ...]:
    """Return the unused keys, the longest unused first, in the order of their names.

    `spenders` are the keys that costs tell of since `costs_since`. A key is passed over while it
    cannot be known: it is younger than 30 days, or spent before the guard looked. The generations of
    a lineage are one key, as old as the first.
    """
    found = [
        _told(line, people)
        for line in _lines(people)
        if spenders.isdisjoint(people.kin.hashes(line[-1].key.hash))
        and _is_enabled(line[-1], now)
        and _are_idle(line, costs_since, now)
    ]
    oldest = date.min
    return tuple(
        sorted(found, key=lambda one: (one.spent_on or one.created_on or oldest, one.name, one.key))
    )


def _lines(people: People) -> Iterator[Line]:
    """Yield each key by itself, but with its older generations before the one that is in use."""
    known, kin = people.observations, people.kin
    for key, seen in known.items():
        if key == kin.current(key):
            older = (known[one] for one in kin.others(key) if one in known)
            yield (*older, seen)


def _is_enabled(seen: Observation, now: datetime) -> bool:
    expires_at = seen.key.expires_at
    is_over = seen.gone_at is not None or (expires_at is not None and expires_at <= now)
    return not is_over and not seen.reading.settings.disabled


def _are_idle(line: Line, costs_since: datetime | None, now: datetime) -> bool:
    """Tell whether it is known that the first exists for so long, and none of them did spend."""
    first, *later = line
    since = now - UNUSED_AFTER
    if first.key.created_on and first.key.created_on > since.date():
        return False
    return _is_idle(first, costs_since, now) and all(
        _is_idle(one, costs_since, now) or not _ever(one) for one in later
    )


def _is_idle(seen: Observation, costs_since: datetime | None, now: datetime) -> bool:
    """Tell whether it is known that a key did not spend for so long."""
    since, reading = now - UNUSED_AFTER, seen.reading
    if any(_counted(seen, now)) or any(mark.hour > since for mark in seen.hours[1:]):
        return False
    first = seen.hours[0].hour if seen.hours else reading.at
    if first <= since:
        return True
    is_told_of = costs_since is not None and costs_since <= since
    return is_told_of or (not _ever(seen) and seen.key.created_on is not None)


def _counted(seen: Observation, now: datetime) -> Iterator[Usd]:
    """Yield what the counters say of the windows that are under way."""
    for window, spent in seen.reading.counters.windows.items():
        if same_instance(window, seen.reading.at, now):
            yield spent.credits + spent.byok


def _told(line: Line, people: People) -> Unused:
    key = line[-1].key
    days = [one.hours[-1].hour.date() for one in line if len(one.hours) > 1]
    return Unused(
        key.hash,
        people.name(key.hash),
        people.owner(key.hash),
        line[0].key.created_on,
        max(days, default=None),
        sum((_ever(one) for one in line), ZERO),
    )


def _ever(seen: Observation) -> Usd:
    spent = seen.reading.counters.lifetime
    return spent.credits + spent.byok
