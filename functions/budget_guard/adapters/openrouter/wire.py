"""OpenRouter's JSON, as far as the guard uses it; keys are in `keys.py`. Unknown fields are ignored."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from budget_guard.adapters.openrouter.keys import MOST_DIGITS, MOST_USD


def _text(value: object) -> object:
    """Keep a workspace's name usable: half a surrogate pair in one must not blind the guard."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


type Amount = Annotated[Decimal, Field(ge=0, lt=MOST_USD, max_digits=MOST_DIGITS)]
type Text = Annotated[str, BeforeValidator(_text)]
type Identifier = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,128}$")]


class _Wire(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


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
