"""The answers by which OpenRouter says no, in both of the shapes that it has been seen to use."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window


class Shape(StrEnum):
    """The form of an error body: the documented one, and the one of a failed schema check."""

    ERROR = "error"
    ZOD = "zod"


class Refusal(Exception):
    """A request that was refused: status, message, and what else the answer carries.

    `retry_after`: the seconds after which the caller may try again, if the answer says so.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        shape: Shape = Shape.ERROR,
        retry_after: Decimal | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.metadata = metadata
        self.shape = shape
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """Return the error body."""
        if self.shape is Shape.ZOD:
            return {"success": False, "error": {"name": "ZodError", "message": self.message}}
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if self.metadata is not None:
            error["metadata"] = dict(self.metadata)
        return {"error": error}


def no_credential() -> Refusal:
    """Return the answer to a request without a bearer token."""
    return Refusal(401, "Missing Authentication header")


def unknown_credential() -> Refusal:
    """Return the answer to a key that is unknown, deleted, disabled or expired."""
    return Refusal(401, "User not found.")


def management_only() -> Refusal:
    """Return the answer of a management endpoint to an inference key."""
    return Refusal(403, "Only management keys can perform this operation")


def not_found(*, what: str) -> Refusal:
    """Return the answer for a thing that is not there."""
    return Refusal(404, f"{what} not found")


def limit_spent(status: int, reset: Window | None) -> Refusal:
    """Return the answer to a request of a key that has nothing left."""
    window = "total" if reset is None else reset.value
    return Refusal(
        status,
        f"Key limit exceeded ({window} limit). Manage it using https://openrouter.ai/settings/keys",
        metadata={"limit_source": "openrouter_key_limit"},
    )


def too_many_tokens(max_cost: Usd, remaining: Usd, *, price: Usd, source: str) -> Refusal:
    """Return the answer to a request whose `max_tokens` could cost more than remains."""
    asked = int(max_cost / price)
    afford = int((max(remaining, ZERO) / price).to_integral_value(ROUND_FLOOR))
    return Refusal(
        402,
        "This request requires more credits, or fewer max_tokens. "
        f"You requested up to {asked} tokens, but can only afford {afford}.",
        metadata={"limit_source": source},
    )


def no_credits() -> Refusal:
    """Return the answer when the account's balance is used up."""
    return Refusal(
        402,
        "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
        metadata={"limit_source": "openrouter_credits"},
    )


def retry_after(seconds: Decimal) -> dict[str, str]:
    """Return the header that asks a client to wait."""
    return {"retry-after": f"{seconds:f}"}
