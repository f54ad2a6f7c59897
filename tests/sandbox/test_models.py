"""GET /models over time: prices change, models come and go."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import httpx
import pytest

from budget_guard.sandbox.openrouter import Account, Model

HOUR = timedelta(hours=1)


def model(prompt: str, **fields: Any) -> Model:
    prices = {"prompt": prompt, "completion": "0.000004"}
    return Model(id="a/b", canonical_slug="a/b-1", pricing=prices, **fields)


def shown(client: httpx.Client, **query: int | str) -> dict[str, dict[str, Any]]:
    answer = client.get("/models", params=query)
    assert answer.status_code == 200
    return {row["id"]: row for row in answer.json()["data"]}


def test_a_price_changes_at_its_moment(client: httpx.Client, account: Account) -> None:
    now = account.clock.now
    account.catalog.put(model("0.000002"), at=now + HOUR)
    account.catalog.put(model("0.000001"))
    account.catalog.withdraw("a/b", at=now + 2 * HOUR)
    seen = []
    for _ in range(3):
        row = shown(client).get("a/b")
        seen.append(None if row is None else row["pricing"]["prompt"])
        account.clock.advance(HOUR)
    assert seen == ["0.000001", "0.000002", None]
    assert account.catalog.named("a/b-1", now) == model("0.000001")
    assert account.catalog.named("a/b", now + 2 * HOUR) is None


def test_prices_are_strings_and_a_discount_is_a_number(
    client: httpx.Client, account: Account
) -> None:
    account.catalog.put(model("0.000002", discount=Decimal("0.5")))
    pricing = shown(client)["a/b"]["pricing"]
    assert pricing == {"prompt": "0.000002", "completion": "0.000004", "discount": 0.5}
    entry = account.catalog.named("a/b", account.clock.now)
    assert entry is not None
    assert entry.price("prompt") == Decimal("0.000001")
    assert entry.price("image") == 0


def test_the_first_offer_has_cache_long_context_and_night_prices(client: httpx.Client) -> None:
    rows = shown(client)
    long, night = (
        rows[name]["pricing"]["overrides"][0]
        for name in ("anthropic/claude-sonnet-4", "deepseek/deepseek-chat")
    )
    assert (long["min_prompt_tokens"], long["prompt"]) == (200_000, "0.000006")
    assert (night["utc_start"], night["utc_end"]) == (1630, 30)
    assert rows["openai/gpt-4.1"]["pricing"]["input_cache_read"] == "0.0000005"
    assert rows["openai/gpt-4.1"]["expiration_date"] is None


def test_models_come_in_pages_or_all_at_once(client: httpx.Client) -> None:
    every = list(shown(client))
    assert len(every) == 5
    assert list(shown(client, limit=3)) == every[:3]
    assert list(shown(client, offset=3)) == every[3:]
    first = client.get("/models", params={"limit": 3}).json()
    assert first["total_count"] == 5
    assert first["links"]["next"] == "/api/v1/models?offset=3&limit=3"
    assert client.get("/models", params={"offset": 3, "limit": 3}).json()["links"]["next"] is None


def test_models_that_do_not_answer_in_text_are_listed_only_when_asked_for(
    client: httpx.Client, account: Account
) -> None:
    account.catalog.put(model("0.000002", outputs=("image",)))
    assert "a/b" not in shown(client)
    for outputs in ("all", "image", "text,image"):
        assert "a/b" in shown(client, output_modalities=outputs)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("permaslug", "anthropic/claude-4-sonnet-20250522"),
        ("name", "Anthropic: Claude Sonnet 4"),
        ("slug", "anthropic/claude-sonnet-4"),
    ],
)
def test_a_model_has_three_names_and_what_is_not_on_offer_its_own(
    account: Account, form: Literal["permaslug", "name", "slug"], name: str
) -> None:
    now = account.clock.now
    assert account.catalog.called("anthropic/claude-sonnet-4", now, form) == name
    assert account.catalog.called("sim/0.01", now, form) == "sim/0.01"


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"offset": -1}])
def test_a_page_out_of_range_is_refused(client: httpx.Client, query: dict[str, int]) -> None:
    assert client.get("/models", params=query).status_code == 400
