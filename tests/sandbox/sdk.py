"""Clients of the official SDK for a served account, and what the SDK's own code warns of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from openrouter import OpenRouter
from openrouter.utils import BackoffStrategy, RetryConfig

# The SDK's jsonpath library looks for the names of old syntax tree nodes when it is imported.
# Its models warn of the vendor's own deprecated fields (`is_provisioning_key`) while parsing them.
marks = [
    pytest.mark.filterwarnings("ignore:ast.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings(r"ignore:warning. \*\* DEPRECATED:DeprecationWarning"),
]

NEVER = RetryConfig(
    strategy="none",
    backoff=BackoffStrategy(1, 1, 1.0, 1),
    retry_connection_errors=False,
)

type Client = Callable[[str | None], OpenRouter]


@contextmanager
def clients(served: str) -> Iterator[Client]:
    """Makes SDK clients for a key. The HTTP client is ours, so that it is closed."""
    with httpx.Client(timeout=5) as http:

        def connect(api_key: str | None) -> OpenRouter:
            return OpenRouter(api_key=api_key, server_url=served, retry_config=NEVER, client=http)

        yield connect
