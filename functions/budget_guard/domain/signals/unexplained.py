"""Spend that nothing explains: counters against analytics, and the balance against counters.

The counters of a key are known as they were first seen in an hour, so a mark of 12:00 may hold what
was spent until 12:59. Between two marks a key is therefore allowed all that analytics told of both
their hours: what is still missing then was not told, whatever the minute of the marks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from budget_guard.domain.alerts import Kind, Unit
from budget_guard.domain.money import ZERO, Usd, show
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.ownership import People
from budget_guard.domain.polls import PollReport
from budget_guard.domain.signals.rules import Unexplained
from budget_guard.domain.signals.signal import BalanceMark, Gap, Signal, dearest, named

HOUR = timedelta(hours=1)
COMPARED = 24 * HOUR
SETTLED = 2 * HOUR
"""How old an hour must be: analytics learns of some requests late."""
TOPPED_UP: Usd = Decimal("0.1")
"""Where the balance fell by so much less than was spent (1 is all), somebody bought credits."""

type Told = Mapping[str, Mapping[datetime, Usd]]
"""The credits that analytics told of each key and hour (USD)."""


@dataclass(frozen=True, slots=True)
class Span:
    """The hours to compare: from `begins` until `ends`, which is another one by workspace."""

    begins: datetime
    ends: Mapping[str, datetime]


def span(now: datetime, known: datetime, read: Mapping[str, datetime]) -> Span:
    """Return the hours that are settled: told since `known`, read until `read` in a workspace."""
    last = now.replace(minute=0, second=0, microsecond=0) - SETTLED
    return Span(max(known, last - COMPARED), {one: min(last, at) for one, at in read.items()})


@dataclass(frozen=True, slots=True)
class Missing:
    """What keys `spent` in a span by their counters (credits), and of it what was not told of each."""

    over: Span
    spent: Usd
    by_key: Mapping[str, Usd]

    @property
    def gap(self) -> Gap:
        """Return both as sums."""
        return Gap(sum(self.by_key.values(), ZERO), self.spent)


def missing(people: People, told: Told, over: Span) -> Missing:
    """Return what keys spent by their counters (credits), and analytics did not tell of.

    A key that was renamed or moved since is passed over: analytics may tell of it by either name.
    """
    spent, by_key = ZERO, dict[str, Usd]()
    for key, seen in people.observations.items():
        if any(one.at >= over.begins for one in seen.former):
            continue
        marks = _marks(seen, over)
        if len(marks) > 1:
            spent += marks[-1].spent.credits - marks[0].spent.credits
            by_key[key] = _missing(marks, told.get(key, {}))
    return Missing(over, spent, by_key)


def untold(people: People, found: Missing, rules: Unexplained) -> Signal | None:
    """Return that too much is missing, with the keys that it is missing of."""
    total, spent = found.gap.usd, found.spent
    if not _is_beyond(total, spent, rules):
        return None
    most = dearest(people.together(found.by_key))
    contributors = tuple((people.name(key), usd) for key, usd in most)
    owner = people.owner(most[0][0])
    hours = (max(found.over.ends.values()) - found.over.begins) // HOUR
    return Signal(
        id="unexplained/analytics",
        kind=Kind.UNEXPLAINED,
        text=f"{show(total)} of {show(spent)} USD that keys spent in {hours} hours are not in "
        f"OpenRouter's analytics{named(contributors, owner)}",
        before=spent - total,
        after=spent,
        unit=Unit.USD,
        contributors=contributors,
        owner=owner,
        todo="compare the activity page of OpenRouter for these keys; if it lacks requests too, "
        "ask OpenRouter",
    )


def _marks(seen: Observation, over: Span) -> Sequence[HourMark]:
    ends = over.ends.get(seen.key.workspace, over.begins)
    return [one for one in seen.hours if over.begins <= one.hour < ends]


def _missing(marks: Sequence[HourMark], told: Mapping[datetime, Usd]) -> Usd:
    """Return the most that is missing between any two marks, each with its whole hour told of."""
    least, most, before = None, ZERO, ZERO
    hours = iter(sorted(told.items()))
    following = next(hours, None)
    for mark in marks:
        while following and following[0] < mark.hour:
            before += following[1]
            following = next(hours, None)
        if least is not None:
            most = max(most, mark.spent.credits - before - told.get(mark.hour, ZERO) - least)
        start = mark.spent.credits - before
        least = start if least is None else min(least, start)
    return most


def _is_beyond(missing: Usd, spent: Usd, rules: Unexplained) -> bool:
    return missing > rules.at_least and missing > spent * rules.above


def marked(
    before: Sequence[BalanceMark], poll: PollReport | None, observations: Iterable[Observation]
) -> tuple[BalanceMark, ...]:
    """Return the balances of the last day, one of each hour, with that of a complete poll."""
    if poll is None or poll.balance is None or poll.problem:
        return tuple(before)
    hour = poll.at.replace(minute=0, second=0, microsecond=0)
    if before and before[-1].at >= hour:
        return tuple(before)
    spent = sum((one.reading.counters.lifetime.credits for one in observations), ZERO)
    kept = [one for one in before if poll.at - one.at <= COMPARED]
    return (*kept, BalanceMark(poll.at, poll.balance, spent))


def keyless(marks: Sequence[BalanceMark], rules: Unexplained) -> Signal | None:
    """Return what left the account's balance, and no key's counters hold.

    Hours in which credits were bought are passed over: what was spent in them nobody can tell.
    """
    fell = spent = ZERO
    for one, other in pairwise(marks):
        fall, counted = one.balance - other.balance, other.spent - one.spent
        if counted >= 0 and fall - counted >= -max(rules.at_least, counted * TOPPED_UP):
            fell, spent = fell + fall, spent + counted
    if not _is_beyond(fell - spent, fell, rules):
        return None
    return Signal(
        id="unexplained/balance",
        kind=Kind.UNEXPLAINED,
        text=f"{show(fell - spent)} of {show(fell)} USD that left the balance in {_hours(marks)} hours "
        f"went to no key that the guard can see (keys spent {show(spent)})",
        before=spent,
        after=fell,
        unit=Unit.USD,
        todo="look on OpenRouter's activity page for keys of OAuth apps, and for the chat room",
    )


def _hours(marks: Sequence[BalanceMark]) -> int:
    return round((marks[-1].at - marks[0].at) / HOUR)
