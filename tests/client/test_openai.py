"""Examples: the OpenAI SDK, and plain httpx, with the hook; against the simulated account and SQS.

The SDK sends by httpx2 since its version 3; `DefaultHttpxClient` is the right one of the two.
"""

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI

from budget_guard.client import GenerationHook
from budget_guard.sandbox.openrouter import Account, Api, InProcess, serve
from budget_guard.sandbox.openrouter import Clock as SimulatedClock
from tests.client.conftest import Queue
from tests.client.inference import NOW, Answer, completion, events, served

MESSAGES: Any = [{"role": "user", "content": "Hello?"}]
SIMULATED: Any = {"model": "sim/0.001", "messages": MESSAGES, "max_tokens": 10}


@pytest.fixture
def account_with_key() -> tuple[Api, str]:
    account = Account(clock=SimulatedClock(NOW))
    plaintext, _ = account.create_key({"name": "app"})
    return Api(account), plaintext


@pytest.fixture
def streaming() -> Iterator[str]:
    """A server that answers as the request's `stream` says, one stream per user."""

    def answer(body: str) -> Answer:
        asked = json.loads(body)
        name = f"gen-{asked.get('user', 'nobody')}"
        if asked.get("stream"):
            return Answer(events(name), headers={"content-type": "text/event-stream"})
        return Answer([completion(name)], headers={"content-type": "application/json"})

    with served(answer) as url:
        yield f"{url}/api/v1"


def test_openai(queue: Queue, account_with_key: tuple[Api, str]) -> None:
    api, plaintext = account_with_key
    with serve(api) as url:
        hook = GenerationHook(queue.url, base_url=url, sqs=queue.sqs)
        http = DefaultHttpxClient(event_hooks={"response": [hook]})
        with (
            OpenAI(base_url=url, api_key=plaintext, http_client=http) as client,
            hook.job("nightly", user="u1"),
        ):
            answer = client.chat.completions.create(**SIMULATED)
    assert answer.choices[0].message.content == "A simulated answer."
    hook.outcome(answer.id, "success")
    assert hook.flush()
    told, later = sorted(map(json.loads, queue.bodies()), key=len, reverse=True)
    assert (
        told
        | {
            "generation": answer.id,
            "key": sha256(plaintext.encode()).hexdigest(),
            "job": "nightly",
            "user": "u1",
        }
        == told
    )
    assert (later["generation"], later["outcome"]) == (answer.id, "success")


def test_openai_streamed(queue: Queue, streaming: str) -> None:
    hook = GenerationHook(queue.url, base_url=streaming, sqs=queue.sqs)
    http = DefaultHttpxClient(event_hooks={"response": [hook]})
    with OpenAI(base_url=streaming, api_key="made-up", http_client=http) as client:
        stream = client.chat.completions.create(model="m", messages=MESSAGES, user="a", stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == "Hello"
    assert _generations(hook, queue) == ["gen-a"]


def test_async_openai(queue: Queue, streaming: str) -> None:
    hook = GenerationHook(queue.url, base_url=streaming, sqs=queue.sqs)

    async def ask() -> None:
        http = DefaultAsyncHttpxClient(event_hooks={"response": [hook]})
        async with AsyncOpenAI(base_url=streaming, api_key="made-up", http_client=http) as client:
            await client.chat.completions.create(model="m", messages=MESSAGES, user="a")
            stream = await client.chat.completions.create(
                model="m", messages=MESSAGES, user="b", stream=True
            )
            words = [chunk.choices[0].delta.content or "" async for chunk in stream]
            assert "".join(words) == "Hello"

    asyncio.run(ask())
    assert _generations(hook, queue) == ["gen-a", "gen-b"]


def test_openai_by_the_httpx_of_before(queue: Queue, account_with_key: tuple[Api, str]) -> None:
    api, plaintext = account_with_key
    hook = GenerationHook(queue.url, sqs=queue.sqs)
    http: Any = httpx.Client(transport=InProcess(api), event_hooks={"response": [hook]})
    with OpenAI(
        base_url="https://openrouter.ai/api/v1", api_key=plaintext, http_client=http
    ) as client:
        answer = client.chat.completions.create(**SIMULATED)
    assert _generations(hook, queue) == [answer.id]


def test_a_refusal_is_the_sdks_error_as_ever(
    queue: Queue, account_with_key: tuple[Api, str]
) -> None:
    api, _ = account_with_key
    with serve(api) as url:
        hook = GenerationHook(queue.url, base_url=url, sqs=queue.sqs)
        http = DefaultHttpxClient(event_hooks={"response": [hook]})
        with (
            OpenAI(base_url=url, api_key="sk-or-wrong", http_client=http) as client,
            pytest.raises(openai.AuthenticationError),
        ):
            client.chat.completions.create(**SIMULATED)
    assert _generations(hook, queue) == []


def test_plain_httpx(queue: Queue, account_with_key: tuple[Api, str]) -> None:
    api, plaintext = account_with_key
    hook = GenerationHook(queue.url, sqs=queue.sqs)
    with httpx.Client(
        base_url="https://openrouter.ai/api/v1",
        headers={"authorization": f"Bearer {plaintext}"},
        transport=InProcess(api),
        event_hooks={"response": [hook]},
    ) as client:
        answer = client.post("/chat/completions", json=SIMULATED).json()
    assert _generations(hook, queue) == [answer["id"]]


def test_plain_httpx_asynchronous_and_streamed(queue: Queue, streaming: str) -> None:
    hook = GenerationHook(queue.url, base_url=streaming, sqs=queue.sqs)

    async def ask() -> bytes:
        hooks: Any = {"response": [hook]}
        async with (
            httpx.AsyncClient(base_url=streaming, event_hooks=hooks) as client,
            client.stream("POST", "/chat/completions", json={"stream": True}) as response,
        ):
            return b"".join([part async for part in response.aiter_bytes()])

    assert asyncio.run(ask()) == b"".join(events("gen-nobody"))
    assert _generations(hook, queue) == ["gen-nobody"]


def _generations(hook: GenerationHook, queue: Queue) -> list[str]:
    assert hook.flush()
    return sorted(json.loads(body)["generation"] for body in queue.bodies())
