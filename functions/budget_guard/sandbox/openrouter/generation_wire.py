"""GET /generation: one generation as the official SDK's models require it."""

from typing import Any

from budget_guard.sandbox.openrouter.endpoints import app_number, endpoint
from budget_guard.sandbox.openrouter.generations import Generation
from budget_guard.sandbox.openrouter.work import Attempt


def generation_row(one: Generation) -> dict[str, Any]:
    """Return the object in `data`; the key it was made with is not in it, as in the real one."""
    return {
        **_about(one),
        **_costs(one),
        **_tokens(one),
        **_serving(one),
        "num_fetches": 0,
        "num_input_audio_prompt": 0,
        "num_media_completion": 0,
        "num_media_prompt": 0,
        "num_search_results": 5 if one.tools else 0,
        "web_search_engine": "exa" if one.tools else None,
    }


def _about(one: Generation) -> dict[str, Any]:
    work = one.work
    return {
        "id": one.id,
        "created_at": one.created_at.isoformat(),
        "request_id": one.id.replace("gen-", "req-"),
        "session_id": work.session,
        "external_user": one.user,
        "app_id": None if work.app is None else app_number(work.app),
        "origin": work.origin,
        "http_referer": work.origin or None,
        "user_agent": None,
        "workspace_id": one.workspace,
        "preset_id": None,
        "response_cache_source_id": None,
    }


def _costs(one: Generation) -> dict[str, Any]:
    return {
        "total_cost": one.cost,
        "usage": one.cost,
        "is_byok": one.is_byok,
        "upstream_inference_cost": one.byok if one.is_byok else None,
        "cache_discount": one.work.cache_discount or None,
    }


def _tokens(one: Generation) -> dict[str, Any]:
    tokens = one.tokens
    return {
        "tokens_prompt": tokens.prompt,
        "tokens_completion": tokens.completion,
        "native_tokens_prompt": tokens.prompt,
        "native_tokens_completion": tokens.completion,
        "native_tokens_completion_images": 0,
        "native_tokens_reasoning": tokens.reasoning,
        "native_tokens_cached": tokens.cached,
    }


def _serving(one: Generation) -> dict[str, Any]:
    work = one.work
    return {
        "api_type": "completions",
        "model": one.served,
        "provider_name": work.provider,
        "provider_responses": [_answer(one, attempt) for attempt in one.attempts],
        "router": one.router,
        "service_tier": None,
        "data_region": "global",
        "upstream_id": f"chatcmpl-{one.id}",
        "finish_reason": work.finish,
        "native_finish_reason": work.finish,
        "cancelled": work.cancelled,
        "streamed": work.streamed,
        "latency": one.latency,
        "generation_time": one.latency,
        "moderation_latency": None,
    }


def _answer(one: Generation, attempt: Attempt) -> dict[str, Any]:
    return {
        "provider_name": attempt.provider,
        "status": attempt.status,
        "latency": attempt.latency,
        "is_byok": one.is_byok and attempt.status == 200,
        "model_permaslug": attempt.model,
        "endpoint_id": endpoint(attempt.model, attempt.provider),
    }
