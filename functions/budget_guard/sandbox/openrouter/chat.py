"""POST /chat/completions: a caller states in documented fields what its request shall cost.

The model `sim/<USD per token>` names the price, a model of the catalog has its own for completions;
`max_tokens` is what may be used at most, and `metadata` may say `{"tokens": "40"}` (used in fact;
else `max_tokens`, else 100), `{"byok": "true"}`, `{"provider": "Azure"}` and `{"failed":
"OpenAI,Groq"}` (the providers tried before). `user` and `session_id` are as documented. Nothing is
streamed.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from budget_guard.domain.money import ZERO, Usd
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.generations import Generation
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.work import ORDINARY, Tokens, Work

TOKENS = 100
MESSAGE = {"role": "assistant", "content": "A simulated answer."}


def complete(account: Account, plaintext: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Charge one request to the key with this plaintext and return the completion."""
    if body.get("stream"):
        raise Refusal(400, "The simulated account does not stream")
    key = account.identify(plaintext)
    price, most = (
        _price(account, body.get("model")),
        body.get("max_completion_tokens") or body.get("max_tokens"),
    )
    stated = body.get("metadata") or {}
    used = _tokens(stated.get("tokens"), most)
    work = _work(body, stated, used)
    request = account.spending.begin(
        key.hash,
        byok=stated.get("byok") == "true",
        max_cost=None if most is None else most * price,
        price=price,
        work=work,
    )
    account.spending.complete(request, used * price, work=work)
    return _completion(account.generations.latest)


def _price(account: Account, name: object) -> Usd:
    model = account.catalog.named(str(name), account.clock.now)
    if model is not None:
        return model.price("completion")
    try:
        price = Decimal(str(name).removeprefix("sim/"))
    except InvalidOperation:
        price = ZERO
    if not price.is_finite() or price <= ZERO:
        raise Refusal(400, f"{name} is not a valid model ID")
    return price


def _work(body: Mapping[str, Any], stated: Mapping[str, Any], used: int) -> Work:
    failed = str(stated.get("failed") or "")
    return Work(
        model=str(body["model"]),
        provider=str(stated.get("provider") or ORDINARY.provider),
        failed=tuple(failed.split(",")) if failed else (),
        tokens=Tokens(completion=used),
        session=body.get("session_id"),
        user=body.get("user"),
    )


def _tokens(stated: object, most: object) -> int:
    if most is not None and (not isinstance(most, int) or most < 1):
        raise Refusal(400, "max_tokens must be a positive whole number")
    if stated is None:
        return TOKENS if most is None else most
    if not str(stated).isdecimal():
        raise Refusal(400, "metadata.tokens must be a whole number")
    return int(str(stated)) if most is None else min(int(str(stated)), most)


def _completion(made: Generation) -> dict[str, Any]:
    tokens = made.tokens.completion
    return {
        "id": made.id,
        "object": "chat.completion",
        "created": int(made.created_at.timestamp()),
        "model": made.work.model,
        "provider": made.work.provider,
        "system_fingerprint": None,
        "choices": [{"index": 0, "finish_reason": made.work.finish, "message": MESSAGE}],
        "usage": {
            "prompt_tokens": 0,
            "completion_tokens": tokens,
            "total_tokens": tokens,
            "cost": made.cost,
            "is_byok": made.is_byok,
            "cost_details": {
                "upstream_inference_cost": made.byok,
                "upstream_inference_prompt_cost": 0,
                "upstream_inference_completions_cost": made.byok,
            },
        },
    }
