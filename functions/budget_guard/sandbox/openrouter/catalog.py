"""The models on offer and what they cost, at any moment: prices change and models go away."""

from bisect import insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from budget_guard.domain.money import ZERO, Usd

ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model, found by its `id` (slug) and by its `canonical_slug` (permaslug).

    `name` is for display (its id if not given). `outputs` are what it answers in: GET /models lists
    only those that answer in text unless it is asked for others. `alias_of` is the id of the model
    that an alias stands for. `pricing` and `overrides` are as the wire has them: prices are decimal strings, in USD per token
    (`request` per request, `web_search` per search); the price is multiplied by (1 - `discount`).
    """

    id: str
    canonical_slug: str
    pricing: Mapping[str, str]
    overrides: tuple[Mapping[str, Any], ...] = ()
    discount: Decimal | None = None
    expiration_date: date | None = None
    context_length: int = 128_000
    name: str = ""
    outputs: tuple[str, ...] = ("text",)
    alias_of: str | None = None

    def price(self, what: str) -> Usd:
        """Return one of the prices under ordinary conditions, 0 if the model has none."""
        return Decimal(self.pricing.get(what, "0")) * (1 - (self.discount or ZERO))


MODELS = (
    Model(
        id="openai/gpt-4.1",
        name="OpenAI: GPT-4.1",
        canonical_slug="openai/gpt-4.1-2025-04-14",
        pricing={
            "prompt": "0.000002",
            "completion": "0.000008",
            "request": "0",
            "input_cache_read": "0.0000005",
            "web_search": "0.01",
        },
    ),
    Model(
        id="openai/gpt-4.1-mini",
        name="OpenAI: GPT-4.1 Mini",
        canonical_slug="openai/gpt-4.1-mini-2025-04-14",
        pricing={
            "prompt": "0.0000004",
            "completion": "0.0000016",
            "request": "0",
            "input_cache_read": "0.0000001",
            "web_search": "0.01",
        },
    ),
    Model(
        id="anthropic/claude-sonnet-4",
        name="Anthropic: Claude Sonnet 4",
        canonical_slug="anthropic/claude-4-sonnet-20250522",
        pricing={
            "prompt": "0.000003",
            "completion": "0.000015",
            "request": "0",
            "input_cache_read": "0.0000003",
            "input_cache_write": "0.00000375",
            "web_search": "0.01",
        },
        overrides=(
            {"min_prompt_tokens": 200_000, "prompt": "0.000006", "completion": "0.0000225"},
        ),
    ),
    Model(
        id="anthropic/claude-opus-4",
        canonical_slug="anthropic/claude-4-opus-20250522",
        pricing={
            "prompt": "0.000015",
            "completion": "0.000075",
            "request": "0",
            "input_cache_read": "0.0000015",
            "input_cache_write": "0.00001875",
            "web_search": "0.01",
        },
    ),
    Model(
        id="deepseek/deepseek-chat",
        name="DeepSeek: DeepSeek V3",
        canonical_slug="deepseek/deepseek-chat-v3",
        pricing={"prompt": "0.00000027", "completion": "0.0000011", "request": "0"},
        overrides=(
            {
                "utc_start": 1630,
                "utc_end": 30,
                "prompt": "0.000000135",
                "completion": "0.00000055",
            },
        ),
    ),
)
"""Five models with ordinary, cache, long-context and night prices; made up, like their use."""


@dataclass(slots=True)
class Catalog:
    """Every change of the offer, each from its moment on; moments to come are known only here."""

    _changes: list[tuple[datetime, str, Model | None]] = field(
        default_factory=lambda: [(ALWAYS, model.id, model) for model in MODELS]
    )

    def put(self, *models: Model, at: datetime = ALWAYS) -> None:
        """Offer these models from `at` on, in place of those with the same id."""
        for model in models:
            self._change(at, model.id, model)

    def withdraw(self, identity: str, *, at: datetime) -> None:
        """Offer the model with this id no more, from `at` on."""
        self._change(at, identity, None)

    def shown(self, at: datetime) -> list[Model]:
        """Return what is on offer at `at`, in the order in which the models first came."""
        offer = {identity: model for since, identity, model in self._changes if since <= at}
        return [model for model in offer.values() if model is not None]

    def named(self, name: str, at: datetime) -> Model | None:
        """Return the model with this slug or permaslug; None if it is not on offer at `at`."""
        for model in self.shown(at):
            if name in (model.id, model.canonical_slug):
                return model
        return None

    def called(self, name: str, at: datetime, form: Literal["permaslug", "name", "slug"]) -> str:
        """Return what a model is called in a form; the name as it is if it is not on offer."""
        model = self.named(name, at)
        if model is None:
            return name
        names = {"permaslug": model.canonical_slug, "name": model.name or model.id}
        return names.get(form, model.id)

    def page(
        self, at: datetime, offset: int, limit: int | None, outputs: Collection[str] = ("text",)
    ) -> dict[str, Any]:
        """Return the answer of GET /models; all models after `offset` without a limit.

        Only those that answer in one of `outputs`; in anything where "all" is among them.
        """
        models = [one for one in self.shown(at) if {"all", *one.outputs} & set(outputs)]
        end = len(models) if limit is None else offset + limit
        following = f"/api/v1/models?offset={end}&limit={limit}" if end < len(models) else None
        return {
            "data": [_row(model) for model in models[offset:end]],
            "total_count": len(models),
            "links": {"next": following},
        }

    def _change(self, at: datetime, identity: str, model: Model | None) -> None:
        insort(self._changes, (at, identity, model), key=lambda change: change[0])


def _row(model: Model) -> dict[str, Any]:
    expires, target = model.expiration_date, model.alias_of
    alias = {} if target is None else {"alias_target": {"slug": target, "name": target}}
    return {
        **alias,
        "id": model.id,
        "canonical_slug": model.canonical_slug,
        "name": model.name or model.id,
        "created": 1_744_588_800,
        "context_length": model.context_length,
        "architecture": {
            "input_modalities": ["text"],
            "modality": "text->text",
            "output_modalities": list(model.outputs),
        },
        "default_parameters": None,
        "expiration_date": None if expires is None else expires.isoformat(),
        "links": {"details": f"/api/v1/models/{model.canonical_slug}/endpoints"},
        "per_request_limits": None,
        "pricing": _pricing(model),
        "supported_parameters": ["max_tokens"],
        "supported_voices": None,
        "top_provider": {"is_moderated": False},
    }


def _pricing(model: Model) -> dict[str, Any]:
    pricing: dict[str, Any] = dict(model.pricing)
    if model.discount is not None:
        pricing["discount"] = model.discount
    if model.overrides:
        pricing["overrides"] = [dict(one) for one in model.overrides]
    return pricing
