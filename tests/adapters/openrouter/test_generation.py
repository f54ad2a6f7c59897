"""GET /generation, on answers that a test writes: what each field means, and which are needed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from budget_guard.domain.costs import Figures
from budget_guard.domain.errors import (
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from budget_guard.domain.generations import Attempt, Generation
from tests.adapters.openrouter.scripted import Script, answer, refusal
from tests.adapters.openrouter.scripted_costs import costs


def told(**fields: Any) -> dict[str, Any]:
    attempts = [
        {"provider_name": "Azure", "status": 503, "model_permaslug": "openai/gpt-5-2025"},
        {"provider_name": "OpenAI", "status": 200, "model_permaslug": "openai/gpt-5-2025"},
    ]
    return {
        "id": "gen-1",
        "created_at": "2026-11-18T10:00:00.123+00:00",
        "model": "openai/gpt-5-2025",
        "provider_name": "OpenAI",
        "provider_responses": attempts,
        "total_cost": 0.5,
        "usage": 0.25,
        "is_byok": False,
        "upstream_inference_cost": 0,
        "cache_discount": -0.01,
        "tokens_prompt": 90,
        "native_tokens_prompt": 100,
        "tokens_completion": 20,
        "native_tokens_completion": None,
        "native_tokens_reasoning": 5,
        "native_tokens_cached": 80,
        "finish_reason": "stop",
        "cancelled": None,
        "streamed": True,
        "latency": 1234.6,
        "session_id": "s1",
        "external_user": None,
        "app_id": 4711,
        "router": None,
        "workspace_id": "w1",
        "a_field_of_tomorrow": {},
        **fields,
    }


def read(body: object = None, **fields: Any) -> Generation:
    return costs(Script(answer(body or {"data": told(**fields)}))).generation("gen-1")


def test_every_field_is_in_its_place() -> None:
    assert read() == Generation(
        "gen-1",
        datetime(2026, 11, 18, 10, 0, 0, 123_000, tzinfo=UTC),
        "w1",
        requested="openai/gpt-5-2025",
        served="openai/gpt-5-2025",
        provider="OpenAI",
        attempts=(
            Attempt("Azure", 503, "openai/gpt-5-2025"),
            Attempt("OpenAI", 200, "openai/gpt-5-2025"),
        ),
        figures=Figures(Decimal("0.25"), Decimal(0), 1, 100, 20, 5, 80),
        is_byok=False,
        upstream=Decimal(0),
        cache_discount=Decimal("-0.01"),
        finish="stop",
        streamed=True,
        latency=1235,
        session="s1",
        app="4711",
    )


def test_it_is_asked_for_by_its_id() -> None:
    script = Script(answer({"data": told()}))
    costs(script).generation("gen-1")
    assert str(script.requests[0].url).endswith("/generation?id=gen-1")


def test_what_byok_cost_upstream_is_its_value() -> None:
    one = read(is_byok=True, upstream_inference_cost=2)
    assert one.figures.byok == one.upstream == 2
    assert one.cost == Decimal("2.25")
    assert read(upstream_inference_cost=2).cost == Decimal("0.25")
    assert read(is_byok=True, upstream_inference_cost=None).upstream is None


def test_the_router_or_the_first_model_tried_is_what_was_requested() -> None:
    other = {"provider_name": "Azure", "status": 400, "model_permaslug": "openai/gpt-6"}
    served = {"provider_name": "OpenAI", "status": 200}
    assert read(provider_responses=[other, served]).requested == "openai/gpt-6"
    assert read(router="openrouter/auto").requested == "openrouter/auto"
    assert read(provider_responses=None).requested == "openai/gpt-5-2025"


def test_what_is_not_told_is_not_made_up() -> None:
    needed = ("id", "created_at", "model", "usage", "is_byok")
    one = read({"data": {name: told()[name] for name in needed}})
    assert (one.provider, one.attempts, one.workspace, one.latency) == (None, (), None, None)
    assert (one.finish, one.cancelled, one.streamed, one.session) == (None, False, None, None)
    assert one.figures == Figures(Decimal("0.25"), requests=1)


def test_a_text_that_an_application_made_endless_is_cut() -> None:
    assert read(session_id="x" * 100_000).session == "x" * 256


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"id": "gen-2"}, "data.id"),
        ({"created_at": "yesterday"}, "data.created_at"),
        ({"created_at": "0001-01-01T00:00:00Z"}, "data.created_at"),
        ({"model": None}, "data.model"),
        ({"usage": None}, "data.usage"),
        ({"usage": -1}, "data.usage"),
        ({"is_byok": "no"}, "data.is_byok"),
        ({"latency": "long"}, "data.latency"),
        ({"latency": -1}, "data.latency"),
        ({"provider_responses": {}}, "data.provider_responses"),
        ({"provider_responses": [{"status": "x"}]}, "data.provider_responses.0.status"),
        ({"native_tokens_prompt": 1.5}, "data.native_tokens_prompt"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ProviderConfusing, match=f"GET /generation was .* unusable `{named}`"):
        read(**fields)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_about_the_generation_and_not_about_the_credential(status: int) -> None:
    with pytest.raises(ProviderRejected, match="GET /generation was answered") as caught:
        costs(Script(refusal(status))).generation("gen-1")
    assert caught.value.status == status


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_that_is_not_openrouters_says_nothing_of_an_id(status: int) -> None:
    page = httpx.Response(status, text="<html>proxy</html>")
    with pytest.raises(ProviderConfusing, match="not in OpenRouter's form"):
        costs(Script(page)).generation("gen-1")


def test_a_wrong_credential_and_an_outage_are_what_they_are_elsewhere() -> None:
    with pytest.raises(ManagementKeyError):
        costs(Script(refusal(401))).generation("gen-1")
    for status in (429, 500, 529):
        with pytest.raises(ProviderUnavailable):
            costs(Script(refusal(status))).generation("gen-1")
