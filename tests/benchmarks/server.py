"""Canned OpenRouter and DynamoDB on one port of this machine; it notes what it was asked.

`python -m tests.benchmarks.server KEYS [stored]` writes its address when it is ready; `stored`: what
is written is what is read. GET /asked returns
the requests since the last time that was asked.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from budget_guard.handlers.memory import uncollected
from tests.benchmarks.account import Account
from tests.benchmarks.calls import Call
from tests.benchmarks.canned import Canned
from tests.benchmarks.stored import Stored


class _Connection(asyncio.Protocol):
    """HTTP/1.1, as far as httpx and botocore speak it; one request after the other."""

    def __init__(self, canned: Canned | Stored, asked: list[dict[str, Any]]) -> None:
        self._canned, self._asked = canned, asked
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = bytes(self._received).partition(b"\r\n\r\n")
        if not end:
            return
        request, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        if len(rest) < int(headers.get("content-length", "0")):
            return
        self._received.clear()
        _, target, _ = request.split(" ")
        self._transport.write(self._answer(target, headers.get("x-amz-target", ""), rest))

    def _answer(self, target: str, operation: str, body: bytes) -> bytes:
        if target == "/asked":
            told = json.dumps(self._asked).encode()
            self._asked.clear()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told
        name = operation.rpartition(".")[2]
        if name:
            answer, size = self._canned.dynamodb(name, body)
        else:
            answer, size = self._canned.openrouter(target), 0
        text = body.decode() if name else target
        self._asked.append({"operation": name, "text": text, "size": size})
        return answer


async def _serve(account: Account, *, is_stored: bool) -> None:
    with uncollected():
        canned = Stored(account.records()) if is_stored else Canned(account)
        asked = list[dict[str, Any]]()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(canned, asked), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


class Server:
    """A running server, seen from another process."""

    def __init__(self, address: str) -> None:
        self.address = address

    def asked(self) -> list[Call]:
        """Return the requests since this was last called."""
        return [Call(**one) for one in httpx.get(f"{self.address}/asked").json()]


@contextmanager
def serving(keys: int, *modes: str) -> Iterator[Server]:
    """Run the server for an account of so many keys in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.server", str(keys), *modes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Server(process.stdout.readline().strip())
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve(Account(int(sys.argv[1])), is_stored="stored" in sys.argv))
