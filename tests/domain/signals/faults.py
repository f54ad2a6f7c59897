"""What goes wrong in a made-up account, each from a random hour of the fifth week on."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from budget_guard.domain.choices import OneIn
from budget_guard.domain.generations import Generation
from budget_guard.domain.offer import Model
from tests.domain.signals.traffic import Loop, Traffic
from tests.domain.signals.world import (
    BEFORE,
    MODELS,
    PER_PROMPT,
    PROVIDERS,
    Lines,
    World,
    prices,
)

DAILY_LEAST = 30.0
"""USD a day of a model whose price is worth telling."""
HOURLY_LEAST = 0.5
"""USD an hour of a key whose fault is worth telling."""
OFTEN = 30
"""Sessions, or hours of a job, in a week of a key that may loop."""
MANY = 60
"""Requests in an hour that nobody's session makes."""


def spent_by(world: World, of: Callable[[Lines], str]) -> Mapping[str, float]:
    """Return the USD of a key, owner or model over the last week before anybody looks."""
    found: defaultdict[str, float] = defaultdict(float)
    for hour in range(BEFORE - 168, BEFORE):
        for one in world.lines(hour):
            found[of(one)] += one.usd
    return found


def _begin(world: World) -> None:
    # On a weekday: an office's keys that rest on Sunday have nothing to spoil.
    world.since = BEFORE + 24 * world.rng.randint(1, 3) + world.rng.randint(0, 23)


def _keys(world: World) -> list[str]:
    """Return the keys that spend enough, and not only at night or on Tuesdays."""
    often = {one.key for one in world.jobs if one.rhythm in ("steady", "office", "hourly")}
    spent = spent_by(world, lambda one: one.key)
    found = [key for key in often if spent.get(key, 0.0) / 168 >= HOURLY_LEAST]
    return sorted(found) or [max(sorted(spent), key=lambda key: spent[key])]


def untold(world: World) -> None:
    """Analytics tells of 50 to 85 % of what is spent."""
    _begin(world)
    part = world.rng.uniform(0.5, 0.85)
    world.untold = lambda its, hour, _: part if its.is_wrong(hour) else 1.0
    world.expected = lambda name: name == "unexplained/analytics"


def keyless(world: World) -> None:
    """A key that nobody can list spends 10 to 40 % of what the others spend."""
    _begin(world)
    part = world.rng.uniform(0.1, 0.4)
    burn = sum(spent_by(world, lambda _: "").values()) / 168
    world.stray = lambda its, hour: part * burn if its.is_wrong(hour) else 0.0
    world.expected = lambda name: name == "unexplained/balance"


