"""Made-up answers of inference endpoints, through either library, and a queue that can fail."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import ModuleType
from typing import Any, override

from budget_guard.client import GenerationHook

BASE = "https://openrouter.ai/api/v1"
CHAT = f"{BASE}/chat/completions"
PLAINTEXT = "sk-or-v1-made-up"
AUTHORIZED = {"authorization": f"Bearer {PLAINTEXT}"}
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
QUEUE = "https://sqs.eu-central-1.amazonaws.com/111122223333/generations"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time


@dataclass
class FakeSqs:
    """A boto3 client of SQS. While `gate` is closed, a batch that has `arrived` stays under way."""

    batches: list[list[str]] = field(default_factory=list)
    failing: Exception | None = None
    refused: int = 0
    gate: Event = field(default_factory=Event)
    arrived: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        assert asked["QueueUrl"] == QUEUE
        entries = asked["Entries"]
        self.arrived.set()
        self.gate.wait(timeout=30)
        if self.failing:
            raise self.failing
        self.batches.append([one["MessageBody"] for one in entries])
        ids = [{"Id": one["Id"]} for one in entries]
        return {"Successful": ids[self.refused :], "Failed": ids[: self.refused]}

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for batch in self.batches for body in batch]


def hooked(sqs: FakeSqs, **rest: Any) -> GenerationHook:
    return GenerationHook(QUEUE, sqs=sqs, clock=Clock(), **rest)


def completion(name: str = "gen-1", text: str = "Hello") -> bytes:
    """Return a chat completion as OpenRouter answers it."""
    choice = {"index": 0, "finish_reason": "stop"}
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {
            "id": name,
            "object": "chat.completion",
            "created": 1,
            "model": "acme/small",
            "choices": [choice | {"message": message}],
            "usage": {
                "prompt_tokens": 5,
                "completion_tokens": 7,
                "total_tokens": 12,
                "cost": 0.012,
            },
        }
    ).encode()


def events(name: str = "gen-1", words: Sequence[str] = ("Hel", "lo")) -> list[bytes]:
    """Return a streamed completion, a comment first, as OpenRouter sends it."""
    told = [b": OPENROUTER PROCESSING\n\n"]
    for word in words:
        choice = {"index": 0, "delta": {"role": "assistant", "content": word}}
        chunk = {"id": name, "object": "chat.completion.chunk", "created": 1, "model": "m"}
        told.append(f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n".encode())
    return [*told, b"data: [DONE]\n\n"]


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers, part by part."""

    parts: Sequence[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What a caller got: the parts as they came over the wire, and the body decoded (or not)."""

    status: int
    headers: Sequence[tuple[str, str]]
    raw: Sequence[bytes]
    body: bytes | str


class Library:
    """httpx or httpx2: the same interface, and no class in common."""

    def __init__(self, module: ModuleType) -> None:
        self.module: Any = module

    def transport(self, answer: Callable[[Any], Answer]) -> Any:
        """Return a transport, synchronous and not, whose bodies come in parts."""
        module = self.module
        stream = _parts(module)

        def respond(request: Any) -> Any:
            told = answer(request)
            return module.Response(told.status, headers=told.headers, stream=stream(told.parts))

        return module.MockTransport(respond)

    def get(self, answer: Answer, hooks: Sequence[Any] = (), **rest: Any) -> Seen:
        """Return what a synchronous caller sees of an answer."""
        ask = {"method": "POST", "url": CHAT, "headers": AUTHORIZED} | rest
        with (
            self.module.Client(
                transport=self.transport(lambda _: answer), event_hooks={"response": [*hooks]}
            ) as client,
            client.stream(**ask) as response,
        ):
            raw = list(response.iter_raw())
        return _seen(self.module, response, raw)

    async def aget(self, answer: Answer, hooks: Sequence[Any] = (), **rest: Any) -> Seen:
        """Return what an asynchronous caller sees of an answer."""
        ask = {"method": "POST", "url": CHAT, "headers": AUTHORIZED} | rest
        async with (
            self.module.AsyncClient(
                transport=self.transport(lambda _: answer), event_hooks={"response": [*hooks]}
            ) as client,
            client.stream(**ask) as response,
        ):
            raw = [part async for part in response.aiter_raw()]
        return _seen(self.module, response, raw)

    def both(self, answer: Answer, hooks: Sequence[Any] = (), **rest: Any) -> list[Seen]:
        """Return what each of the two callers sees."""
        return [
            self.get(answer, hooks, **rest),
            asyncio.run(self.aget(answer, hooks, **rest)),
        ]


def _seen(module: Any, response: Any, raw: Sequence[bytes]) -> Seen:
    headers = response.headers.multi_items()
    again = module.Response(response.status_code, headers=headers, stream=_parts(module)(raw))
    try:
        body = again.read()
    except module.DecodingError as error:
        body = str(error)
    return Seen(response.status_code, headers, raw, body)


class _Parts:
    def __init__(self, parts: Sequence[bytes]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part


def _parts(module: Any) -> Any:
    return type("Parts", (_Parts, module.SyncByteStream, module.AsyncByteStream), {})


@contextmanager
def served(answer: Callable[[str], Answer]) -> Iterator[str]:
    """Serve answers (by the request's body) on a loopback port; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._tell(answer(body))

        def do_GET(self) -> None:
            self._tell(answer(self.path))

        def _tell(self, told: Answer) -> None:
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for part in (*told.parts, b""):
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
