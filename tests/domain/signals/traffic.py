"""Made-up requests, one by one: sessions, jobs, and providers that now and then fail.

The keys and their rhythms are those of `world`; time is counted in hours as there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random

from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Attempt, Generation, Remark, Said
from tests.domain.builders import HOUR, MINUTE
from tests.domain.signals.world import BEGIN, MODELS, PRICE, PROVIDERS, Job, a_job, dice, usd

CHOICES: tuple[Choice, ...] = (Above(Decimal("0.05")), OneIn(1), OneIn(4), None)
THINNED = 16
"""Of a key's requests in `world`, one in so many is made here, and at most `MOST` in an hour."""
MOST = 40
DEARER = 8
"""So many times as dear as in `world`: some requests cost more than 0.05 USD."""


@dataclass(frozen=True)
class Loop:
    """A session or job of a key that makes so many requests in each hour, at `each` USD."""

    key: str
    requests: int
    each: float


@dataclass
class Traffic:
    """The requests of an account; from the hour `since` on a provider fails, or something loops."""

    seed: int
    since: int | None = None
    outage: tuple[str, float] | None = None
    loop: Loop | None = None
    expected: Callable[[str], bool] = lambda _: False
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = dice(self.seed)
        self.jobs = [a_job(number, self.rng) for number in range(self.rng.randint(6, 14))]
        self.choice = self.rng.choice(CHOICES)
        self.tells = {one.key for one in self.jobs if self.rng.random() < 0.5}
        if self.choice is None:
            self.tells = {one.key for one in self.jobs}
        self.talk = {one.key: self.rng.uniform(2, 12) for one in self.jobs}
        self.fails = {name: self.rng.uniform(0.002, 0.08) for name in PROVIDERS}
        # One key is new in the week that is watched.
        self.newcomer = self.rng.choice(self.jobs).key if self.rng.random() < 0.3 else None

    def at(self, hour: int) -> datetime:
        return BEGIN + hour * HOUR

    def on_record(self, hour: int, begins: int) -> Iterator[Generation]:
        """Yield the requests of an hour that are on record; the newcomer's only since `begins`."""
        rng = dice(self.seed * 1_000_003 + hour)
        parts = {name: self._fails(name, hour, rng) for name in PROVIDERS}
        number = 0
        for job in self.jobs:
            for session, cost, model in self._made(job, hour, rng):
                number += 1
                if job.key == self.newcomer and hour < begins:
                    continue
                name = f"gen-{self.seed}-{hour}-{number}"
                one = self._served(name, job.key, session, cost, model, hour, parts, rng)
                is_chosen = self.choice is not None and self.choice.takes(name, one.cost)
                if is_chosen or job.key in self.tells:
                    yield one

    def _fails(self, provider: str, hour: int, rng: Random) -> float:
        blip = rng.uniform(0, 0.15) if rng.random() < 0.02 else 0.0
        usual = min(0.3, self.fails[provider] * rng.lognormvariate(0, 0.6) + blip)
        is_out = self.outage and self.outage[0] == provider and self._is_wrong(hour)
        return max(usual, self.outage[1]) if self.outage and is_out else usual

    def _is_wrong(self, hour: int) -> bool:
        return self.since is not None and hour >= self.since

    def _made(self, job: Job, hour: int, rng: Random) -> Iterator[tuple[str, float, str]]:
        """Yield the session or job, the price and the model of each request of a key."""
        left, number = min(MOST, round(job.requests(hour, rng) / THINNED)), 0
        is_chat = job.rhythm in ("steady", "office")
        while left > 0:
            length = (
                left if not is_chat else min(left, 1 + int(rng.expovariate(1 / self.talk[job.key])))
            )
            left, number = left - length, number + 1
            label = f"s-{job.key[:2]}-{hour}-{number}" if is_chat else f"job-{job.key[:2]}"
            for _ in range(length):
                model = rng.choices(list(job.shares), list(job.shares.values()))[0]
                price = PRICE[model] * job.size * DEARER * rng.lognormvariate(0, 0.7)
                yield label, price, model
        if self.loop and self.loop.key == job.key and self._is_wrong(hour):
            for _ in range(self.loop.requests):
                model = max(job.shares, key=lambda one: job.shares[one])
                yield (
                    "stuck" if is_chat else "job-stuck",
                    self.loop.each * rng.uniform(0.9, 1.1),
                    model,
                )

    def _served(  # noqa: PLR0917
        self,
        name: str,
        key: str,
        session: str,
        cost: float,
        model: str,
        hour: int,
        parts: dict[str, float],
        rng: Random,
    ) -> Generation:
        first = PROVIDERS[MODELS.index(model) // 2]
        fell = rng.random() < parts[first]
        other = rng.choice([one for one in PROVIDERS if one != first])
        attempts = [Attempt(first, 503 if fell else 200, model)]
        if fell:
            attempts.append(Attempt(other, 200, model))
            cost *= 1.3
        at = self.at(hour) + rng.randrange(60) * MINUTE
        is_job = session.startswith("job")
        told = Said(job=Remark(session, at)) if is_job and key in self.tells else Said()
        return Generation(
            id=name,
            created_at=at,
            workspace="w1",
            requested=model,
            served=model,
            provider=other if fell else first,
            attempts=tuple(attempts),
            figures=Figures(usd(cost), requests=1, prompt=1000, completion=100),
            session=None if is_job else session,
            key=key,
            said=told,
        )
