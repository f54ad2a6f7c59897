"""The way to OpenRouter that its adapters share: one credential, one pool of connections."""

import logging
import re
from collections.abc import Callable
from typing import Protocol

import httpx
import stamina.instrumentation

from budget_guard.adapters.openrouter.failures import MAKE_ONE
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.errors import ManagementKeyError

MOST_CONNECTIONS = 32
HEADER_SAFE = re.compile(r"[!-~]+")


class Credential(Protocol):
    """A secret that shows itself only when asked, as pydantic's `SecretStr` does."""

    def get_secret_value(self) -> str:
        """Return the plaintext."""
        ...


def open_transport(
    base_url: str, key: Credential, *, time_left: Callable[[], float] = lambda: 60.0
) -> Transport:
    """Return what adapters send with; `time_left` tells the seconds that the run may still use.

    Raise `ManagementKeyError` if the key is empty or cannot be sent in a header. Without
    `time_left` each request may be repeated up to its bound of attempts. Silences the log lines
    of httpx and stamina: one for each request and each retry.
    """
    secret = key.get_secret_value().strip()
    if not HEADER_SAFE.fullmatch(secret):
        msg = f"There is no usable management key (empty, or not one line of ASCII): {MAKE_ONE}."
        raise ManagementKeyError(msg)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stamina.instrumentation.set_on_retry_hooks(())
    client = httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {secret}", "X-OpenRouter-Title": "Budget Guard"},
        limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
    )
    return Transport(client, time_left=time_left)
