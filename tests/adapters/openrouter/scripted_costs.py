"""The real adapter of costs on answers that a test writes, without a pace."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx

from budget_guard.adapters.openrouter.costs import HttpCosts
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.axis import Axis
from budget_guard.use_cases.costs.source import Question, Told
from tests.adapters.openrouter.scripted import SECRET, Handler, Script, Seconds, answer

WORKSPACE = "0df9e665-d932-5740-b2c7-b52af166bc11"
TEN = datetime(2026, 11, 18, 10, tzinfo=UTC)
ASKED = Question(WORKSPACE, Axis.MODEL, TEN, TEN.replace(hour=12))
METRICS = (
    "request_count",
    "total_usage",
    "credits_usage",
    "byok_usage",
    "tokens_prompt",
    "tokens_completion",
    "reasoning_tokens",
    "cached_tokens",
    "p90_latency",
)
DIMENSIONS = ("model", "api_key_id", "workspace", "provider", "generation_id")
GRANULARITIES = ("minute", "hour", "day", "week", "month")


def costs(handler: Handler, *, time_left: float = 600.0) -> HttpCosts:
    client = httpx.Client(
        transport=httpx.MockTransport(handler),
        base_url="https://openrouter.invalid/api/v1",
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    transport = Transport(client, time_left=lambda: time_left, clock=Seconds())
    return HttpCosts(transport, queries=lambda: None, days=lambda: None, singles=lambda: None)


def meta(
    *,
    without: Iterable[str] = (),
    metrics: Iterable[str] = METRICS,
    dimensions: Iterable[str] = DIMENSIONS,
    granularities: Iterable[str] = GRANULARITIES,
) -> httpx.Response:
    def named(names: Iterable[str]) -> list[dict[str, Any]]:
        left = [name for name in names if name not in tuple(without)]
        return [{"name": name, "display_label": name.title()} for name in left]

    data = {
        "metrics": [
            {**one, "is_rate": False, "display_format": "number"} for one in named(metrics)
        ],
        "dimensions": named(dimensions),
        "granularities": named(granularities),
        "operators": [{"name": "eq", "value_type": "scalar"}],
    }
    return answer({"data": data})


def told_row(**fields: Any) -> dict[str, Any]:
    return {
        "date__hour": "2026-11-18 10:00:00",
        "api_key_id": "prod-api",
        "model": "openai/gpt-5",
        "credits_usage": 1.25,
        "byok_usage": 0.5,
        "request_count": "7",
        "tokens_prompt": "1000",
        "tokens_completion": "200",
        "reasoning_tokens": "50",
        "cached_tokens": "300",
        **fields,
    }


def rows(*some: object, truncated: object = False, **fields: Any) -> dict[str, Any]:
    metadata = {"query_time_ms": 12, "row_count": len(some), "truncated": truncated}
    return {"data": {"data": list(some), "metadata": metadata, **fields}}


def ask(body: object, *, question: Question = ASKED, known: httpx.Response | None = None) -> Told:
    """Return what the adapter makes of an answer's body."""
    return costs(Script(known or meta(), answer(body))).ask(question)


def sent(script: Script) -> dict[str, Any]:
    """Return the body of the last request."""
    found: dict[str, Any] = json.loads(script.requests[-1].content)
    return found
