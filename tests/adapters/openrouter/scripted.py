"""The real adapter on answers that a test writes, and a clock that a test moves."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from budget_guard.adapters.openrouter.client import HttpOpenRouter
from budget_guard.adapters.openrouter.transport import Transport

NOON = "Wed, 18 Nov 2026 12:00:00 GMT"
SECRET = "sk-or-v1-0123456789abcdef-of-the-management"
HASH = "ab" * 32

type Handler = Callable[[httpx.Request], httpx.Response]


class Seconds:
    """A monotonic clock; each answer takes `step`."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 1000.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Script:
    """Answers requests one after the other, the last answer for ever; keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception | Handler) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            if isinstance(answer, httpx.RequestError):
                answer.request = request
            raise answer
        return answer(request) if callable(answer) else answer


def connected(
    handler: Handler, *, time_left: float = 600.0, clock: Callable[[], float] | None = None
) -> HttpOpenRouter:
    client = httpx.Client(
        transport=httpx.MockTransport(handler),
        base_url="https://openrouter.invalid/api/v1",
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    return HttpOpenRouter(Transport(client, time_left=lambda: time_left, clock=clock or Seconds()))


def row(**fields: Any) -> dict[str, Any]:
    counters = {
        f"{kind}usage{window}": 0
        for kind in ("", "byok_")
        for window in ("", "_daily", "_weekly", "_monthly")
    }
    return {
        "hash": HASH,
        "name": "prod-api",
        "label": "sk-or-v1-0e6...1c96",
        "disabled": False,
        "limit": None,
        "limit_reset": None,
        "limit_remaining": None,
        "include_byok_in_limit": False,
        "creator_user_id": None,
        "workspace_id": "0df9e665-d932-5740-b2c7-b52af166bc11",
        **counters,
        **fields,
    }


def answer(body: object, *, status: int = 200, date: str | None = NOON) -> httpx.Response:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return httpx.Response(status, content=content, headers={} if date is None else {"Date": date})


def one_key(*, date: str | None = NOON, **fields: Any) -> httpx.Response:
    return answer({"data": row(**fields)}, date=date)


def refusal(status: int, message: str = "No.", **headers: str) -> httpx.Response:
    body = {"error": {"code": status, "message": message}}
    return httpx.Response(status, json=body, headers={"Date": NOON, **headers})