def switched(world: World) -> None:
    """The dearest owner's traffic goes to a model that it did not use."""
    _begin(world)
    owners = {one.key: one.owner for one in world.jobs}
    spent = spent_by(world, lambda one: owners[one.key])
    owner = max(sorted(spent), key=lambda one: spent[one])
    used = spent_by(world, lambda one: one.model if owners[one.key] == owner else "")
    new = min(MODELS, key=lambda one: used.get(one, 0.0))
    factor = world.rng.uniform(0.7, 2.0)

    def spoil(_: World, __: int, lines: list[Lines]) -> list[Lines]:
        return [
            replace(
                one, model=new, provider=PROVIDERS[MODELS.index(new) // 2], usd=one.usd * factor
            )
            if owners[one.key] == owner
            else one
            for one in lines
        ]

    world.spoil = spoil
    world.expected = lambda name: name in {f"mix/{owner}/model/{new}", f"mix/*/model/{new}"}


def dearer(world: World) -> None:
    """The requests of a key cost three to eight times as much as before."""
    _worse(world, "cost", (3.0, 8.0), lambda one, by: replace(one, usd=one.usd * by))


def looping(world: World) -> None:
    """A key makes 10 to 20 times as many requests as before."""

    def spoiled(one: Lines, by: float) -> Lines:
        return replace(one, usd=one.usd * by, requests=round(one.requests * by))

    _worse(world, "requests", (10.0, 20.0), spoiled)


def _worse(
    world: World, what: str, bounds: tuple[float, float], spoiled: Callable[[Lines, float], Lines]
) -> None:
    _begin(world)
    key, by = world.rng.choice(_keys(world)), world.rng.uniform(*bounds)

    def spoil(_: World, __: int, lines: list[Lines]) -> list[Lines]:
        return [spoiled(one, by) if one.key == key else one for one in lines]

    world.spoil = spoil
    world.expected = lambda name: name == f"unusual/{key}/{what}"


def _model_in_use(world: World) -> str:
    """Return a model on which enough is spent for a tenth of it to be worth telling."""
    spent = spent_by(world, lambda one: one.model)
    often = [one for one in sorted(spent) if spent[one] / 7 >= DAILY_LEAST]
    return world.rng.choice(often) if often else max(sorted(spent), key=lambda one: spent[one])


def repriced(world: World) -> None:
    """A model in use costs 10 to 100 % more, or 10 to 60 % less, and so do its requests."""
    _begin(world)
    model = _model_in_use(world)
    by = world.rng.choice((world.rng.uniform(1.1, 2.0), world.rng.uniform(0.4, 0.9)))

    def spoil(_: World, __: int, lines: list[Lines]) -> list[Lines]:
        return [replace(one, usd=one.usd * by) if one.model == model else one for one in lines]

    def listed(_: World, __: int, one: Model) -> Model:
        return replace(one, prices=prices(PER_PROMPT[model] * by)) if one.id == model else one

    world.spoil, world.listed = spoil, listed
    world.expected = lambda name: name.startswith(f"price/{model}/")


def withdrawn(world: World) -> None:
    """A model in use is given a last day, 3 to 29 days from then."""
    _begin(world)
    model, days = _model_in_use(world), timedelta(world.rng.randint(3, 29))
    last = world.at(world.since or 0).date() + days

    def listed(_: World, __: int, one: Model) -> Model:
        return replace(one, until=last) if one.id == model else one

    world.listed = listed
    world.expected = lambda name: name == f"withdrawn/{model}/{last}"


FAULTS: Mapping[str, Callable[[World], None]] = {
    "analytics lacks 15 to 50 %": untold,
    "a key that nobody lists": keyless,
    "an owner's model switched": switched,
    "requests 3 to 8 times dearer": dearer,
    "10 to 20 times the requests": looping,
    "a model's price changed by 10 to 100 %": repriced,
    "a model in use is to be withdrawn": withdrawn,
}


def failing(traffic: Traffic) -> None:
    """40 to 100 % of the requests to the provider that is asked most fall back to others."""
    traffic.since = BEFORE + 24 * traffic.rng.randint(1, 3) + traffic.rng.randint(0, 23)
    asked = Counter(one.attempts[0].provider for _, one in _last_week(traffic))
    provider = max(sorted(asked), key=lambda one: asked[one])
    traffic.outage = provider, traffic.rng.uniform(0.4, 1.0)
    traffic.expected = lambda name: name.startswith("fallbacks/") and name.endswith(provider)


def stuck(traffic: Traffic) -> None:
    """A session or a job makes 5 to 10 times the requests of its key's busiest, for 3 USD or more."""
    traffic.since = BEFORE + 24 * traffic.rng.randint(1, 3) + traffic.rng.randint(0, 23)
    made = Counter[tuple[str, int, str | None]]()
    for hour, one in _last_week(traffic):
        label = one.said.job.text if one.said.job else one.session
        if label and one.key:
            made[one.key, hour, label] += 1
    often = Counter(key for key, _, _ in made)
    key = traffic.rng.choice(sorted(one for one in often if often[one] >= OFTEN))
    busiest = max(count for (its, _, _), count in made.items() if its == key)
    if isinstance(traffic.choice, OneIn) and key not in traffic.tells:
        busiest *= traffic.choice.n
    requests = max(MANY, round(busiest * traffic.rng.uniform(5, 10)))
    traffic.loop = Loop(key, requests, max(0.06, 3 / requests))
    traffic.expected = lambda name: name.startswith(f"loop/{key}/")


def _last_week(traffic: Traffic) -> Iterator[tuple[int, Generation]]:
    return (
        (hour, one)
        for hour in range(BEFORE - 168, BEFORE)
        for one in traffic.on_record(hour, BEFORE)
    )


FAULTS_OF_REQUESTS: Mapping[str, Callable[[Traffic], None]] = {
    "a provider fails 40 to 100 %": failing,
    "a session or job loops": stuck,
}
