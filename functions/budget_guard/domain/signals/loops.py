"""A session or a job that repeats itself: far more requests in an hour than any usually makes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from budget_guard.domain.alerts import Kind
from budget_guard.domain.generations import Generation
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import ZERO, Usd, show
from budget_guard.domain.ownership import People
from budget_guard.domain.sampling import Count
from budget_guard.domain.signals.requests import (
    Busiest,
    DayRequests,
    What,
    of_those,
    stands_for,
    usual_most,
)
from budget_guard.domain.signals.rules import Loops
from budget_guard.domain.signals.signal import Signal, dearest, named, short, stop

HOUR = timedelta(hours=1)
LEAST = Decimal(10)
"""Requests in an hour that any session or job may make often."""
FEWEST = Decimal(8)
"""Of a sample: fewer on record may be chance."""
MOST_KEPT = 3000
"""Of a day, so that its record stays small: the busiest."""
MOST_TOLD = 100
"""Of a look: the busiest. Each has an incident of its own."""


class Matter(NamedTuple):
    """A session or a job of a key, and why its requests are on record."""

    selection: str
    key: str
    what: What
    label: str


@dataclass(slots=True)
class Repeats:
    """How many requests each session, and each job, made in each hour; added up one by one.

    `models` are the USD of those made from `since` until `until`.
    """

    people: People
    since: datetime
    until: datetime
    hours: dict[Matter, dict[datetime, Count]] = field(default_factory=dict)
    models: defaultdict[Matter, defaultdict[str, Usd]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: ZERO))
    )

    def add(self, one: Generation, hour: datetime, selected: str) -> None:
        """Count a request, made in this hour."""
        job = one.said.job.text if one.said.job else None
        for what, label in ((What.SESSION, one.session), (What.JOB, job)):
            if label:
                key = self.people.kin.root(one.spender or UNKNOWN)
                matter = Matter(selected, key, what, label)
                hours = self.hours.setdefault(matter, {})
                hours[hour] = hours.get(hour, Count()) + Count(1, one.cost)
                if self.since <= hour < self.until:
                    self.models[matter][one.served] += one.cost

    def recent(self) -> Iterator["Hour"]:
        """Yield the busiest hour of each from `since` until `until`."""
        for matter, hours in self.hours.items():
            within = [(count, at) for at, count in hours.items() if self.since <= at < self.until]
            if within:
                count, at = max(within, key=lambda one: (one[0].number, one[1]))
                yield Hour(matter, at, count)

    def of_day(self, day: date) -> tuple[Busiest, ...]:
        """Return the most that any session, and any job, of each key made in an hour of a day."""
        found: defaultdict[tuple[str, str, What], int] = defaultdict(int)
        for matter, hours in self.hours.items():
            counts = [count.number for at, count in hours.items() if at.date() == day]
            place = matter.selection, matter.key, matter.what
            found[place] = max(found[place], *counts, 0)
        most = sorted((-count, place) for place, count in found.items() if count)[:MOST_KEPT]
        return tuple(sorted((Busiest(*at, -count) for count, at in most), key=_place))


class Hour(NamedTuple):
    """What a session or job came to in an hour."""

    matter: Matter
    at: datetime
    made: Count


@dataclass(frozen=True, slots=True)
class Usual:
    """What the busiest session, or job, of a key made in an hour on each day; and of an owner."""

    keys: Mapping[tuple[str, str, What], Mapping[date, Decimal]]
    owners: Mapping[tuple[str, str | None, What], Mapping[date, Decimal]]

    def most(self, one: Matter, owner: str | None, day: date) -> Decimal | None:
        """Return the most that is usual for its key; of a key too new, for its owner's keys."""
        own = usual_most(self.keys.get((one.selection, one.key, one.what), {}), day)
        if own is not None:
            return own
        return usual_most(self.owners.get((one.selection, owner, one.what), {}), day)


def usual_of(before: Iterable[DayRequests], people: People) -> Usual:
    """Return what is usual, from the days before."""
    keys: defaultdict[tuple[str, str, What], dict[date, Decimal]] = defaultdict(dict)
    owners: defaultdict[tuple[str, str | None, What], dict[date, Decimal]] = defaultdict(dict)
    for day in before:
        for one in day.busiest:
            most = Decimal(one.requests)
            keys[one.selection, one.key, one.what][day.day] = most
            days = owners[one.selection, people.owner(one.key), one.what]
            days[day.day] = max(days.get(day.day, most), most)
    return Usual(keys, owners)


def looping(repeats: Repeats, before: Iterable[DayRequests], rules: Loops) -> tuple[Signal, ...]:
    """Return the sessions and jobs that make `rules.times` the requests of any usual one.

    A session of a job that is told of as well is not told once more.
    """
    people, day = repeats.people, repeats.since.date()
    usual, found = usual_of(before, people), list[tuple[Hour, Decimal]]()
    for one in repeats.recent():
        most = usual.most(one.matter, people.owner(one.matter.key), day)
        each = stands_for(one.matter.selection)
        if most is None or one.made.usd * each < rules.at_least:
            continue
        if one.made.number > max(FEWEST, rules.times * max(most, LEAST / each)):
            found.append((one, most))
    jobs = {(hour.matter.key, hour.at) for hour, _ in found if hour.matter.what is What.JOB}
    told = dict[str, Signal]()
    for hour, most in sorted(found, key=lambda one: (one[0].made.number, one[0])):
        if hour.matter.what is What.JOB or (hour.matter.key, hour.at) not in jobs:
            signal = _signal(hour, most, repeats)
            told[signal.id] = signal
    return tuple(told.values())[-MOST_TOLD:]


def _signal(one: Hour, usual: Decimal, repeats: Repeats) -> Signal:
    matter, people = one.matter, repeats.people
    owner, name = people.owner(matter.key), people.name(matter.key)
    models, is_known = dearest(repeats.models[matter]), not matter.key.startswith(UNKNOWN)
    key = people.kin.current(matter.key)
    digest = sha256(matter.label.encode()).hexdigest()[:16]
    return Signal(
        id=f"loop/{matter.key}/{matter.what}/{digest}",
        kind=Kind.LOOP,
        text=f"{short(name) or 'a key that is not known'}: {matter.what} {short(matter.label)} made "
        f"{one.made.number} requests in an hour ({show(one.made.usd)} USD), usually up to {usual}; "
        f"from {one.at:%H:%M} to {one.at + HOUR:%H:%M} UTC, {of_those(matter.selection)}"
        f"{named(models, owner)}",
        before=usual,
        after=Decimal(one.made.number),
        contributors=models,
        owner=owner,
        key=key if is_known else None,
        key_name=name or None,
        todo=f"see what this {matter.what} does{stop(key) if is_known else ''}",
    )


def _place(one: Busiest) -> tuple[str, str, str]:
    return one.selection, one.key, one.what
