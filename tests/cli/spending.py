"""An office whose ledger has costs, written by hand: closed days by activity, others by the hour."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from budget_guard.domain.costs import (
    ACTIVITY,
    Cost,
    CostDay,
    CostHour,
    CostsRead,
    Figures,
    part_of,
    total,
)
from budget_guard.domain.keys import UNKNOWN
from tests.cli.desk import WEDNESDAY, Office

DAY = timedelta(days=1)
TODAY = WEDNESDAY.date()
YESTERDAY = TODAY - DAY
LONG_AGO = TODAY - 90 * DAY
LARGE, SMALL = ("acme/large", "Acme"), ("acme/small", "Beta")


class Spent(NamedTuple):
    """What a key came to, so many days ago. A name with `?` is one whose hash nobody knows."""

    name: str
    usd: str
    days_ago: int = 0
    of: tuple[str, str] = LARGE
    byok: str = "0"
    requests: int = 1000
    prompt: int = 1_200_000
    completion: int = 45_000

    @property
    def day(self) -> date:
        return TODAY - self.days_ago * DAY

    @property
    def figures(self) -> Figures:
        money = (Decimal(self.usd), Decimal(self.byok))
        return Figures(*money, self.requests, self.prompt, self.completion, 9, 800)


def read(
    office: Office, *spent: Spent, closed_until: date | None = YESTERDAY, since: date = LONG_AGO
) -> Office:
    """Write the costs as `poll_costs` does; until 09:00 they were read, 12 minutes ago."""
    office.guard.cycle()
    office.pass_(12)
    days: defaultdict[tuple[date, str], list[Cost]] = defaultdict(list)
    for one in spent:
        key = one.name if one.name.startswith(UNKNOWN) else _hash(office, one.name)
        model, provider = Cost(key, one.figures, one.of[0]), Cost(key, one.figures, None, one.of[1])
        if closed_until and one.day < closed_until:
            both = Cost(key, one.figures, *one.of)
            days[one.day, part_of(key)] += [model, provider] if UNKNOWN in key else [both]
        else:
            office.ledger.save(_hour(office, one, model, provider))
    for (day, part), rows in days.items():
        office.ledger.save(CostDay(day, part, office.now, total(rows), closed=True))
    office.ledger.save(CostsRead("w1", _midnight(since), WEDNESDAY, office.now))
    if closed_until:
        office.ledger.save(
            CostsRead(ACTIVITY, _midnight(since), _midnight(closed_until), office.now)
        )
    return office


def _hash(office: Office, name: str) -> str:
    """Return the hash of a key; "a#2" is the second that is called "a"."""
    called, _, number = name.partition("#")
    found = sorted(one.hash for one in office.account.keys.values() if one.name == called)
    return found[int(number or 1) - 1]


def _hour(office: Office, one: Spent, model: Cost, provider: Cost) -> CostHour:
    """Return one record of the hours of a day; there are never two of an hour."""
    told = len(office.ledger.cost_hours(one.day))
    hour = _midnight(one.day) + timedelta(hours=told % 24)
    return CostHour("w1", hour, office.now, (model,), (provider,), part=told // 24, parts=99)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def a_week(**more: object) -> Office:
    """Return an office that spent by several keys, on two models, in two weeks, some by BYOK."""
    names = ("prod-api", "dev-ann", "dev-bob", "dev-bob", "batch")
    office = Office(names=names, **more)  # type: ignore[arg-type]
    return read(
        office,
        Spent("prod-api", "120.55"),
        Spent("prod-api", "100", 3),
        Spent("prod-api", "180.5", 8, SMALL),
        Spent("dev-ann", "12.345678", 1, byok="30.2", requests=1_250_000),
        Spent("dev-ann", "9", 9),
        Spent("dev-bob#1", "4.004", 2, SMALL, prompt=38_400_000_000),
        Spent("dev-bob#2", "0.004", 2, SMALL, prompt=900, completion=0, requests=7),
        Spent("dev-bob#1", "0.1", 9, SMALL),
        Spent("?an old key", "1.5", 4),
        Spent("batch", "0.000012", 0, SMALL, prompt=0, completion=0, requests=1),
        Spent("batch", "44", 13),
    )
