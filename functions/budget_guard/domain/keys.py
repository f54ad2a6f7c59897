"""An OpenRouter API key as the vendor describes it: who it is, its settings, its counters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window

UNKNOWN = "?"
"""Before the name of a key whose hash nobody knows: a deleted one, or one of OAuth."""


@dataclass(frozen=True, slots=True)
class Key:
    """Who a key is. `hash` identifies it; `name` is neither unique nor lasting.

    `workspace` is the workspace's id; `creator` the user's id, None for a workspace-owned key.
    `created_on` is the day (UTC) that it was made on; None where that is not known. `lineage` is
    the name of its lineage where it is a generation of one: by that budgets know it.
    """

    hash: str
    name: str
    workspace: str
    label: str = ""
    creator: str | None = None
    expires_at: datetime | None = None
    created_on: date | None = None
    lineage: str | None = None

    @property
    def known_as(self) -> str:
        """Return the name that budgets go by: its lineage's, else its own."""
        return self.lineage or self.name


@dataclass(frozen=True, slots=True)
class Limit:
    """What OpenRouter refuses beyond: USD (None: no limit) in a window (None: for ever).

    The two are one field: an amount means nothing without its window.
    """

    amount: Usd | None = None
    reset: Window | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a key that the guard may change."""

    limit: Limit = field(default_factory=Limit)
    include_byok: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """One pair of counters: OpenRouter credits, and external BYOK at list price (USD)."""

    credits: Usd = ZERO
    byok: Usd = ZERO

    def counted(self, *, include_byok: bool) -> Usd:
        """Return what counts towards a limit that does, or does not, include BYOK."""
        return self.credits + self.byok if include_byok else self.credits

    def at_least(self, other: "Spent") -> "Spent":
        """Return the greater of each counter."""
        return Spent(max(self.credits, other.credits), max(self.byok, other.byok))


@dataclass(frozen=True, slots=True)
class Counters:
    """What a key has spent in its lifetime and in the current instance of each window."""

    lifetime: Spent = field(default_factory=Spent)
    windows: Mapping[Window, Spent] = field(default_factory=dict)

    def of(self, window: Window | None) -> Spent:
        """Return the counters of `window`; of the lifetime for None."""
        return self.lifetime if window is None else self.windows.get(window, Spent())

    def towards(self, settings: Settings) -> Usd:
        """Return what counts towards the limit of these settings."""
        return self.of(settings.limit.reset).counted(include_byok=settings.include_byok)


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer about one key.

    `at` is OpenRouter's time (the answer's `Date`), `began` a time at which the request had
    certainly not reached OpenRouter, on the same clock. Rows of listings with one `fingerprint` say
    the same of the same key, word for word; it is "" if it was not taken.
    """

    key: Key
    settings: Settings
    counters: Counters
    limit_remaining: Usd | None
    began: datetime
    at: datetime
    fingerprint: str = field(default="", compare=False)
