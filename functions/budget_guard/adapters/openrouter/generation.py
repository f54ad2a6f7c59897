"""`GET /generation`: one generation, field by field as in the official SDK (2026-10).

The model that the caller asked for is not among its fields: a router is, and what each provider was
asked to run ("including fallback attempts"). The first of these is what the request wanted, unless a
model was passed over without asking anybody.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import (
    Row,
    cost,
    count,
    each,
    fields_of,
    flag,
    label,
    text,
    time,
    usd,
    within,
)
from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.money import ZERO, Usd

MOST_ATTEMPTS = 100
LONGEST = 256
"""Characters of a name or an id: applications choose some of them."""


def read_generation(answer: Answer, identity: str) -> Generation:
    """Return the generation of this id.

    Tokens are the provider's own ("native") where they are told: they are what is paid for. Raises
    `ProviderConfusing` naming endpoint and field, for another id too.
    """
    with fields_of(answer) as row:
        if text(row, "id") != identity:
            raise UnusableError(field=".id", why="Input should be the id that was asked for")
        return _generation(row)


def _generation(row: Row) -> Generation:
    attempts = _attempts(row)
    served = text(row, "model")
    is_byok = flag(row, "is_byok")
    upstream = _usd(row, "upstream_inference_cost")
    return Generation(
        id=text(row, "id"),
        created_at=_created_at(row),
        workspace=_label(row, "workspace_id"),
        requested=_label(row, "router") or next((a.model for a in attempts if a.model), served),
        served=served,
        provider=_label(row, "provider_name"),
        attempts=attempts,
        figures=_figures(row, (upstream or ZERO) if is_byok else ZERO),
        is_byok=is_byok,
        upstream=upstream,
        # Below 0 where writing to the cache cost more than was saved.
        cache_discount=None if row.get("cache_discount") is None else usd(row, "cache_discount"),
        finish=_label(row, "finish_reason"),
        cancelled=_is(row, "cancelled") or False,
        streamed=_is(row, "streamed"),
        latency=_milliseconds(row),
        session=_label(row, "session_id"),
        external_user=_label(row, "external_user"),
        app=_label(row, "app_id"),
    )


def _created_at(row: Row) -> datetime:
    at = time(row, "created_at")
    if not 2023 <= at.year <= 9000:
        raise UnusableError(field=".created_at", why="Input should be a time since OpenRouter is")
    return at


def _attempts(row: Row) -> tuple[Attempt, ...]:
    told = row.get("provider_responses")
    if told is None:
        return ()
    with within(".provider_responses"):
        return tuple(each(told, _attempt)[:MOST_ATTEMPTS])


def _attempt(row: Row) -> Attempt:
    status = row.get("status")
    return Attempt(
        provider=_label(row, "provider_name") or "unknown",
        status=None if status is None else count(row, "status"),
        model=_label(row, "model_permaslug"),
    )


def _figures(row: Row, byok: Usd) -> Figures:
    return Figures(
        credits=cost(row, "usage"),
        byok=byok,
        requests=1,
        prompt=_tokens(row, ("native_tokens_prompt", "tokens_prompt")),
        completion=_tokens(row, ("native_tokens_completion", "tokens_completion")),
        reasoning=_tokens(row, ("native_tokens_reasoning",)),
        cached=_tokens(row, ("native_tokens_cached",)),
    )


def _tokens(row: Row, names: Sequence[str]) -> int:
    return next((count(row, name) for name in names if row.get(name) is not None), 0)


def _usd(row: Row, name: str) -> Usd | None:
    return None if row.get(name) is None else cost(row, name)


def _milliseconds(row: Row) -> int | None:
    value = row.get("latency")
    if value is None:
        return None
    if not isinstance(value, Decimal) or not 0 <= value < 10**12:
        raise UnusableError(field=".latency", why="Input should be milliseconds")
    return round(value)


def _label(row: Row, name: str) -> str | None:
    told = label(row, name) if name in row else None
    return told and told[:LONGEST]


def _is(row: Row, name: str) -> bool | None:
    return None if row.get(name) is None else flag(row, name)
