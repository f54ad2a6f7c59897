"""One request and one answer, as they cross the wire, without the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from budget_guard.sandbox.openrouter.refusals import Refusal, no_credential
from budget_guard.sandbox.openrouter.wire import decode

type Payload = tuple[int, dict[str, Any]]
"""A status, and the body that goes with it."""


LOOPBACK = "127.0.0.1"
"""Where requests come from that cross no network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrives, from `address`; `path` is what follows `/api/v1`."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)
    address: str = LOOPBACK

    def token(self) -> str:
        """Return the bearer token; 401 without one."""
        scheme, _, token = (self.authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise no_credential()
        return token

    def fields(self) -> dict[str, Any]:
        """Return the body's JSON object, fractions as `Decimal`; 400 if it is none."""
        try:
            fields = decode(self.body)
        except ValueError as error:
            raise Refusal(400, "Invalid JSON body") from error
        if not isinstance(fields, dict):
            raise Refusal(400, "Expected a JSON object")
        return fields


class Ending(StrEnum):
    """What becomes of the connection."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent; `delay` (seconds) is to be waited for first, `ending` says how far it gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    delay: float = 0
    ending: Ending = Ending.WHOLE
