"""The answers by which OpenRouter says no, in both of the shapes that it has been seen to use."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.key_budget import KeyBudget

_GUARDRAILS = "https://openrouter.ai/workspaces/default/guardrails"


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


def forbidden() -> Refusal:
    """Return the answer to a request from an address that is not on the account's allowlist.

    The status is documented, the message is not.
    """
    return Refusal(403, "Forbidden")


def lives_too_long(status: int) -> Refusal:
    """Return the answer to a key that outlives the account's maximum (message not documented)."""
    return Refusal(status, "API key exceeds the account's maximum key lifetime")


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


def guardrail_budget_spent(budget: KeyBudget, now: datetime) -> Refusal:
    """Return the answer to a request of a key that has nothing left of a guardrail's budget.

    Status and metadata as summarised from the newer documents; the message is made up after the one
    documented for workspace budgets.
    """
    resets_at = budget.resets_at(now)
    return Refusal(
        403,
        f"Guardrail {budget.reset} budget of ${budget.limit:.2f} exceeded. Contact your org admin.",
        metadata={
            "limit_source": "openrouter_guardrail_budget",
            "scope": budget.scope,
            "limit_usd": budget.limit,
            "spend_usd": budget.spent,
            "resets_at": None if resets_at is None else resets_at.isoformat(),
        },
    )


def no_endpoint(status: int, reasons: Iterable[str]) -> Refusal:
    """Return the answer to a request whose one endpoint was excluded for these reasons.

    As clients saw it with 404 (public code, October 2026); the guide "Guardrails" says 403.
    """
    excluded = [
        {"reason": one, "endpoint_count": 1, "configure_url": _GUARDRAILS} for one in reasons
    ]
    told = "\n".join(f"{one['reason']}: 1 endpoint excluded" for one in excluded)
    return Refusal(
        status,
        "0 endpoints out of 1 requested are available matching your guardrail restrictions and "
        "data policy. We removed them for the following reasons (an endpoint may have matched "
        f"multiple reasons):\n{told}; configurable at {_GUARDRAILS}",
        metadata={
            "input_endpoint_count": 1,
            "ineligibility_reasons": excluded,
            "routing_funnel": [{"step": "Initial Endpoints", "endpoint_count": 1}],
            "failed_routing_step": "Filter by Guardrails",
        },
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
