"""Which generations are on record, of how many there are; and what follows for all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from budget_guard.domain.choices import Choice, OneIn
from budget_guard.domain.generations import Generation
from budget_guard.domain.money import ZERO, Usd

CONFIDENCE = Decimal("1.96")
"""Standard deviations either way in which 95 of 100 estimates are right."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many generations, and what they came to (USD, BYOK at its list price too)."""

    number: int = 0
    usd: Usd = ZERO

    def __add__(self, other: "Count") -> "Count":
        """Return both together."""
        return Count(self.number + other.number, self.usd + other.usd)

    def __sub__(self, other: "Count") -> "Count":
        """Return what is in this beyond the other; nothing is below zero."""
        return Count(max(0, self.number - other.number), max(ZERO, self.usd - other.usd))


@dataclass(frozen=True, slots=True)
class Sampled:
    """What became of a workspace's generations in the hour that begins at `hour`, as of `at`.

    `exist`: all, as analytics' hours tell; `chosen`: those that the budgets file (`choice`) wants
    one by one; `kept`: those of them that are on record.
    """

    workspace: str
    hour: datetime
    at: datetime
    choice: Choice
    exist: Count
    chosen: Count = Count()
    kept: Count = Count()


@dataclass(frozen=True, slots=True)
class GenerationsRead:
    """How far a workspace's generations were read one by one: all chosen before `until`."""

    workspace: str
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Estimate:
    """A sum over all generations (USD), from those on record.

    `variance` is of what a sample leaves to chance; `unseen` is what is missing at most.
    """

    total: Usd = ZERO
    variance: Decimal = Decimal(0)
    unseen: Usd = ZERO

    @property
    def bound(self) -> Usd:
        """Return how far the truth may be from `total`: right in 95 of 100 samples."""
        return CONFIDENCE * self.variance.sqrt() + self.unseen

    def __add__(self, other: "Estimate") -> "Estimate":
        """Return the estimate of both sums together, if they are of different generations."""
        return Estimate(
            self.total + other.total, self.variance + other.variance, self.unseen + other.unseen
        )


@dataclass(frozen=True, slots=True)
class Stratum:
    """What generations of one `choice` came to: all that an estimate over them rests on.

    `exist` counts all, `kept` those on record for any reason. Of those that stand for all (where 1
    in N is on record: those that were drawn) `cost` is what they cost, `dearest` what one of them did
    at most, `amount` the sum that is asked for, and `squares` that of its squares.
    """

    choice: Choice
    exist: Count = Count()
    kept: Count = Count()
    cost: Usd = ZERO
    dearest: Usd = ZERO
    amount: Usd = ZERO
    squares: Decimal = ZERO

    def __add__(self, other: "Stratum") -> "Stratum":
        """Return both together, if they are of one choice and of different generations."""
        return Stratum(
            self.choice,
            self.exist + other.exist,
            self.kept + other.kept,
            self.cost + other.cost,
            max(self.dearest, other.dearest),
            self.amount + other.amount,
            self.squares + other.squares,
        )

    def with_one(self, one: Generation, amount: Usd) -> "Stratum":
        """Return it with a generation that is on record, and the `amount` asked for of it."""
        if isinstance(self.choice, OneIn) and not self.choice.takes(one.id, one.cost):
            return self + Stratum(self.choice, kept=_count(one))
        return self + Stratum(
            self.choice, Count(), _count(one), one.cost, one.cost, amount, amount**2
        )


type Place = tuple[str | None, datetime]
type Hours = Mapping[Place, Sampled]


def coverage(strata: Iterable[Stratum]) -> tuple[Count, Count]:
    """Return how many generations exist, and how many of them are on record, for any reason."""
    exist, kept = Count(), Count()
    for one in strata:
        exist, kept = exist + one.exist, kept + one.kept
    return exist, kept


def estimate(strata: Iterable[Stratum]) -> Estimate:
    """Return what the amount asked for sums up to over all generations.

    It is at most what a generation cost. Horvitz and Thompson's estimate where 1 in N is on
    record: those sent to the queue, which nobody drew, do not count twice.
    """
    found = (
        _drawn(one.choice, one) if isinstance(one.choice, OneIn) else _counted(one)
        for one in together(strata)
    )
    return sum(found, Estimate())


def together(strata: Iterable[Stratum]) -> tuple[Stratum, ...]:
    """Return one stratum for each choice."""
    found: dict[Choice, Stratum] = {}
    for one in strata:
        found[one.choice] = found.get(one.choice, Stratum(one.choice)) + one
    return tuple(found.values())


def existing(hour: Sampled) -> Stratum:
    """Return the stratum of an hour before any generation of it is looked at."""
    return Stratum(hour.choice, exist=hour.exist)


def _drawn(choice: OneIn, told: Stratum) -> Estimate:
    """Return N times what was drawn.

    A few dear requests make most of the costs, and a small sample meets none of them: its own
    spread then says too little. What all requests cost is known, however; by as much as the sample
    misses that, it may miss any part. One more request as dear as the dearest stands for a part
    that was not met at all.
    """
    n, squares = choice.n, told.squares + told.dearest**2
    missed = abs(told.exist.usd - n * told.cost)
    return Estimate(n * told.amount, n * (n - 1) * squares, missed)


def _counted(told: Stratum) -> Estimate:
    """Return what is on record; all that is not there may belong to it."""
    return Estimate(told.amount, unseen=(told.exist - told.kept).usd)


def by_hour(sampled: Iterable[Sampled]) -> Hours:
    """Return each hour of a workspace with what became of its generations."""
    return {(one.workspace, one.hour): one for one in sampled}


def _count(one: Generation) -> Count:
    return Count(1, one.cost)


def place_of(one: Generation) -> Place:
    """Return the workspace and the hour of a generation."""
    hour = one.created_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return one.workspace, hour
