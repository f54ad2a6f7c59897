"""Where costs come from: OpenRouter's analytics and activity. One real adapter, and a fake."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Cost, Figures
from budget_guard.domain.generations import Generation
from budget_guard.domain.money import Usd
from budget_guard.domain.offer import Model


class Grain(StrEnum):
    """The buckets of time that are asked for. Minutes: only within three hours."""

    HOUR = "hour"
    MINUTE = "minute"


class Single(StrEnum):
    """What a question about single generations is by, in place of an `Axis`."""

    GENERATION = "generation_id"


@dataclass(frozen=True, slots=True)
class Offered:
    """What analytics can tell of. `missing` names what it cannot, and what follows, in words.

    An axis that is not in `axes` cannot be asked for, nor `singles` unless so.
    """

    axes: frozenset[Axis]
    missing: tuple[str, ...] = ()
    singles: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """What the keys of a workspace (or one key, by its hash) spent from `begins` until `ends`.

    By generation: the dearest rows first.
    """

    workspace: str
    axis: Axis | Single
    begins: datetime
    ends: datetime
    grain: Grain = Grain.HOUR
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a key, told by its *name*, spent in the bucket that begins at `at`.

    `label` is the model, the provider, or the generation's id. The name is None where a question
    was about one key. `tools` are what tools took of a generation's credits; None: not told.
    """

    at: datetime
    key_name: str | None
    label: str
    figures: Figures
    tools: Usd | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a question; with `is_cut` there are more rows than the answer may have."""

    rows: tuple[Row, ...]
    is_cut: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Models:
    """The models on offer; `warnings` tell in words what of them could not be read."""

    models: tuple[Model, ...]
    warnings: tuple[str, ...] = ()


class CostSource(Protocol):
    """What OpenRouter tells of costs. Every method may raise a `ProviderError`.

    A missing, wrong, revoked or locked-out management key raises `ManagementKeyError`.
    """

    def offered(self) -> Offered:
        """Return what analytics has (`GET /analytics/meta`)."""
        ...

    def ask(self, question: Question) -> Told:
        """Return the rows of a question (`POST /analytics/query`); it can have read too much time.

        Buckets outside of the question's time may be among them.
        """
        ...

    def activity(self, key: str, day: date) -> tuple[Cost, ...]:
        """Return what a key spent on a completed day, by model and provider (`GET /activity`)."""
        ...

    def generation(self, identity: str) -> Generation:
        """Return one generation (`GET /generation`).

        Raises `ProviderRejected` with status 404 for one that is not known (yet), and with 403 for
        one that is somebody else's.
        """
        ...

    def models(self) -> Models:
        """Return all models on offer, at least one (`GET /models`)."""
        ...
