"""The function URL: what an application asks, and gets, from the deployed guard to its client."""

import json
from decimal import Decimal
from typing import Any

import boto3
import httpx
import pytest

from budget_guard.client import Budget, BudgetExceeded
from budget_guard.domain.errors import SettingsError
from budget_guard.handlers import headroom, runtime
from tests.handlers.deployment import Context, Deployment, sample

KEY = "3fa9c1d2" + "0" * 56
CONTEXT: Any = Context()


@pytest.fixture(autouse=True)
def simulated_clock(guard: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headroom, "clock", lambda: guard.account.clock.now)
    headroom.lineages.cache_clear()


def ask(key: str) -> dict[str, Any]:
    event = sample("headroom.url")
    return headroom.handler(
        event | {"queryStringParameters": {"key": key}, "rawQueryString": f"key={key}"},
        CONTEXT,
    )


def test_the_sample_asks_for_a_key_that_is_not_there(guard: Deployment) -> None:
    answer = headroom.handler(sample("headroom.url"), CONTEXT)
    assert answer["statusCode"] == 404
    told = "OpenRouter has no key 3fa9c1d20000, as far as is known"
    assert json.loads(answer["body"]) == {"message": told}


@pytest.mark.parametrize("query", [None, {}, {"key": ""}, {"key": f"{KEY},{KEY}"}, {"q": KEY}])
def test_another_question_is_refused(guard: Deployment, query: dict[str, str] | None) -> None:
    answer = headroom.handler(sample("headroom.url") | {"queryStringParameters": query}, CONTEXT)
    assert answer["statusCode"] == 400
    assert "64 hex digits" in json.loads(answer["body"])["message"]


def test_a_fenced_key_is_answered_by_three_items_and_two_queries_a_minute(
    guard: Deployment,
) -> None:
    _, key = guard.new_key(spent="9.5")
    guard.put_key()
    guard.chain()
    guard.run("poll_usage")
    calls: list[str] = []
    events = runtime.client("dynamodb").meta.events
    events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    answer = ask(key)
    assert calls == ["Query", "Query", *["GetItem"] * 3]
    assert ask(key) == answer
    assert calls == ["Query", "Query", *["GetItem"] * 6]
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert json.loads(answer["body"]) == {
        "key": key,
        "headroom_usd": "0.500000",
        "observed_at": "2026-11-18T09:01:00+00:00",
        "age_seconds": 0,
        "resets_at": "2026-11-19T00:00:00+00:00",
        "budget": "each",
        "window": "daily",
        "owner": "search",
        "state": "held",
    }


def test_the_client_reads_what_the_function_answers(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    plaintext, _ = guard.new_key(spent="9.5")
    guard.put_key()
    guard.chain()

    def url(request: httpx.Request) -> httpx.Response:
        answer = ask(request.url.params["key"])
        return httpx.Response(answer["statusCode"], headers=answer["headers"], text=answer["body"])

    with httpx.Client(transport=httpx.MockTransport(url)) as http:
        budget = Budget(
            headroom_url="https://abc123.lambda-url.eu-central-1.on.aws/",
            api_key=plaintext,
            fail="closed",
            http=http,
            session=boto3.session.Session(),
        )
        budget.check(Decimal("0.5"))
        with pytest.raises(BudgetExceeded, match="each, daily, owner search") as refused:
            budget.check(Decimal("0.51"))
    assert refused.value.headroom == Decimal("0.5")


def test_a_ledger_that_is_not_there_is_an_error(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "nowhere")
    with pytest.raises(SettingsError, match="nowhere"):
        ask(KEY)
