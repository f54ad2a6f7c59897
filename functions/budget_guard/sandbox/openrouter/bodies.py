"""What the management API accepts in a body, checked as the official OpenAPI file says."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    ValidationError,
)

from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.refusals import Refusal, Shape


def number(value: object) -> object:
    """Pass what JSON calls a number; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        message = "Expected number"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns ValueError into an issue
    return value


def _moment(value: object) -> object:
    if isinstance(value, str) and (len(value) < 20 or value[16] != ":"):
        message = "Expected an ISO 8601 time with seconds"
        raise ValueError(message)
    return value


def _utc(value: datetime) -> datetime:
    if value.utcoffset() != timedelta(0):
        message = "Expected UTC"
        raise ValueError(message)
    return value.astimezone(UTC)


type Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), BeforeValidator(number)]
type Name = Annotated[str, Field(min_length=1)]
type Hashes = Annotated[
    list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]], Field(min_length=1, max_length=100)
]
type Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_utc)]


class Body(BaseModel):
    """Unknown fields are ignored, as the official SDK says of PATCH."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Limited(Body):
    limit: Amount | None = None
    limit_reset: Window | None = None


class External(Body):
    """The partner's user to whom a key is attributed, and a secret of theirs, which is not kept."""

    user: Name
    api_key: Annotated[SecretStr, Field(min_length=32)] | None = None


class NewKey(_Limited):
    """The body of POST /keys."""

    name: Name
    include_byok_in_limit: StrictBool = False
    expires_at: Moment | None = None
    creator_user_id: str | None = None
    workspace_id: str | None = None
    external: External | None = None


class KeyPatch(_Limited):
    """The body of PATCH /keys/{hash}; only `model_fields_set` was asked for."""

    name: Name = "unchanged"
    disabled: StrictBool = False
    include_byok_in_limit: StrictBool = False
    workspace_id: str = ""


def parsed[Body: BaseModel](model: type[Body], body: Mapping[str, Any]) -> Body:
    """Return the body in its type; refused with 400 in the shape of a failed schema check."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        issues = error.errors(include_url=False, include_context=False, include_input=False)
        raise Refusal(400, json.dumps(issues), shape=Shape.ZOD) from error


def changes(asked: Body) -> dict[str, Any]:
    """Return the fields that a PATCH asked for; refused with 400 when there is none."""
    fields = asked.model_dump(include=asked.model_fields_set)
    if not fields:
        raise Refusal(400, "No update fields provided")
    return fields


def whole_number(text: str | None, default: int, *, least: int, most: int | None = None) -> int:
    """Return a query parameter; refused with 400 when it is no whole number in its range."""
    if text is None:
        return default
    if not text.isdecimal() or not least <= int(text) <= (int(text) if most is None else most):
        raise Refusal(400, json.dumps([{"message": "Expected a whole number"}]), shape=Shape.ZOD)
    return int(text)
