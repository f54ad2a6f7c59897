"""Hours of costs, spelled short: a day's USD by key and model."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from budget_guard.domain.costs import Cost, CostHour, Figures
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import begun
from budget_guard.domain.ownership import People
from tests.domain.builders import NOW, a_budget, seen, utc

TODAY = NOW.date()
PEOPLE = People(
    {f"#{name}": seen(name) for name in ("s1", "s2", "r1", "nobody")},
    (a_budget("b1", keys="s*", owner="search"), a_budget("b2", keys="r*", owner="research")),
)


def of_a_lineage(people: People, *keys: str) -> People:
    """Return the people, with some keys as the generations of one, the last in use."""
    lineage = begun("secret", f"#{keys[0]}", keys[0], workspace="w1", at=NOW)
    for one in keys[1:]:
        lineage = lineage.moved_to(f"#{one}", NOW)
    return People(people.observations, people.budgets, Kin({"secret": lineage}))


def an_hour(
    hour: datetime,
    spent: Mapping[tuple[str, str], str | int],
    requests: int = 10,
    provider: str = "Acme",
) -> CostHour:
    """Return an hour in which keys spent USD on models: {("s1", "large"): 5}."""
    models = tuple(
        Cost(f"#{key}", Figures(Decimal(usd), requests=requests), model=model)
        for (key, model), usd in spent.items()
    )
    providers = tuple(Cost(one.key, one.figures, provider=provider) for one in models)
    return CostHour("w1", hour, hour, models, providers)


def midnight(day: date = TODAY) -> datetime:
    return utc(day.isoformat())
