"""What analytics can count and group by, as the official skill "openrouter-analytics-schema" says.

The OpenAPI file names none of it: callers are to ask GET /analytics/meta.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from budget_guard.domain.money import ZERO, Usd
from budget_guard.sandbox.openrouter.endpoints import app_number
from budget_guard.sandbox.openrouter.generations import Generation

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

type Figure = int | Decimal | None
"""A count, an amount or a rate; None for a component of the cost that nothing used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What can be asked of a group of generations. `recent`: for ranges of 31 days at most."""

    label: str
    of: Callable[[Sequence[Generation]], Figure]
    format: Literal["number", "currency", "percent", "latency"] = "number"
    is_rate: bool = False
    recent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """What generations can be grouped and filtered by: the value that filters take.

    `recent`: for ranges of 31 days at most. `unset`: some generations have no value (None).
    """

    label: str
    of: Callable[[Generation], str | int | None]
    recent: bool = False
    unset: bool = False


def _count(label: str, of: Callable[[Generation], int]) -> Metric:
    return Metric(label=label, of=lambda group: sum(map(of, group)))


def _usd(label: str, of: Callable[[Generation], Usd], *, recent: bool = False) -> Metric:
    return Metric(
        label=label, of=lambda group: sum(map(of, group), ZERO), format="currency", recent=recent
    )


def _component(label: str, of: Callable[[Generation], Usd], *, recent: bool = False) -> Metric:
    return Metric(
        label=label,
        of=lambda group: sum(map(of, group), ZERO) or None,
        format="currency",
        recent=recent,
    )


def _upstream(one: Generation) -> Usd:
    return one.byok if one.is_byok else one.cost - one.tools + one.work.cache_discount


def _hit_rate(group: Sequence[Generation]) -> Decimal:
    prompt = sum(one.tokens.prompt for one in group)
    return Decimal(sum(one.tokens.cached for one in group)) / prompt if prompt else ZERO


def _average_latency(group: Sequence[Generation]) -> Decimal:
    return Decimal(sum(one.latency for one in group)) / len(group)


def _nothing(_: Generation) -> Usd:
    return ZERO


METRICS = {
    "request_count": _count("Request Count", lambda _: 1),
    "byok_request_count": _count("BYOK Request Count", lambda one: int(one.is_byok)),
    "tokens_total": _count("Total Tokens", lambda one: one.tokens.prompt + one.tokens.completion),
    "tokens_prompt": _count("Prompt Tokens", lambda one: one.tokens.prompt),
    "tokens_completion": _count("Completion Tokens", lambda one: one.tokens.completion),
    "reasoning_tokens": _count("Reasoning Tokens", lambda one: one.tokens.reasoning),
    "cached_tokens": _count("Cached Tokens", lambda one: one.tokens.cached),
    "total_usage": _usd("Total Usage", lambda one: one.cost + one.byok),
    "credits_usage": _usd("Credits Usage", lambda one: one.cost),
    "byok_usage": _usd("BYOK Usage", lambda one: one.byok),
    "openrouter_usage": _usd(
        "OpenRouter Usage", lambda one: ZERO if one.is_byok else one.cost, recent=True
    ),
    "byok_fees": _usd("BYOK Fees", lambda one: one.cost if one.is_byok else ZERO, recent=True),
    "usage_upstream": _component("Upstream", _upstream),
    "usage_cache": _component("Cache", lambda one: -one.work.cache_discount),
    "usage_data": _component("Data Discount", _nothing),
    "usage_web": _component("Web Search", lambda one: one.tools),
    "usage_upstream_web": _component("Upstream Web Search", lambda one: one.tools),
    "usage_file": _component("File Processing", _nothing, recent=True),
    "usage_upstream_file": _component("Upstream File Processing", _nothing, recent=True),
    "usage_web_fetch": _component("Web Fetch", _nothing, recent=True),
    "usage_upstream_web_fetch": _component("Upstream Web Fetch", _nothing, recent=True),
    "cache_hit_rate": Metric(label="Cache Hit Rate", of=_hit_rate, format="percent", is_rate=True),
    "avg_latency": Metric(
        label="Average Latency", of=_average_latency, format="latency", is_rate=True, recent=True
    ),
}
"""Those of the skill that the simulated account can answer, guardrails and percentiles left out."""


def _variant(one: Generation) -> str:
    _, _, variant = one.work.model.partition(":")
    return variant or "standard"


def _app(one: Generation) -> int | None:
    return None if one.work.app is None else app_number(one.work.app)


def _context(one: Generation) -> str:
    sizes = ((1_000, "1K"), (10_000, "10K"), (100_000, "100K"))
    return next((name for most, name in sizes if one.tokens.prompt <= most), "1M")


DIMENSIONS = {
    "model": Dimension(label="Model", of=lambda one: one.served),
    "variant": Dimension(label="Variant", of=_variant),
    "api_key_id": Dimension(label="API Key", of=lambda one: one.hash),
    "user": Dimension(label="User", of=lambda one: one.creator, unset=True),
    "workspace": Dimension(label="Workspace", of=lambda one: one.workspace),
    "app": Dimension(label="App", of=_app, unset=True),
    "generation_id": Dimension(label="Generation", of=lambda one: one.id, recent=True),
    "session_id": Dimension(
        label="Session", of=lambda one: one.work.session, recent=True, unset=True
    ),
    "provider": Dimension(
        label="Provider", of=lambda one: one.work.provider, recent=True, unset=True
    ),
    "origin": Dimension(label="Origin", of=lambda one: one.work.origin, recent=True),
    "country": Dimension(label="Country", of=lambda _: "US", recent=True),
    "finish_reason": Dimension(
        label="Finish Reason", of=lambda one: one.work.finish, recent=True, unset=True
    ),
    "external_user": Dimension(
        label="External User", of=lambda one: one.user, recent=True, unset=True
    ),
    "context_length_bucket": Dimension(label="Context Length", of=_context, recent=True),
}


def names(unknown: frozenset[str]) -> dict[str, Any]:
    """Return what GET /analytics/meta says of metrics and dimensions, those `unknown` left out."""
    metrics = [
        {
            "name": name,
            "display_label": metric.label,
            "is_rate": metric.is_rate,
            "display_format": metric.format,
        }
        for name, metric in METRICS.items()
        if name not in unknown
    ]
    dimensions = [
        {"name": name, "display_label": dimension.label}
        for name, dimension in DIMENSIONS.items()
        if name not in unknown
    ]
    return {"metrics": metrics, "dimensions": dimensions}


def columns(account: "Account", name: str, one: Generation) -> dict[str, Any]:
    """Return what a row shows of a dimension: for keys, users, workspaces, apps a name, not the id.

    What models are called is another thing than what filters take, in some of OpenRouter's papers.

    `user` makes two columns, and the id is in neither (cookbook "Control Costs with Analytics").
    """
    match name:
        case "model" if (form := account.behaviour.analytics_models) != "permaslug":
            return {name: account.catalog.called(one.served, one.created_at, form)}
        case "api_key_id":
            return {name: account.keys[one.hash].name}
        case "workspace":
            return {name: account.workspaces.row(one.workspace)["name"]}
        case "app":
            return {name: one.work.app}
        case "user":
            email = None if one.creator is None else f"{one.creator}@example.com"
            return {"user": None, "user_email": email}
        case _:
            return {name: DIMENSIONS[name].of(one)}
