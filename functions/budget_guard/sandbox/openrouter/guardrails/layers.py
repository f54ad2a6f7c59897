"""Which guardrails bind a request, what is left of their budgets, and what they refuse."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budget_guard.domain.money import ZERO
from budget_guard.sandbox.openrouter.collection import Row
from budget_guard.sandbox.openrouter.endpoints import provider_slug
from budget_guard.sandbox.openrouter.key_budget import KeyBudget, Scope
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.sandbox.openrouter.refusals import guardrail_budget_spent, no_endpoint
from budget_guard.sandbox.openrouter.work import Work

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account


@dataclass(frozen=True, slots=True)
class Layer:
    """A guardrail, and in which capacity it binds a key."""

    scope: Scope
    guardrail: Row


def layers(account: "Account", key: SimulatedKey) -> list[Layer]:
    """Return what binds a key, in the order in which the service checks it (SDK, KeyBudget).

    A key without a creator is the workspace's own: nothing that is a member's binds it.
    """
    guardrails = account.guardrails
    # Scripts make requests by the million, mostly where there is no guardrail.
    if not any(guardrails):
        return []
    default = guardrails.find(account.workspaces.row(key.workspace)["default_guardrail_id"])
    bound: tuple[tuple[Scope, Row | None], ...] = (
        ("workspace_default_member", None if key.creator is None else default),
        ("workspace_default_key", default),
        ("member", guardrails.find(guardrails.members.of(key.creator))),
        ("api_key", guardrails.find(guardrails.keys.of(key.hash))),
    )
    return [Layer(scope, guardrail) for scope, guardrail in bound if guardrail is not None]


def budgets(account: "Account", key: SimulatedKey) -> list[KeyBudget]:
    """Return the budgets of the guardrails that bind a key, in that order.

    What was spent before the guardrail was assigned counts too, if it was in the present window
    (not documented).
    """
    limited = (one for one in layers(account, key) if one.guardrail["limit_usd"] is not None)
    return [_budget(account, key, layer) for layer in limited]


def check_budgets(account: "Account", key: SimulatedKey) -> None:
    """Refuse with 403 if one of the budgets has nothing left. Nothing is reserved for a request."""
    for budget in budgets(account, key):
        if budget.remaining <= ZERO:
            raise guardrail_budget_spent(budget, account.clock.now)


def check_endpoint(account: "Account", key: SimulatedKey, work: Work) -> None:
    """Refuse a request whose only endpoint (its model at its provider) a guardrail excludes.

    The service would try other providers; here a request states who serves it.
    """
    reasons = [reason for one in layers(account, key) for reason in _excluded(account, one, work)]
    if reasons:
        raise no_endpoint(account.behaviour.guardrail_refusal_status, dict.fromkeys(reasons))


def _budget(account: "Account", key: SimulatedKey, layer: Layer) -> KeyBudget:
    guardrail = layer.guardrail
    reset, byok = guardrail["reset_interval"], guardrail["include_byok_in_budgets"]
    spent = account.books.spent(_spenders(account, key, layer.scope), reset, account.clock.now)
    return KeyBudget(
        scope=layer.scope,
        limit=guardrail["limit_usd"],
        spent=spent.counted(include_byok=byok),
        reset=reset,
        include_byok=byok,
        guardrail=guardrail["id"],
    )


def _spenders(account: "Account", key: SimulatedKey, scope: Scope) -> list[str]:
    """Return whose spend counts together: a member's keys, deleted ones too, or the key alone.

    A budget is never pooled beyond that: a key that takes another's place begins with all of a
    key's budget.
    """
    if scope in {"workspace_default_member", "member"}:
        return [one.hash for one in account.keys.values() if one.creator == key.creator]
    return [key.hash]


def _excluded(account: "Account", layer: Layer, work: Work) -> Iterator[str]:
    """Return the service's reasons; seen by clients but for an ignored provider's."""
    guardrail, found = layer.guardrail, account.catalog.named(work.model, account.clock.now)
    model = work.model if found is None else found.canonical_slug
    allowed, ignored = guardrail["allowed_models"], guardrail["ignored_models"]
    if model in (ignored or ()) or (allowed is not None and model not in allowed):
        yield "model-ignored-by-guardrail"
    if work.provider is None:
        return
    provider, allowed = provider_slug(work.provider), guardrail["allowed_providers"]
    if allowed is not None and provider not in allowed:
        yield "provider-not-allowed-by-guardrail"
    if provider in (guardrail["ignored_providers"] or ()):
        yield "provider-ignored-by-guardrail"
