"""Made-up accounts, hour by hour: weekly rhythm, growth, noise, batch jobs, lumps.

Time is counted in hours from a Monday's midnight; `BEFORE` are the weeks before anybody looks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from budget_guard.domain.costs import Cost, CostHour, Figures
from budget_guard.domain.offer import Model, Price, Prices
from budget_guard.use_cases.costs.source import Models
from tests.domain.builders import HOUR, utc

BEGIN = utc("2026-10-19 00:00")
BEFORE = 28 * 24
MODELS = ("acme/small", "acme/large", "beta/fast", "beta/deep", "gamma/one")
PRICE = dict(zip(MODELS, (0.002, 0.02, 0.004, 0.05, 0.01), strict=True))
PER_PROMPT = {model: price / 1000 for model, price in PRICE.items()}
"""USD of a prompt token. There are `PROMPTS` of them to one of the completion, `DEARER` in price."""
PROMPTS, DEARER = 3, 5
UNUSED = tuple(f"delta/unused-{number}" for number in range(5))
PROVIDERS = ("Acme", "Beta", "Gamma")


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a made-up account, no secret


@dataclass(frozen=True)
class Lines:
    """What a key spent in an hour, on a model, with a provider, for so many completion tokens."""

    key: str
    model: str
    provider: str
    usd: float
    requests: int
    tokens: int = 0


@dataclass
class Job:
    """A key and how it is used. `rhythm` is one of steady, office, night, hourly, weekly."""

    key: str
    owner: str
    rhythm: str
    base: float
    growth: float
    noise: float
    shares: dict[str, float]
    size: float

    def requests(self, hour: int, rng: Random) -> int:
        """Return how many requests it makes in an hour."""
        day, clock = hour // 24 % 7, hour % 24
        factor: float = self.growth ** (hour / 168)
        match self.rhythm:
            case "office":
                factor *= (1.0 if 7 <= clock < 19 else 0.08) * (0.25 if day > 4 else 1.0)
            case "night":
                factor *= 6.0 if clock in (1, 2, 3) else 0.0
            case "weekly":
                factor *= 12.0 if (day, clock // 4) == (1, 2) else 0.02
            case _:
                factor *= 0.7 + 0.3 * (8 <= clock < 22)
        mean = self.base * factor * rng.lognormvariate(0, self.noise)
        return int(mean) + (rng.random() < mean - int(mean))


@dataclass
class World:
    """An account, its jobs, and what is wrong from `since` on (an hour; None: nothing)."""

    seed: int
    jobs: list[Job] = field(default_factory=list)
    since: int | None = None
    spoil: Callable[["World", int, list[Lines]], list[Lines]] | None = None
    untold: Callable[["World", int, Lines], float] | None = None
    stray: Callable[["World", int], float] | None = None
    listed: Callable[["World", int, Model], Model] | None = None
    expected: Callable[[str], bool] = lambda _: False

    def __post_init__(self) -> None:
        self.rng = dice(self.seed)
        self.jobs = [a_job(number, self.rng) for number in range(self.rng.randint(8, 20))]

    def at(self, hour: int) -> datetime:
        return BEGIN + hour * HOUR

    def is_wrong(self, hour: int) -> bool:
        return self.since is not None and hour >= self.since

    def lines(self, hour: int) -> list[Lines]:
        """Return what is truly spent in an hour; the same however often it is asked."""
        rng = dice(self.seed * 1_000_003 + hour)
        found = [line for job in self.jobs for line in lines_of(job, hour, rng)]
        return self.spoil(self, hour, found) if self.spoil and self.is_wrong(hour) else found

    def offer(self, hour: int) -> Models:
        """Return the models on offer: prices waver by 2 %, and what nobody uses comes and goes."""
        rng, day = dice(self.seed * 7919 + hour // 24), self.at(hour).date()
        models = [
            Model(name, prices=prices(PER_PROMPT[name] * rng.uniform(0.98, 1.02)))
            for name in MODELS
        ]
        models += [
            Model(
                name,
                prices=prices(rng.uniform(1e-6, 1e-4)),
                until=day + timedelta(rng.randint(0, 40)),
            )
            for name in UNUSED
            if rng.random() < 0.9
        ]
        if self.listed and self.is_wrong(hour):
            models = [self.listed(self, hour, one) for one in models]
        return Models(tuple(models))

    def told(self, hour: int, lines: list[Lines], age: int = 9) -> CostHour:
        """Return what analytics tells of an hour that ended `age` hours ago: at first not all."""
        late = 0.9 if age < 1 else 1.0
        parts = [
            (one, late * (self.untold(self, hour, one) if self.untold else 1.0)) for one in lines
        ]
        return CostHour(
            "w1",
            self.at(hour),
            self.at(hour),
            tuple(_cost(one, part, model=one.model) for one, part in parts),
            tuple(_cost(one, part, provider=one.provider) for one, part in parts),
        )


def _cost(one: Lines, part: float, **label: str) -> Cost:
    tokens = round(one.tokens * part)
    figures = Figures(
        usd(one.usd * part),
        requests=round(one.requests * part),
        prompt=PROMPTS * tokens,
        completion=tokens,
    )
    return Cost(one.key, figures, **label)


def usd(amount: float) -> Decimal:
    return Decimal(f"{amount:.8f}")


def prices(prompt: float) -> Prices:
    """Return a model's prices, by that of a prompt token (USD)."""
    exact = Decimal(f"{prompt:.12f}")
    return Price("prompt", exact), Price("completion", DEARER * exact)


def lines_of(job: Job, hour: int, rng: Random) -> list[Lines]:
    count = job.requests(hour, rng)
    found = []
    for model, share in job.shares.items():
        requests = round(count * share * rng.uniform(0.85, 1.15))
        if requests:
            # The mean of many requests, each of another size.
            each = PRICE[model] * job.size * rng.lognormvariate(0, 0.6 / requests**0.5 + 0.05)
            provider = PROVIDERS[MODELS.index(model) // 2]
            if rng.random() < 0.1:
                provider = PROVIDERS[2]
            cost = each * requests
            tokens = round(cost / (PER_PROMPT[model] * (PROMPTS + DEARER)))
            found.append(Lines(job.key, model, provider, cost, requests, tokens))
    return found


def a_job(number: int, rng: Random) -> Job:
    models = rng.sample(MODELS, rng.randint(1, 3))
    weights = [rng.uniform(0.2, 1) for _ in models]
    shares = {one: weight / sum(weights) for one, weight in zip(models, weights, strict=True)}
    rhythms = ("steady", "office", "office", "night", "hourly", "weekly")
    return Job(
        key=f"{number:02x}" + "0" * 62,
        owner=rng.choice(("search", "support", "research")),
        rhythm=rng.choice(rhythms),
        base=rng.lognormvariate(4.5, 1.2),
        growth=rng.uniform(0.97, 1.08),
        noise=rng.uniform(0.1, 0.5),
        shares=shares,
        size=rng.lognormvariate(0, 0.7),
    )


def spread(job: Job, rng: Random) -> float:
    """Return the part of an hour's spend that the first poll of the hour already sees."""
    match job.rhythm:
        case "hourly" | "night" | "weekly":
            return rng.uniform(0.2, 1.0)
        case _:
            return rng.uniform(0.005, 0.1)
