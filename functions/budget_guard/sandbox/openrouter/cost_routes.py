"""Which request tells what of the costs: generations, analytics, activity, models."""

from collections.abc import Mapping
from typing import Any

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.activity import activity
from budget_guard.sandbox.openrouter.bodies import whole_number
from budget_guard.sandbox.openrouter.generation_wire import generation_row
from budget_guard.sandbox.openrouter.messages import Payload, Request
from budget_guard.sandbox.openrouter.refusals import Refusal, not_found


def costs(account: Account, request: Request) -> Payload:
    """Return status and body; `Refusal` if it is refused. The models need no credential."""
    match request.method, request.path.strip("/").split("/"):
        case "GET", ["models"]:
            return 200, _models(account, request.query)
        case "GET", ["generation"]:
            return 200, {"data": _generation(account, request)}
        case "GET", ["activity"]:
            account.admit_management(request.token())
            return 200, {"data": activity(account, request.query)}
        case "GET", ["analytics", "meta"]:
            account.admit_management(request.token())
            return 200, {"data": account.analytics.meta()}
        case "POST", ["analytics", "query"]:
            account.admit_management(request.token())
            return 200, {"data": account.analytics.query(request.fields())}
        case _:
            request.token()
            raise not_found(what="Resource")


def _models(account: Account, query: Mapping[str, str]) -> dict[str, Any]:
    now, outputs = account.clock.now, query.get("output_modalities", "text").split(",")
    if not {"offset", "limit"} & set(query):
        return account.catalog.page(now, 0, None, outputs)
    offset = whole_number(query.get("offset"), 0, least=0)
    limit = whole_number(query.get("limit"), 500, least=1, most=1000)
    return account.catalog.page(now, offset, limit, outputs)


def _generation(account: Account, request: Request) -> dict[str, Any]:
    token, identity = request.token(), request.query.get("id")
    if not account.is_management(token):
        account.identify(token)
    if not identity:
        raise Refusal(400, "id: Required")
    seen = account.clock.now - account.behaviour.generation_delay
    return generation_row(account.generations.find(identity, seen=seen))
