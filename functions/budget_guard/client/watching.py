"""A response's stream with somebody looking on: httpx's or httpx2's, synchronous or not.

The OpenAI SDK uses httpx2 since its version 3, httpx before; both accept as a response's stream
only instances of their own classes.
"""

from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

from budget_guard.client.finding import Finder

STREAMS = {"SyncByteStream", "AsyncByteStream"}


def watched(stream: Any, finder: Finder) -> Any:
    """Return `stream` so that `finder` sees its bytes pass: the same ones, at the same moments."""
    kinds = tuple(one for one in type(stream).__mro__ if one.__name__ in STREAMS)
    return _form(kinds)(stream, finder)


@cache
def _form(kinds: tuple[type, ...]) -> Any:
    return type("WatchedStream", (_Watched, *kinds), {})


class _Watched:
    def __init__(self, stream: Any, finder: Finder) -> None:
        self._stream = stream
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        # httpx2 asks its own stream how long the response took.
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._finder.look(chunk)
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._finder.look(chunk)
            yield chunk

    def close(self) -> None:
        self._finder.end()
        self._stream.close()

    async def aclose(self) -> None:
        self._finder.end()
        await self._stream.aclose()
