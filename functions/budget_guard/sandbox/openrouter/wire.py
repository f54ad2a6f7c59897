"""The vendor's wire form: objects with every field that the official SDK requires, exact numbers."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from budget_guard.domain.keys import Counters, Settings
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.key_budget import KeyBudget, effective
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
        "updated_at": moment(key.updated_at),
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(last_used),
        "creator_user_id": key.creator,
        "external_user": key.external_user,
        "workspace_id": key.workspace,
    }


def current_row(row: Mapping[str, Any], now: datetime, budgets: list[KeyBudget]) -> dict[str, Any]:
    """Return the object of GET /key for an inference key, given its `key_row` and its budgets."""
    left_out = {"hash", "name", "disabled", "created_at", "updated_at", "last_used_at"}
    kept = {name: value for name, value in row.items() if name not in left_out}
    blocking = effective(budgets)
    return {
        **kept,
        **_about_the_account(management=False),
        "budgets": [_budget_row(budget, now) for budget in budgets],
        "effective_budget": None if blocking is None else _budget_row(blocking, now),
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


def moment(at: datetime | None) -> str | None:
    """Return a time as the service writes it."""
    return None if at is None else f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"\0{value:f}\0"
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


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


def _budget_row(budget: KeyBudget, now: datetime) -> dict[str, Any]:
    return {
        "scope": budget.scope,
        "limit_usd": budget.limit,
        "spend_usd": budget.spent,
        "remaining_usd": budget.remaining,
        "reset_interval": budget.reset,
        "resets_at": moment(budget.resets_at(now)),
        "include_byok": budget.include_byok,
        "guardrail_id": budget.guardrail,
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
