"""The vendor's wire form: objects with every field that the official SDK requires, exact numbers."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from budget_guard.domain.keys import Counters, Settings
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.openrouter.keys import SimulatedKey

_DIGITS = re.compile(r'"\\u0000(-?[0-9.]+)\\u0000"')


def encode(value: object) -> bytes:
    """Return JSON in which a `Decimal` is a number with exactly its digits.

    The standard encoder knows no `Decimal`, hence the marked strings that lose their quotes again.
    """
    text = json.dumps(value, default=_marked)
    return _DIGITS.sub(r"\1", text).encode()


def decode(text: bytes) -> Any:
    """Return the value of a JSON text, fractions as `Decimal`; ValueError if it is none."""
    return json.loads(text, parse_float=Decimal)


def key_row(
    key: SimulatedKey,
    settings: Settings,
    counters: Counters,
    remaining: Usd | None,
    last_used: datetime | None,
) -> dict[str, Any]:
    """Return the Key object of the `/keys` endpoints."""
    return {
        "hash": key.hash,
        "name": key.name,
        "label": key.label,
        "disabled": settings.disabled,
        **_limit(settings, remaining),
        **_usage(counters),
        "created_at": key.created_at.isoformat(),
        "updated_at": _moment(key.updated_at),
        "expires_at": _moment(key.expires_at),
        "last_used_at": _moment(last_used),
        "creator_user_id": key.creator,
        "external_user": key.external_user,
        "workspace_id": key.workspace,
    }


def current_row(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the object of GET /key for an inference key, given its `key_row`."""
    left_out = {"hash", "name", "disabled", "created_at", "updated_at", "last_used_at"}
    kept = {name: value for name, value in row.items() if name not in left_out}
    budget = _key_budget(row, now)
    return {
        **kept,
        **_about_the_account(management=False),
        "budgets": [] if budget is None else [budget],
        "effective_budget": budget,
    }


def management_row() -> dict[str, Any]:
    """Return the object of GET /key for the management key."""
    return {
        "label": "sk-or-v1-man...ment",
        **_limit(Settings(), None),
        **_usage(Counters()),
        **_about_the_account(management=True),
        "creator_user_id": "user_admin",
        "expires_at": None,
        "workspace_id": None,
        "budgets": [],
        "effective_budget": None,
    }


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"\0{value:f}\0"
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _limit(settings: Settings, remaining: Usd | None) -> dict[str, Any]:
    return {
        "limit": settings.limit.amount,
        "limit_remaining": remaining,
        "limit_reset": settings.limit.reset,
        "include_byok_in_limit": settings.include_byok,
    }


def _usage(counters: Counters) -> dict[str, Usd]:
    usage = {"usage": counters.lifetime.credits, "byok_usage": counters.lifetime.byok}
    for window in Window:
        usage[f"usage_{window}"] = counters.of(window).credits
        usage[f"byok_usage_{window}"] = counters.of(window).byok
    return usage


def _key_budget(row: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    if row["limit"] is None:
        return None
    reset = row["limit_reset"]
    return {
        "scope": "key_limit",
        "limit_usd": row["limit"],
        "spend_usd": row["limit"] - row["limit_remaining"],
        "remaining_usd": row["limit_remaining"],
        "reset_interval": reset,
        "resets_at": None if reset is None else _moment(end(reset, now)),
        "include_byok": row["include_byok_in_limit"],
        "guardrail_id": None,
        "budget_id": None,
    }


def _about_the_account(*, management: bool) -> dict[str, Any]:
    return {
        "is_free_tier": False,
        "is_management_key": management,
        "is_provisioning_key": management,
        "organization_id": "org_simulated",
        "allowed_data_regions": ["global"],
        "free_model_daily_requests": {"limit": 1000, "used": 0, "remaining": 1000},
        "rate_limit": {
            "requests": -1,
            "interval": "10s",
            "note": "This field is deprecated and safe to ignore.",
        },
    }
