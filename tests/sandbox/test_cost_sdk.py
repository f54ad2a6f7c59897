"""The contract of the costs: what the official SDK calls and parses, over real HTTP."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import ChatResult, ChatUserMessage
from openrouter.operations import GetUserActivityRequest

from budget_guard.sandbox.openrouter import Account, Behaviour, Model, Tokens, Work
from tests.sandbox import sdk

pytestmark = sdk.marks

DAY = timedelta(days=1)
WORK = Work(
    model="anthropic/claude-sonnet-4",
    provider="Anthropic",
    failed=("Amazon Bedrock", "Google"),
    tokens=Tokens(prompt=900, completion=120, reasoning=40, cached=300),
    tools=Decimal("0.01"),
    cache_discount=Decimal("0.0002"),
    finish="length",
    cancelled=True,
    streamed=True,
    session="nightly-7",
    user="customer-3",
    app="Reports",
    origin="https://reports.example.com/",
)


@pytest.fixture
def client(served: str) -> Iterator[sdk.Client]:
    with sdk.clients(served) as connect:
        yield connect


@pytest.fixture
def admin(client: sdk.Client, account: Account) -> OpenRouter:
    return client(account.management_key)


@pytest.fixture
def plaintext(account: Account) -> str:
    return account.create_key({"name": "prod-api"})[0]


def spent(account: Account, cost: str = "0.5", *, byok: bool = False, work: Work = WORK) -> str:
    """Spends with the latest key and waits until the generation shows; returns its id."""
    key_hash = list(account.keys)[-1]
    account.spending.charge(key_hash, Decimal(cost), byok=byok, work=work)
    account.clock.advance(timedelta(seconds=2))
    return account.generations.latest.id


@pytest.mark.parametrize("management", [True, False])
def test_any_key_reads_what_a_generation_was_and_which_providers_failed_before(
    client: sdk.Client, account: Account, plaintext: str, *, management: bool
) -> None:
    identity = spent(account)
    caller = client(account.management_key if management else plaintext)
    one = caller.generations.get_generation(id=identity).data
    assert (one.id, one.model) == (identity, "anthropic/claude-4-sonnet-20250522")
    assert (one.total_cost, one.usage, one.is_byok) == (0.5, 0.5, False)
    assert (one.upstream_inference_cost, one.cache_discount) == (None, 0.0002)
    assert one.provider_responses is not None
    answers = [(each.provider_name, each.status) for each in one.provider_responses]
    assert answers == [("Amazon Bedrock", 503), ("Google", 503), ("Anthropic", 200)]
    assert (one.tokens_prompt, one.tokens_completion) == (900, 120)
    assert (one.native_tokens_reasoning, one.native_tokens_cached) == (40, 300)
    assert (one.finish_reason, one.cancelled, one.streamed) == ("length", True, True)
    assert (one.session_id, one.external_user) == ("nightly-7", "customer-3")
    assert (one.origin, one.web_search_engine) == ("https://reports.example.com/", "exa")
    assert (one.workspace_id, one.latency) == (account.workspaces.default, 1200)
    assert one.app_id is not None
    assert datetime.fromisoformat(one.created_at) == account.generations.latest.created_at


def test_a_generation_of_byok_tells_the_fee_and_the_providers_own_cost(
    admin: OpenRouter, account: Account, plaintext: str
) -> None:
    identity = spent(account, "2", byok=True, work=Work(fee=Decimal("0.1")))
    one = admin.generations.get_generation(id=identity).data
    assert (one.is_byok, one.total_cost, one.upstream_inference_cost) == (True, 0.1, 2.0)


def test_a_generation_is_not_found_at_first_and_somebody_elses_never(
    admin: OpenRouter, account: Account, plaintext: str
) -> None:
    account.behaviour = Behaviour(generation_delay=timedelta(seconds=5))
    identity = spent(account)
    account.generations.foreign.add("gen-elsewhere")
    with pytest.raises(errors.NotFoundResponseError):
        admin.generations.get_generation(id=identity)
    account.clock.advance(timedelta(seconds=3))
    assert admin.generations.get_generation(id=identity).data.id == identity
    with pytest.raises(errors.ForbiddenResponseError):
        admin.generations.get_generation(id="gen-elsewhere")
    with pytest.raises(errors.BadRequestResponseError):
        admin.generations.get_generation(id="")


def test_a_completion_tells_the_id_by_which_its_generation_is_found(
    client: sdk.Client, account: Account, plaintext: str
) -> None:
    caller = client(plaintext)
    result = caller.chat.send(
        model="openai/gpt-4.1",
        messages=[ChatUserMessage(role="user", content="hello")],
        max_tokens=50,
        user="customer-9",
        session_id="s-1",
        metadata={"provider": "Azure", "failed": "OpenAI"},
        stream=False,
    )
    assert isinstance(result, ChatResult)
    account.clock.advance(timedelta(seconds=2))
    one = caller.generations.get_generation(id=result.id).data
    assert (one.model, one.total_cost) == ("openai/gpt-4.1-2025-04-14", 0.0004)
    assert (one.provider_name, one.session_id, one.external_user) == ("Azure", "s-1", "customer-9")
    assert one.provider_responses is not None
    assert len(one.provider_responses) == 2


def test_meta_names_what_a_query_may_ask(admin: OpenRouter, account: Account) -> None:
    account.behaviour = Behaviour(analytics_unknown=frozenset({"cached_tokens", "provider"}))
    meta = admin.analytics.get_analytics_meta().data
    metrics = {one.name: one for one in meta.metrics}
    assert {"total_usage", "credits_usage", "byok_usage", "request_count"} <= set(metrics)
    assert {"tokens_prompt", "tokens_completion", "reasoning_tokens"} <= set(metrics)
    assert "cached_tokens" not in metrics
    assert (metrics["total_usage"].display_format, metrics["cache_hit_rate"].is_rate) == (
        "currency",
        True,
    )
    dimensions = {one.name for one in meta.dimensions}
    assert {"model", "api_key_id", "workspace", "generation_id"} <= dimensions
    assert "provider" not in dimensions
    assert [one.name for one in meta.granularities] == ["minute", "hour", "day", "week", "month"]
    arrays = [one.name for one in meta.operators if one.value_type == "array"]
    assert arrays == ["in", "not_in"]


def test_a_query_is_answered_with_rows_metadata_and_warnings(
    admin: OpenRouter, account: Account, plaintext: str
) -> None:
    spent(account)
    now = account.clock.now
    asked: dict[str, Any] = {
        "metrics": ["total_usage", "request_count"],
        "dimensions": ["model"],
        "granularity": "hour",
        "time_range": {"start": now - DAY, "end": now},
        "order_by": {"field": "total_usage", "direction": "desc"},
        "limit": 10,
        "group_limit": 10,
    }
    answer = admin.analytics.query_analytics(**asked).data
    assert (answer.metadata.row_count, answer.metadata.truncated) == (1, False)
    assert (answer.warnings, answer.cached_at) == (None, None)
    assert len(answer.data) == 1
    nobody: Any = [{"field": "api_key_id", "operator": "in", "value": ["f" * 64]}]
    account.behaviour = Behaviour(analytics_cached=True)
    answer = admin.analytics.query_analytics(**asked, filters=nobody).data
    assert (answer.data, len(answer.warnings or [])) == ([], 1)
    assert answer.cached_at == now.timestamp() * 1000


def test_the_sdks_own_model_of_a_row_loses_the_row(
    admin: OpenRouter, account: Account, plaintext: str
) -> None:
    """Its rows have no fields (1.3.84), so whoever needs the figures reads the body himself."""
    spent(account)
    rows = admin.analytics.query_analytics(metrics=["total_usage"]).data.data
    assert [row.model_dump() for row in rows] == [{}]


def test_what_a_query_may_not_ask_is_the_sdks_bad_request(admin: OpenRouter) -> None:
    refused: tuple[dict[str, Any], ...] = (
        {"metrics": []},
        {"metrics": ["cost"]},
        {"metrics": ["total_usage"], "dimensions": ["model", "provider", "app"]},
    )
    for asked in refused:
        with pytest.raises(errors.BadRequestResponseError):
            admin.analytics.query_analytics(**asked)


def test_the_sixty_fifth_query_of_a_minute_is_told_when_to_come_back(
    admin: OpenRouter, account: Account
) -> None:
    for _ in range(64):
        admin.analytics.query_analytics(metrics=["total_usage"])
        account.clock.advance(timedelta(milliseconds=500))
    with pytest.raises(errors.OpenRouterError) as refused:
        admin.analytics.get_analytics_meta()
    assert (refused.value.status_code, refused.value.headers["retry-after"]) == (429, "28")
    account.clock.advance(timedelta(seconds=28))
    admin.analytics.get_analytics_meta()


def test_activity_tells_a_closed_day_by_model_and_endpoint(
    admin: OpenRouter, account: Account, plaintext: str
) -> None:
    spent(account)
    spent(account, "2", byok=True)
    today = account.clock.now.date()
    with pytest.raises(errors.BadRequestResponseError, match="completed"):
        admin.analytics.get_user_activity(request={"date_": today.isoformat()})
    account.clock.advance(DAY)
    key_hash = list(account.keys)[-1]
    asked = GetUserActivityRequest(date_=today.isoformat(), api_key_hash=key_hash)
    (row,) = admin.analytics.get_user_activity(request=asked).data
    assert (row.date_, row.model) == (today.isoformat(), "anthropic/claude-sonnet-4")
    assert row.model_permaslug == "anthropic/claude-4-sonnet-20250522"
    assert (row.provider_name, row.requests) == ("Anthropic", 2)
    assert (row.usage, row.byok_usage_inference) == (0.5, 2.0)
    assert (row.prompt_tokens, row.completion_tokens) == (1800, 240)
    assert (row.reasoning_tokens, row.cached_tokens, row.workspace_id) == (80, 600, None)
    by_workspace = admin.analytics.get_user_activity(request={"group_by": "workspace"}).data
    assert [each.workspace_id for each in by_workspace] == [account.workspaces.default]


def test_models_come_with_prices_overrides_and_the_day_they_may_go(
    client: sdk.Client, account: Account
) -> None:
    leaving = Model(
        id="sim/leaving",
        canonical_slug="sim/leaving-1",
        pricing={"prompt": "0.0000015", "completion": "0.000002", "input_cache_read": "0"},
        overrides=({"min_prompt_tokens": 1000, "prompt": "0.000003"},),
        discount=Decimal("0.25"),
        expiration_date=date(2026, 12, 31),
        alias_of="openai/gpt-4.1",
    )
    account.catalog.put(leaving)
    page: Any = client(None).models.list(limit=3)
    assert (page.result.total_count, len(page.result.data)) == (6, 3)
    rest = page.next()
    assert rest.result.links.next is None
    shown = rest.result.data[-1]
    assert (shown.id, shown.canonical_slug) == ("sim/leaving", "sim/leaving-1")
    assert (shown.pricing.prompt, shown.pricing.input_cache_read) == ("0.0000015", "0")
    assert (shown.pricing.discount, shown.expiration_date) == (0.25, "2026-12-31")
    assert shown.alias_target is not None
    assert shown.alias_target.slug == "openai/gpt-4.1"
    assert shown.pricing.overrides is not None
    (override,) = shown.pricing.overrides
    assert (override.min_prompt_tokens, override.prompt) == (1000, "0.000003")


def test_only_the_management_key_reads_analytics_and_activity(
    client: sdk.Client, plaintext: str
) -> None:
    caller = client(plaintext)
    for call in (
        caller.analytics.get_analytics_meta,
        caller.analytics.get_user_activity,
        lambda: caller.analytics.query_analytics(metrics=["total_usage"]),
    ):
        with pytest.raises(errors.ForbiddenResponseError):
            call()


def test_without_a_credential_only_the_models_are_told(served: str) -> None:
    with httpx.Client(base_url=served) as http:
        assert http.get("/models").status_code == 200
        for path in ("/generation?id=gen-1", "/activity", "/analytics/meta"):
            assert http.get(path).status_code == 401
        assert http.post("/analytics/query", json={}).status_code == 401
