"""What a function URL answers: JSON, with amounts as text so that every digit survives."""

import json
from datetime import timedelta
from typing import Any

from budget_guard.use_cases.headroom import Headroom


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form that Lambda makes HTTP of."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}


def told(found: Headroom) -> dict[str, Any]:
    """Return what an application is told of a key; `budget_guard.client` reads it."""
    return {
        "key": found.key,
        "headroom_usd": None if found.headroom is None else f"{found.headroom:f}",
        "observed_at": found.observed_at.isoformat(),
        "age_seconds": found.age // timedelta(seconds=1),
        "resets_at": found.resets_at.isoformat() if found.resets_at else None,
        "budget": found.budget,
        "window": found.window,
        "owner": found.owner,
        "state": found.state,
    }
