"""Which generations are on record, of how many there are; and what follows for all of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from budget_guard.domain.generations import Generation
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.policy import Choice, OneIn

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


type Amount = Callable[[Generation], Usd]
type Place = tuple[str | None, datetime]
type Hours = Mapping[Place, Sampled]


def coverage(sampled: Iterable[Sampled], kept: Iterable[Generation]) -> tuple[Count, Count]:
    """Return how many generations exist, and how many of them are on record, for any reason."""
    hours = by_hour(sampled)
    on_record = sum((_count(one) for one in kept if place_of(one) in hours), Count())
    return _exist(hours), on_record


def estimate(sampled: Iterable[Sampled], kept: Iterable[Generation], of: Amount) -> Estimate:
    """Return what `of` sums up to over all generations of these hours.

    `of` is at most what a generation cost. Horvitz and Thompson's estimate where 1 in N is on
    record: those sent to the queue, which nobody drew, do not count twice.
    """
    hours = by_hour(sampled)
    of_choice: dict[Choice, list[Generation]] = {one.choice: [] for one in hours.values()}
    for one in kept:
        if place_of(one) in hours:
            of_choice[hours[place_of(one)].choice].append(one)
    found = Estimate()
    for choice, some in of_choice.items():
        mine = {place: one for place, one in hours.items() if one.choice == choice}
        if isinstance(choice, OneIn):
            found += _drawn(choice, mine, [g for g in some if choice.takes(g.id, g.cost)], of)
        else:
            found += _counted(mine, some, of)
    return found


def _drawn(choice: OneIn, hours: Hours, drawn: list[Generation], of: Amount) -> Estimate:
    """Return N times what was drawn.

    A few dear requests make most of the costs, and a small sample meets none of them: its own
    spread then says too little. What all requests cost is known, however; by as much as the sample
    misses that, it may miss any part. One more request as dear as the dearest stands for a part
    that was not met at all.
    """
    n, costs = choice.n, [one.cost for one in drawn]
    squares = sum((of(one) ** 2 for one in drawn), max(costs, default=ZERO) ** 2)
    missed = abs(_exist(hours).usd - n * sum(costs, ZERO))
    return Estimate(n * sum(map(of, drawn), ZERO), n * (n - 1) * squares, missed)


def _counted(hours: Hours, kept: list[Generation], of: Amount) -> Estimate:
    """Return what is on record; all that is not there may belong to it."""
    on_record = sum((_count(one) for one in kept), Count())
    return Estimate(sum(map(of, kept), ZERO), unseen=(_exist(hours) - on_record).usd)


def _exist(hours: Hours) -> Count:
    return sum((one.exist for one in hours.values()), Count())


def by_hour(sampled: Iterable[Sampled]) -> Hours:
    """Return each hour of a workspace with what became of its generations."""
    return {(one.workspace, one.hour): one for one in sampled}


def _count(one: Generation) -> Count:
    return Count(1, one.cost)


def place_of(one: Generation) -> Place:
    """Return the workspace and the hour of a generation."""
    hour = one.created_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return one.workspace, hour
