"""Who spent what, on which model, served by whom, as OpenRouter's analytics and activity tell it.

The counters of `/keys` say how much; this says on what. Money is USD, hours and days are UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime

from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import ZERO, Usd


@dataclass(frozen=True, slots=True)
class Figures:
    """What requests came to together: USD charged to credits (BYOK fees too), and tokens.

    `byok` is the value (USD, list price) of inference on a provider key of one's own: it is not in
    `credits`. `reasoning` and `cached` tokens are parts of `completion` and `prompt`.
    """

    credits: Usd = ZERO
    byok: Usd = ZERO
    requests: int = 0
    prompt: int = 0
    completion: int = 0
    reasoning: int = 0
    cached: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Return what both came to."""
        return Figures(
            self.credits + other.credits,
            self.byok + other.byok,
            self.requests + other.requests,
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.reasoning + other.reasoning,
            self.cached + other.cached,
        )

    def __sub__(self, other: "Figures") -> "Figures":
        """Return what is in this beyond the other."""
        return self + Figures(*(-getattr(other, one.name) for one in fields(other)))


NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a key spent on one model, or with one provider; in an activity row both are known.

    `key` is its hash, or `?` and its name where the hash is not known.
    """

    key: str
    figures: Figures
    model: str | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class CostHour:
    """The costs of a workspace in the hour that begins at `hour`, as told at `at`.

    `models` and `providers` are the same money, split by each. Where there are many rows, they lie
    in several records: this is number `part` of `parts`.
    """

    workspace: str
    hour: datetime
    at: datetime
    models: tuple[Cost, ...]
    providers: tuple[Cost, ...]
    part: int = 0
    parts: int = 1

    def same_costs(self, other: "CostHour") -> bool:
        """Tell whether nothing differs but when it was told."""
        mine, theirs = (self.models, self.providers), (other.models, other.providers)
        return (mine, self.part, self.parts) == (theirs, other.part, other.parts)


@dataclass(frozen=True, slots=True)
class CostDay:
    """The costs of a completed day, of the keys of one `part` (see `part_of`), as told at `at`.

    It counts once it is `closed`: two reads at least six hours apart were the same. Of keys whose
    hash is not known it has what the hours said.
    """

    day: date
    part: str
    at: datetime
    rows: tuple[Cost, ...]
    closed: bool = False


ACTIVITY = "activity"


@dataclass(frozen=True, slots=True)
class CostsRead:
    """How far a source was read at `at`: a workspace's hours, or the closed days of `ACTIVITY`.

    All before `until` was read, from `since` on.
    """

    source: str
    since: datetime
    until: datetime
    at: datetime


def part_of(key: str) -> str:
    """Return the part of a day that a key's costs lie in: 256 of known keys, one of the others."""
    return UNKNOWN if key.startswith(UNKNOWN) else key[:2].lower()


def value(figures: Figures) -> Usd:
    """Return what it cost in all (USD): credits, and BYOK at its list price."""
    return figures.credits + figures.byok


def summed[K](rows: Iterable[tuple[K, Figures]]) -> dict[K, Figures]:
    """Return the sum of the figures under each label."""
    found: dict[K, Figures] = {}
    for label, figures in rows:
        found[label] = found.get(label, NOTHING) + figures
    return found


def total(rows: Iterable[Cost]) -> tuple[Cost, ...]:
    """Return one row for each key and label, in order: what the rows of equal labels come to."""
    found = summed(((one.key, one.model, one.provider), one.figures) for one in rows)
    ordered = sorted(found, key=lambda place: tuple(text or "" for text in place))
    return tuple(
        Cost(key, found[key, model, provider], model, provider) for key, model, provider in ordered
    )
