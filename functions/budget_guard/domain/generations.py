"""Single generations: what one request cost, who served it, and what applications said of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from budget_guard.domain.costs import Figures
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import Usd

KEPT = timedelta(days=35)
"""So long is a generation on record after it was made."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a provider answered (an HTTP status); `model` is what it was asked to run."""

    provider: str
    status: int | None = None
    model: str | None = None

    @property
    def failed(self) -> bool:
        """Tell whether the provider is known to have refused or broken off."""
        return self.status is not None and not 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Remark:
    """What an application said, and when."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What applications said of a generation: job, user, outcome, whose key it was (a hash).

    `model` is what they asked for: OpenRouter's own record does not have it.
    """

    job: Remark | None = None
    user: Remark | None = None
    outcome: Remark | None = None
    key: Remark | None = None
    model: Remark | None = None

    def __or__(self, other: "Said") -> "Said":
        """Return both together, in whichever order they came: of each the later remark."""
        return Said(
            _later(self.job, other.job),
            _later(self.user, other.user),
            _later(self.outcome, other.outcome),
            _later(self.key, other.key),
            _later(self.model, other.model),
        )


UNSAID = Said()


@dataclass(frozen=True, slots=True)
class Generation:
    """One request as OpenRouter tells of it, in USD, tokens and milliseconds.

    `served` is the model that answered. `requested` is the router, or the model that the first
    provider was asked for: what the caller asked for is only known where the application `said` it.
    `figures.byok` is `upstream` where the provider key was one's own. `key` (a hash, or `?`
    and a name) and `tools` (USD of `figures.credits`) are known where analytics told them:
    OpenRouter's own record of a generation has neither. None: not told.
    """

    id: str
    created_at: datetime
    workspace: str | None
    requested: str
    served: str
    provider: str | None
    attempts: tuple[Attempt, ...]
    figures: Figures
    is_byok: bool = False
    upstream: Usd | None = None
    cache_discount: Usd | None = None
    finish: str | None = None
    cancelled: bool = False
    streamed: bool | None = None
    latency: int | None = None
    session: str | None = None
    external_user: str | None = None
    app: str | None = None
    key: str | None = None
    tools: Usd | None = None
    said: Said = field(default_factory=Said)

    @property
    def cost(self) -> Usd:
        """Return what it came to (USD): credits, and BYOK at its list price."""
        return self.figures.credits + self.figures.byok

    @property
    def user(self) -> str | None:
        """Return whom it was for: as the application said, else as OpenRouter was told."""
        return self.said.user.text if self.said.user else self.external_user

    @property
    def spender(self) -> str | None:
        """Return the hash of its key: as analytics told it, else as an application said."""
        if self.said.key and (self.key is None or self.key.startswith(UNKNOWN)):
            return self.said.key.text
        return self.key

    def with_what_is_known(
        self, said: Said = UNSAID, key: str | None = None, tools: Usd | None = None
    ) -> "Generation":
        """Return it with more of what OpenRouter's own record lacks; nothing known is lost."""
        return replace(
            self,
            said=self.said | said,
            key=self.key if key is None or (self.key and key.startswith(UNKNOWN)) else key,
            tools=self.tools if tools is None else tools,
        )


def _later(one: Remark | None, other: Remark | None) -> Remark | None:
    remarks = [remark for remark in (one, other) if remark]
    return max(remarks, key=lambda remark: (remark.at, remark.text), default=None)
