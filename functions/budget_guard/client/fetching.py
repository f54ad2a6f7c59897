"""One GET with a bound on all the time that it takes."""

from collections.abc import Mapping
from time import monotonic
from typing import Any


class FetchError(Exception):
    """There was no usable answer in time; the message says what there was."""


def fetch(http: Any, url: str, *, headers: Mapping[str, str] | None = None, within: float) -> bytes:
    """Return the body of a 200 answer, read within `within` seconds; else raise.

    Raises `FetchError`, or what `http` (a client of httpx or httpx2) raises.
    """
    ends = monotonic() + within
    body = bytearray()
    # To connect, to read on, to write, and to be given a connection.
    patience = tuple(within * part for part in (0.4, 0.5, 0.05, 0.05))
    with http.stream("GET", url, headers=headers, timeout=patience) as response:
        if response.status_code != 200:
            message = f"it answered {response.status_code}"
            raise FetchError(message)
        for chunk in response.iter_bytes():
            body += chunk
            if monotonic() > ends:
                message = f"its answer took longer than {within:g} s"
                raise FetchError(message)
    return bytes(body)


def said(error: Exception) -> str:
    """Return what an error says of itself, or at least its name."""
    return str(error) or type(error).__name__


def connect() -> Any:
    """Return a client that keeps no connection open: a forked process would share it."""
    import httpx

    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
