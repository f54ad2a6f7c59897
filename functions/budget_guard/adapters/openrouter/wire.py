"""OpenRouter's JSON, as far as the guard uses it, and what it means in the guard's words.

Unknown fields are ignored. A missing counter is an error, never 0; so is an unknown reset window.
Field by field as in the OpenAPI file and the official SDK (2026-10).
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings, Spent
from budget_guard.domain.windows import Window

MOST_USD = Decimal(10) ** 13
MOST_DIGITS = 38


def _time(value: object) -> object:
    """Return an ISO 8601 time as UTC; both `...Z` and `...+00:00` occur."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
        usable = moment.tzinfo is not None
        return moment.astimezone(UTC) if usable else value
    except OverflowError:
        return value


def _text(value: object) -> object:
    """Keep a key's name usable: half a surrogate pair in one must not blind the guard."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


type Balance = Annotated[Decimal, Field(gt=-MOST_USD, lt=MOST_USD, max_digits=MOST_DIGITS)]
"""JSON numbers only, read as `Decimal` whether whole or not, and none that is absurd."""
type Amount = Annotated[Decimal, Field(ge=0, lt=MOST_USD, max_digits=MOST_DIGITS)]
type Time = Annotated[datetime, BeforeValidator(_time)]
type Text = Annotated[str, BeforeValidator(_text)]
type Identifier = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,128}$")]
type Reset = Annotated[Window, Field(strict=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class KeyWire(_Wire):
    """A key as `/keys` and `/keys/{hash}` give it."""

    hash: Identifier
    name: Text
    label: Text = ""
    workspace_id: Identifier | None = None
    creator_user_id: Text | None
    expires_at: Time | None = None
    disabled: bool
    limit: Amount | None
    limit_reset: Reset | None
    limit_remaining: Balance | None
    include_byok_in_limit: bool
    usage: Amount
    usage_daily: Amount
    usage_weekly: Amount
    usage_monthly: Amount
    byok_usage: Amount
    byok_usage_daily: Amount
    byok_usage_weekly: Amount
    byok_usage_monthly: Amount

    def to_domain(self, *, workspace: str, began: datetime, at: datetime) -> Reading:
        """Return what was read; `workspace` is where the key is if the answer does not say."""
        return Reading(
            Key(
                hash=self.hash,
                name=self.name,
                workspace=self.workspace_id or workspace,
                label=self.label,
                creator=self.creator_user_id,
                expires_at=self.expires_at,
            ),
            Settings(
                limit=Limit(self.limit, self.limit_reset),
                include_byok=self.include_byok_in_limit,
                disabled=self.disabled,
            ),
            self._counters(),
            self.limit_remaining,
            began=began,
            at=at,
        )

    def _counters(self) -> Counters:
        return Counters(
            Spent(self.usage, self.byok_usage),
            {
                Window.DAILY: Spent(self.usage_daily, self.byok_usage_daily),
                Window.WEEKLY: Spent(self.usage_weekly, self.byok_usage_weekly),
                Window.MONTHLY: Spent(self.usage_monthly, self.byok_usage_monthly),
            },
        )


class KeyPage(_Wire):
    """The answer of `GET /keys`."""

    data: list[KeyWire]


class OneKey(_Wire):
    """The answer of `GET` and `PATCH /keys/{hash}`."""

    data: KeyWire


class WorkspaceWire(_Wire):
    """A workspace as `/workspaces` gives it."""

    id: Identifier
    name: Text


class WorkspacePage(_Wire):
    """The answer of `GET /workspaces`."""

    data: list[WorkspaceWire]
    total_count: Decimal | None = Field(default=None, ge=0)


class CreditsWire(_Wire):
    """Bought and used credits of the account's whole life, in USD."""

    total_credits: Amount
    total_usage: Amount


class Credits(_Wire):
    """The answer of `GET /credits`."""

    data: CreditsWire


class OwnKeyWire(_Wire):
    """What `/key` says of the credential's kind; the second name is the deprecated one."""

    is_management_key: bool | None = None
    is_provisioning_key: bool | None = None


class OwnKey(_Wire):
    """The answer of `GET /key`."""

    data: OwnKeyWire
