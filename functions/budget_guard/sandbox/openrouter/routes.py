"""Which request has which effect on the account."""

from collections.abc import Mapping
from typing import Any

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.bodies import whole_number
from budget_guard.sandbox.openrouter.chat import complete
from budget_guard.sandbox.openrouter.collection import answer
from budget_guard.sandbox.openrouter.cost_routes import costs
from budget_guard.sandbox.openrouter.faults import Fault
from budget_guard.sandbox.openrouter.guardrails import guardrails
from budget_guard.sandbox.openrouter.messages import Payload, Request
from budget_guard.sandbox.openrouter.refusals import (
    management_only,
    not_found,
    unknown_credential,
)
from budget_guard.sandbox.openrouter.security import admit_address


def effect(account: Account, request: Request, fault: Fault) -> Payload:
    """Do what is asked, and return status and body; `Refusal` if it is refused."""
    if request.authorization is not None:
        admit_address(account, request.token(), request.address)
    match request.method, request.path.strip("/").split("/"):
        case "GET", ["key"] | ["auth", "key"]:
            return 200, {"data": account.current_key(request.token(), age=fault.counters_age)}
        case "POST", ["chat", "completions"]:
            return 200, _completion(account, request)
        case "GET", ["credits"]:
            return 200, {"data": _credits(account, request.token())}
        case _, ["workspaces" | "keys" | "guardrails" | "byok" | "observability", *_] as asked:
            account.admit_management(request.token())
            return _managed(account, asked, request, fault)
        case _:
            return costs(account, request)


def _managed(account: Account, path: list[str], request: Request, fault: Fault) -> Payload:
    match path:
        case ["keys", *key_hash]:
            return _keys(account, key_hash, request, fault)
        case ["workspaces", *reference] if request.method == "GET":
            return 200, _workspaces(account, reference, request.query)
        case ["guardrails", *rest]:
            return guardrails(account, rest, request)
        case ["byok", *rest]:
            return answer(account.byok, rest, request)
        case ["observability", "destinations", *rest]:
            return answer(account.destinations, rest, request)
        case _:
            raise not_found(what="Resource")


def _keys(account: Account, key_hash: list[str], request: Request, fault: Fault) -> Payload:
    age = fault.counters_age
    match request.method, key_hash:
        case "GET", []:
            return 200, {"data": _page(account, request.query, fault)}
        case "POST", []:
            plaintext, row = account.create_key(request.fields())
            return 201, {"key": plaintext, "data": row}
        case "GET", [known]:
            return 200, {"data": account.get_key(known, age=age)}
        case "PATCH", [known]:
            row = account.patch_key(known, request.fields(), age=age, delay=fault.patch_delay)
            return 200, {"data": row}
        case "DELETE", [known]:
            return 200, account.delete_key(known)
        case _:
            raise not_found(what="Resource")


def _completion(account: Account, request: Request) -> dict[str, Any]:
    token = request.token()
    if account.is_management(token):
        raise unknown_credential()
    return complete(account, token, request.fields())


def _workspaces(account: Account, reference: list[str], query: Mapping[str, str]) -> dict[str, Any]:
    if reference:
        return {"data": account.workspaces.row("/".join(reference))}
    offset = whole_number(query.get("offset"), 0, least=0)
    limit = whole_number(query.get("limit"), 50, least=1, most=100)
    return account.workspaces.page(offset, limit)


def _page(account: Account, query: Mapping[str, str], fault: Fault) -> list[dict[str, Any]]:
    offset = whole_number(query.get("offset"), 0, least=0)
    return account.list_keys(
        workspace_id=query.get("workspace_id"),
        offset=max(0, offset - fault.shift),
        include_disabled=query.get("include_disabled") == "true",
        include_expired=query.get("include_expired") == "true",
        age=fault.counters_age,
    )


def _credits(account: Account, token: str) -> dict[str, Any]:
    if account.is_management(token):
        return account.credits()
    account.identify(token)
    if account.behaviour.credits_for_inference_key == "refused":
        raise management_only()
    return {"total_credits": 0, "total_usage": 0}
