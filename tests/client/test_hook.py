"""The hook tells of each generation, whichever library sent it, and of nothing else."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import pytest

from tests.client.inference import (
    AUTHORIZED,
    CHAT,
    NOW,
    PLAINTEXT,
    Answer,
    FakeSqs,
    Library,
    completion,
    events,
    hooked,
)

KEY = sha256(PLAINTEXT.encode()).hexdigest()
NAMED = {"x-generation-id": "gen-1"}
SSE = {"content-type": "text/event-stream"}
RESPONSES = b'event: response.created\ndata: {"type":"response.created","response":{"id":"gen-1"'
MESSAGES = b'event: message_start\ndata: {"type":"message_start","message":{"id":"gen-1","type"'


@pytest.mark.parametrize(
    "answer",
    [
        Answer([completion()]),
        Answer([b"\n", *(bytes([one]) for one in completion())]),
        Answer(events(), headers=SSE),
        Answer([RESPONSES], headers=SSE),
        Answer([MESSAGES], headers=SSE),
        Answer([b"no JSON"], headers=NAMED),
        Answer([completion("gen-other")], headers=NAMED),
    ],
    ids=["json", "bit by bit", "chunks", "responses", "messages", "header", "header first"],
)
def test_the_id_is_found(library: Library, sqs: FakeSqs, answer: Answer) -> None:
    hook = hooked(sqs)
    library.both(answer, [hook])
    assert hook.flush()
    told = {"generation": "gen-1", "key": KEY, "at": "2026-11-21T12:00:00.000+00:00"}
    assert sqs.messages == [told, told]
    assert hook.stats.sent == 2


@pytest.mark.parametrize(
    "rest",
    [
        {"url": "https://api.example.com/v1/chat/completions"},
        {"url": "https://openrouter.ai/api/v10/chat/completions"},
        {"method": "GET", "url": "https://openrouter.ai/api/v1/generation?id=gen-1"},
    ],
    ids=["another service", "another path", "no inference"],
)
def test_of_what_is_no_inference_at_openrouter_nothing_is_told(
    library: Library, sqs: FakeSqs, rest: dict[str, str]
) -> None:
    hook = hooked(sqs)
    library.both(Answer([completion()]), [hook], **rest)
    hook.flush()
    assert not sqs.messages
    assert hook.stats.unidentified == 0


@pytest.mark.parametrize("status", [302, 400, 402, 403, 429, 500, 503])
def test_of_a_request_that_failed_nothing_is_told(
    library: Library, sqs: FakeSqs, status: int
) -> None:
    hook = hooked(sqs)
    library.both(Answer([completion()], status, NAMED), [hook])
    hook.flush()
    assert not sqs.messages


def test_what_a_model_writes_is_not_taken_for_an_id(library: Library, sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    (body, *_) = [json.dumps({"choices": [{"text": '{"id": "gen-9"}'}], "id": "gen-1"}).encode()]
    library.get(Answer([body]), [hook])
    hook.flush()
    assert [one["generation"] for one in sqs.messages] == ["gen-1"]


def test_an_answer_without_an_id_is_counted_once(library: Library, sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    for parts in ([b"{}"], [], [b"x" * 70_000, b"y" * 70_000], [b'{"id": "cmpl-1"}']):
        library.get(Answer(parts), [hook])
    assert hook.stats.unidentified == 4


def test_a_stream_that_nobody_reads_to_its_end_is_told_once(library: Library, sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    with (
        library.module.Client(
            transport=library.transport(lambda _: Answer(events())),
            event_hooks={"response": [hook]},
        ) as client,
        client.stream("POST", CHAT) as response,
    ):
        for line in response.iter_lines():
            if "Hel" in line:
                break
    hook.flush()
    assert [one["generation"] for one in sqs.messages] == ["gen-1"]
    assert hook.stats.unidentified == 0


def test_a_body_that_another_hook_has_read_is_looked_at_too(library: Library, sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    with library.module.Client(
        transport=library.transport(lambda _: Answer([completion()])),
        event_hooks={"response": [lambda response: response.read(), hook]},
    ) as client:
        assert client.post(CHAT).content == completion()
    hook.flush()
    assert [one["generation"] for one in sqs.messages] == ["gen-1"]


def test_the_time_that_a_response_took_is_still_known(library: Library, sqs: FakeSqs) -> None:
    with library.module.Client(
        transport=library.transport(lambda _: Answer([completion()])),
        event_hooks={"response": [hooked(sqs)]},
    ) as client:
        assert client.post(CHAT).elapsed.total_seconds() >= 0


@pytest.mark.parametrize(
    ("headers", "key"),
    [(AUTHORIZED, KEY), ({"authorization": "Basic dTpw"}, None), ({}, None)],
    ids=["bearer", "basic", "none"],
)
def test_the_key_is_told_by_its_hash_alone(
    library: Library, sqs: FakeSqs, headers: dict[str, str], key: str | None
) -> None:
    hook = hooked(sqs)
    library.get(Answer([completion()]), [hook], headers=headers)
    hook.flush()
    (message,) = sqs.messages
    assert message.get("key") == key
    assert PLAINTEXT not in repr(sqs.batches)


def test_a_block_says_for_which_job_and_user(library: Library, sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    with hook.job("nightly", user="u1"):
        with hook.job("inner", outcome="success"):
            library.get(Answer([completion("gen-1")]), [hook])
        library.get(Answer([completion("gen-2")]), [hook])
    library.get(Answer([completion("gen-3")]), [hook])
    hook.flush()
    assert [_about(one) for one in sqs.messages] == [
        ("gen-1", "inner", "u1", "success"),
        ("gen-2", "nightly", "u1", None),
        ("gen-3", None, None, None),
    ]


def test_tasks_side_by_side_have_each_their_own_job(library: Library, sqs: FakeSqs) -> None:
    hook = hooked(sqs)

    async def one(number: int) -> None:
        with hook.job(f"job-{number}"):
            await asyncio.sleep(0)
            await library.aget(Answer(events(f"gen-{number}")), [hook])

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(20)))

    asyncio.run(all_of_them())
    hook.flush()
    assert {(one["generation"], one["job"]) for one in sqs.messages} == {
        (f"gen-{number}", f"job-{number}") for number in range(20)
    }


def test_an_outcome_can_be_told_later(sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    hook.outcome("gen-1", "success")
    hook.outcome("nonsense", "success")
    hook.flush()
    assert sqs.messages == [
        {"generation": "gen-1", "outcome": "success", "at": f"{NOW:%Y-%m-%dT%H:%M:%S.000+00:00}"}
    ]
    assert hook.stats.unidentified == 1


def test_long_texts_are_cut(sqs: FakeSqs) -> None:
    hook = hooked(sqs)
    hook.outcome("gen-1", "\N{PILE OF POO}" * 1000)
    hook.flush()
    assert len(sqs.messages[0]["outcome"]) == 200


def _about(message: dict[str, Any]) -> tuple[str | None, ...]:
    return tuple(message.get(name) for name in ("generation", "job", "user", "outcome"))


@pytest.mark.parametrize(
    ("content", "model"),
    [
        (b'{"messages": [{"model": "no"}], "model": "acme/large:nitro"}', "acme/large:nitro"),
        (b'{"model": "' + b"x" * 300 + b'"}', "x" * 200),
        (b'{"model": 7}', None),
        (b'{"messages": []}', None),
        (b"[]", None),
        (b"no JSON", None),
        (b'{"model": "acme/large", "pad": "' + b" " * 65_536 + b'"}', None),
    ],
    ids=["named", "long name", "a number", "none", "a list", "no JSON", "a long body"],
)
def test_the_model_that_a_request_names_is_told(
    library: Library, sqs: FakeSqs, content: bytes, model: str | None
) -> None:
    hook = hooked(sqs)
    library.both(Answer([completion()]), [hook], content=content)
    hook.flush()
    assert [one.get("model") for one in sqs.messages] == [model, model]
