"""POST /chat/completions: a caller states in documented fields what its request shall cost.

The model `sim/<USD per token>` names the price; `max_tokens` is what may be used at most, and
`metadata` may say `{"tokens": "40"}` (used in fact; else `max_tokens`, else 100) and
`{"byok": "true"}`. Nothing is streamed.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from budget_guard.domain.money import ZERO, Usd
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Charge
from budget_guard.sandbox.openrouter.refusals import Refusal

TOKENS = 100
MESSAGE = {"role": "assistant", "content": "A simulated answer."}


def complete(account: Account, plaintext: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Charge one request to the key with this plaintext and return the completion."""
    if body.get("stream"):
        raise Refusal(400, "The simulated account does not stream")
    key = account.identify(plaintext)
    price, most = (
        _price(body.get("model")),
        body.get("max_completion_tokens") or body.get("max_tokens"),
    )
    stated = body.get("metadata") or {}
    used = _tokens(stated.get("tokens"), most)
    request = account.spending.begin(
        key.hash,
        byok=stated.get("byok") == "true",
        max_cost=None if most is None else most * price,
        price=price,
    )
    charge = account.spending.complete(request, used * price)
    return _completion(charge, str(body["model"]), used, len(account.books.charges))


def _price(model: object) -> Usd:
    try:
        price = Decimal(str(model).removeprefix("sim/"))
    except InvalidOperation:
        price = ZERO
    if not price.is_finite() or price <= ZERO:
        raise Refusal(400, f"{model} is not a valid model ID")
    return price


def _tokens(stated: object, most: object) -> int:
    if most is not None and (not isinstance(most, int) or most < 1):
        raise Refusal(400, "max_tokens must be a positive whole number")
    if stated is None:
        return TOKENS if most is None else most
    if not str(stated).isdecimal():
        raise Refusal(400, "metadata.tokens must be a whole number")
    return int(str(stated)) if most is None else min(int(str(stated)), most)


def _completion(charge: Charge, model: str, tokens: int, number: int) -> dict[str, Any]:
    return {
        "id": f"gen-{number}",
        "object": "chat.completion",
        "created": int(charge.at.timestamp()),
        "model": model,
        "system_fingerprint": None,
        "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
        "usage": {
            "prompt_tokens": 0,
            "completion_tokens": tokens,
            "total_tokens": tokens,
            "cost": charge.credits,
            "is_byok": charge.byok > ZERO,
            "cost_details": {
                "upstream_inference_cost": charge.byok,
                "upstream_inference_prompt_cost": 0,
                "upstream_inference_completions_cost": charge.byok,
            },
        },
    }
