"""Which request does what to the guardrails and their assignments."""

from typing import TYPE_CHECKING

from budget_guard.sandbox.openrouter.bodies import parsed
from budget_guard.sandbox.openrouter.collection import Row, answer, page
from budget_guard.sandbox.openrouter.guardrails.assignments import Assignment, Assignments
from budget_guard.sandbox.openrouter.guardrails.bodies import KeyHashes, Members
from budget_guard.sandbox.openrouter.messages import Payload, Request
from budget_guard.sandbox.openrouter.refusals import not_found
from budget_guard.sandbox.openrouter.wire import moment

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

ORGANIZATION = "org_simulated"


def guardrails(account: "Account", path: list[str], request: Request) -> Payload:
    """Return status and body of a request below `/guardrails`; `Refusal` if it is refused."""
    match path:
        case ["assignments", kind]:
            return 200, _list(account, kind, None, request)
        case [identity, "assignments", kind, *rest]:
            account.guardrails.get(identity)
            return 200, _assigned(account, identity, [kind, *rest], request)
        case _:
            return answer(account.guardrails, path, request)


def _assigned(account: "Account", identity: str, path: list[str], request: Request) -> Row:
    held, now = _held(account, path[0]), account.clock.now
    match request.method, path[1:]:
        case "GET", []:
            return _list(account, path[0], identity, request)
        case "POST", []:
            holders = _holders(account, path[0], request)
            return {"assigned_count": held.assign(identity, holders, now)}
        case "POST", ["remove"]:
            holders = _holders(account, path[0], request)
            return {"unassigned_count": held.remove(identity, holders)}
        case _:
            raise not_found(what="Resource")


def _list(account: "Account", kind: str, identity: str | None, request: Request) -> Row:
    """Return a page of one guardrail's assignments, or of all: of every workspace."""
    held = _held(account, kind)
    if request.method != "GET":
        raise not_found(what="Resource")
    shown = _key_row if kind == "keys" else _member_row
    return page([shown(account, one) for one in held.holding(identity)], request.query)


def _held(account: "Account", kind: str) -> Assignments:
    match kind:
        case "keys":
            return account.guardrails.keys
        case "members":
            return account.guardrails.members
        case _:
            raise not_found(what="Resource")


def _holders(account: "Account", kind: str, request: Request) -> list[str]:
    """Return whom the body names. What is no key of the account is left out and not counted.

    The documents do not say what becomes of such hashes; the answer's count is "successfully
    assigned", so that a caller has to compare it.
    """
    if kind == "members":
        return parsed(Members, request.fields()).member_user_ids
    asked = parsed(KeyHashes, request.fields()).key_hashes
    return [key_hash for key_hash in asked if account.exists(key_hash)]


def _key_row(account: "Account", one: Assignment) -> Row:
    key = account.keys[one.holder]
    return _row(one) | {"key_hash": key.hash, "key_name": key.name, "key_label": key.label}


def _member_row(_account: "Account", one: Assignment) -> Row:
    return _row(one) | {"user_id": one.holder, "organization_id": ORGANIZATION}


def _row(one: Assignment) -> Row:
    """Return what both kinds have; a management key is no person (`assigned_by`: not documented)."""
    return {
        "id": one.id,
        "guardrail_id": one.guardrail,
        "assigned_by": None,
        "created_at": moment(one.at),
    }
