"""The event hook: sends the id of each generation to the guard's queue."""

import atexit
import json
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from budget_guard.client.facts import OPENROUTER, key_hash, wall_clock
from budget_guard.client.finding import LOOK, Finder, is_id, named
from budget_guard.client.outbox import Outbox, Stats
from budget_guard.client.sqs import Queue
from budget_guard.client.watching import watched

INFERENCE = ("/completions", "/responses", "/messages", "/embeddings", "/rerank", "/images")
"""What the paths of requests end with whose answers have an id in their bodies."""
CAPACITY = 10_000
LONGEST = 200
"""Characters of a model, job, user or outcome that are kept."""
LONGEST_BODY = 65_536
"""Bytes of a request in which its model is looked for: to read more would take too long."""


@dataclass(frozen=True, slots=True)
class _About:
    job: object = None
    user: object = None
    outcome: object = None
    model: object = None


_NOTHING = _About()
_about: ContextVar[_About] = ContextVar("budget_guard_about", default=_NOTHING)


class _Done(Awaitable[None]):
    """Nothing more is to be waited for: an asynchronous client awaits what its hooks return."""

    def __await__(self) -> Generator[Any, Any]:
        yield from ()


_DONE = _Done()


class GenerationHook:
    """A `response` event hook of httpx's and httpx2's clients, synchronous and asynchronous.

    It sees the answers of `base_url` and of nothing else. It never raises, never waits, and leaves
    every answer's bytes as they are; what goes wrong is counted in `stats`. With the id goes the model
    that the request named, unless its body is streamed, or long. What waits at the end
    of the process is sent within 5 seconds. A Lambda function, which is frozen between requests,
    calls `flush` at the end of each. `sqs` is a client (boto3 or botocore) to use instead of an own one.
    """

    def __init__(
        self,
        queue_url: str,
        *,
        base_url: str = OPENROUTER,
        sqs: Any = None,
        capacity: int = CAPACITY,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._base = base_url.rstrip("/") + "/"
        self._outbox = Outbox(Queue(queue_url, sqs).send, capacity)
        self._clock = clock
        self._unidentified = 0
        atexit.register(self.close)

    def __call__(self, response: Any) -> Awaitable[None]:
        """Look at an answer before its body is read; an asynchronous client may await the result."""
        with suppress(Exception):
            self._meet(response)
        return _DONE

    @contextmanager
    def job(
        self, name: str | None = None, *, user: str | None = None, outcome: str | None = None
    ) -> Iterator[None]:
        """Let the requests begun within the block, and its tasks, be told as of this job and user.

        What an inner block does not say, it has from the outer one.
        """
        outer = _about.get()
        about = _About(name or outer.job, user or outer.user, outcome or outer.outcome)
        _about.set(about)
        try:
            yield
        finally:
            _about.set(outer)

    def outcome(self, generation: str, outcome: str) -> None:
        """Tell later what became of a generation, by its id (`gen-...`)."""
        with suppress(Exception):
            self._tell(None, _About(outcome=outcome), generation if is_id(generation) else None)

    @property
    def stats(self) -> Stats:
        """Return how many messages were sent, and how many were not."""
        return self._outbox.stats(self._unidentified)

    def flush(self, within: float = 5) -> bool:
        """Send now what waits; return whether nothing waits any more, after `within` seconds."""
        return self._outbox.flush(within)

    def close(self, within: float = 5) -> bool:
        """Take nothing more, and send what waits, as `flush` does."""
        return self._outbox.close(within)

    def _meet(self, response: Any) -> None:
        request = response.request
        if not response.is_success or not str(request.url).startswith(self._base):
            return
        about = replace(_about.get(), model=_model(request))
        tell = partial(self._tell, _bearer(request.headers), about)
        if name := named(response.headers):
            tell(name)
        elif request.method == "POST" and request.url.path.endswith(INFERENCE):
            _look_into(response, tell)

    def _tell(self, key: str | None, about: _About, generation: str | None) -> None:
        if generation is None:
            self._unidentified += 1
            return
        told = asdict(about)
        message = {
            "generation": generation,
            **({"key": key} if key else {}),
            **{name: str(text)[:LONGEST] for name, text in told.items() if text is not None},
            "at": self._clock().astimezone(UTC).isoformat(timespec="milliseconds"),
        }
        self._outbox.put(json.dumps(message))


def _look_into(response: Any, tell: Callable[[str | None], None]) -> None:
    """Look for the id in a body: in one that was read already, or as it will be read."""
    if response.is_stream_consumed:
        finder = Finder("", tell)
        finder.look(response.content[:LOOK])
        finder.end()
    else:
        finder = Finder(response.headers.get("content-encoding", ""), tell)
        response.stream = watched(response.stream, finder)


def _model(request: Any) -> str | None:
    """Return the model that a request names; None for a body that is streamed, or long."""
    with suppress(Exception):
        if len(request.content) <= LONGEST_BODY:
            named = json.loads(request.content)["model"]
            return named if isinstance(named, str) else None
    return None


def _bearer(headers: Mapping[str, str]) -> str | None:
    """Return the hash of the key that a request was sent with; its plaintext goes nowhere."""
    scheme, _, plaintext = headers.get("authorization", "").partition(" ")
    return key_hash(plaintext.strip()) if scheme.lower() == "bearer" and plaintext else None
