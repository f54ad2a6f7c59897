"""More requests than usual fall back: a provider fails, and others serve, perhaps for more."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from budget_guard.domain.alerts import Kind
from budget_guard.domain.money import show
from budget_guard.domain.outcomes import Rate
from budget_guard.domain.signals.requests import (
    RECENT,
    DayRequests,
    Route,
    Tried,
    of_those,
    usual_most,
)
from budget_guard.domain.signals.routes import Passage, Routes
from budget_guard.domain.signals.rules import Fallbacks
from budget_guard.domain.signals.signal import Signal, dearest, named, percent, short

MOST_TOLD = 2
SAME = Decimal("0.05")
"""A price that differs by less is the same: requests differ too."""

type Days = Mapping[date, Tried]


@dataclass(frozen=True, slots=True)
class Rise:
    """How many requests of a route fell back lately; what part it was usually, and at most."""

    route: Route
    rate: Rate
    usual: Decimal
    most: Decimal

    @property
    def by(self) -> Decimal:
        """Return how much larger the part is than it usually is at most, less what may be chance.

        That is one standard deviation: much where requests are few.
        """
        part = self.rate.fraction
        return part - (part * (1 - part) / self.rate.of).sqrt() - self.most


def fallen(
    routes: Routes, before: Iterable[DayRequests], rules: Fallbacks, told: Collection[str] = ()
) -> tuple[Signal, ...]:
    """Return each owner's providers that fail; the account's where none of its owners has the same.

    What was `told` (incidents) goes on until it is down to half of what opened it.
    """
    found = dict[tuple[str | None, str], Rise]()
    for one in _rises(routes, before, rules):
        at = one.route.owner, one.route.provider
        least = rules.by / 2 if _incident(one.route) in told else rules.by
        if one.by >= least and (at not in found or found[at].rate.of < one.rate.of):
            found[at] = one
    whose = {provider for owner, provider in found if owner is not None}
    return tuple(
        _signal(one, routes)
        for (owner, provider), one in found.items()
        if owner is not None or provider not in whose
    )


def _rises(routes: Routes, before: Iterable[DayRequests], rules: Fallbacks) -> Iterator[Rise]:
    past: defaultdict[Route, dict[date, Tried]] = defaultdict(dict)
    for day in before:
        for one in day.routes:
            if sum(one.requests) >= rules.at_least:
                past[one.route][day.day] = one
    for route, rate in routes.recent():
        most = usual_most(_peaks(past[route], rules), routes.since.date())
        if most is not None and rate.of >= rules.at_least:
            usual = median(_of_day(one) for one in past[route].values())
            yield Rise(route, rate, usual, most)


def _peaks(days: Days, rules: Fallbacks) -> Mapping[date, Decimal]:
    """Return the largest part that fell back in three hours of each day with requests enough."""
    return {
        day: max(
            Decimal(fell) / of
            for fell, of in (
                (sum(one.fell_back), sum(one.requests)),
                *zip(one.fell_back, one.requests, strict=True),
            )
            if of >= rules.at_least
        )
        for day, one in days.items()
    }


def _of_day(one: Tried) -> Decimal:
    return Decimal(sum(one.fell_back)) / sum(one.requests)


def _incident(route: Route) -> str:
    return f"fallbacks/{route.owner or '*'}/{route.provider}"


def _signal(one: Rise, routes: Routes) -> Signal:
    route, passage, people = one.route, routes.passages[one.route], routes.people
    most = dearest(people.together(passage.keys))
    contributors = tuple((people.name(key) or "unknown keys", usd) for key, usd in most)
    owner = route.owner or (people.owner(most[0][0]) if most else None)
    hours = RECENT.seconds // 3600
    return Signal(
        id=_incident(route),
        kind=Kind.FALLBACKS,
        text=f"{short(route.owner) if route.owner else 'the account'}: "
        f"{percent(one.rate.fraction)} of {one.rate.of} requests to {short(route.provider)} fell "
        f"back in {hours} hours, usually {percent(one.usual)} (up to {percent(one.most)}), "
        f"{of_those(route.selection)}; {_told(passage)}{_price(passage)}"
        f"{named(contributors, None if route.owner else owner)}",
        before=one.usual,
        after=one.rate.fraction,
        contributors=contributors,
        owner=owner,
        todo=f"nothing, if the others' price is fine; while {short(route.provider)} fails, "
        "provider.ignore in the requests leaves it out",
    )


def _told(passage: Passage) -> str:
    """Return who failed, and who served instead: "Acme failed 35 times (503), Beta served 30"."""
    statuses = ", ".join(str(status) for status, _ in passage.statuses.most_common(MOST_TOLD))
    failed = [
        f"{short(name)} failed {_times(count)}" for name, count in passage.failed.most_common(1)
    ]
    served = [
        f"{short(name)} served {count}" for name, count in passage.served.most_common(MOST_TOLD)
    ]
    return ", ".join([*(f"{one} ({statuses})" for one in failed), *served])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _price(passage: Passage) -> str:
    found = passage.dearer()
    if found is None:
        return ""
    usd, part = found
    if abs(part) < SAME:
        return " at the same price"
    word = "dearer" if part > 0 else "cheaper"
    return f", {percent(abs(part))} {word} per token ({show(abs(usd))} USD)"
