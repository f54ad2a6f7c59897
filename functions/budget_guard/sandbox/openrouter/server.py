"""The simulated OpenRouter on a real loopback port."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.app import HANG_UP, application
from budget_guard.sandbox.openrouter.transport import PREFIX


class _Protocol(H11Protocol):
    """Lets the application hang up, which ASGI itself has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = _hanging_up(self.app, transport)


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


def configuration(api: Api, **options: Any) -> uvicorn.Config:
    """Return uvicorn's settings: `Date` is the simulated clock's, so uvicorn sends none."""
    return uvicorn.Config(
        application(api),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        **options,
    )


@contextmanager
def serve(api: Api, *, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 (a free port for 0) and yield the base URL, which ends in /api/v1.

    The server runs in a thread and is stopped on the way out, failures included. Simulator
    controls are at the same origin under /_sim. OSError if the port is taken.
    """
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = _Server(configuration(api))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        server.listens.wait(timeout=10)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _hanging_up(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def hanging_up(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[HANG_UP] = transport.close
        await app(scope, receive, send)

    return hanging_up
