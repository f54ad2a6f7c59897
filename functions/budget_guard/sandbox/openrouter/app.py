"""The ASGI application: the service under /api/v1, the simulator's own controls under /_sim."""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.control import routes
from budget_guard.sandbox.openrouter.messages import LOOPBACK, Answer, Ending, Request
from budget_guard.sandbox.openrouter.transport import PREFIX

HANG_UP = "budget_guard.hang_up"
"""The ASGI extension by which a server lets the application close a connection."""


def application(api: Api) -> ASGIApp:
    """Return the application for one account."""
    return Starlette(routes=[Mount(PREFIX, app=_service(api)), Mount("/_sim", routes=routes(api))])


def _service(api: Api) -> ASGIApp:
    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        answer = api.answer(
            Request(
                method=http.method,
                path=scope["path"].removeprefix(PREFIX),
                query=dict(http.query_params),
                authorization=http.headers.get("authorization"),
                body=await http.body(),
                address=LOOPBACK if http.client is None else http.client.host,
            )
        )
        await asyncio.sleep(answer.delay)
        await _send(answer, send, receive, scope["extensions"].get(HANG_UP))

    return service


async def _send(
    answer: Answer, send: Send, receive: Receive, hang_up: Callable[[], None] | None
) -> None:
    whole = answer.ending is Ending.WHOLE
    if answer.ending is not Ending.DROPPED:
        headers = dict(answer.headers) | {"content-length": str(len(answer.body))}
        sent = answer.body if whole else answer.body[: len(answer.body) // 2]
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await send({"type": "http.response.body", "body": sent, "more_body": not whole})
    if not whole and hang_up is not None:
        hang_up()
        # The server must have noticed before this returns, or it answers 500.
        await receive()
