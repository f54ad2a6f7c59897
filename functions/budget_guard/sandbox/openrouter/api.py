"""The HTTP face of the account, without the HTTP: one request in, one answer out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.bodies import whole_number
from budget_guard.sandbox.openrouter.chat import complete
from budget_guard.sandbox.openrouter.faults import Fault, Faults, When
from budget_guard.sandbox.openrouter.refusals import (
    Refusal,
    management_only,
    no_credential,
    not_found,
    retry_after,
    unknown_credential,
)
from budget_guard.sandbox.openrouter.wire import decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrives; `path` is what follows `/api/v1`."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)


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


@dataclass(slots=True)
class Api:
    """Answers requests for `account`, as far as `faults` let it."""

    account: Account
    faults: Faults = field(default_factory=Faults)

    def answer(self, request: Request) -> Answer:
        """Return the answer, always: refusals and faults are answers too."""
        fault = self.faults.take(request.method, request.path)
        failure = fault.refusal()
        try:
            if fault.when is When.BEFORE and (fault.drop or failure is not None):
                raise failure or Refusal(503, "dropped")
            status, payload = self._effect(request, fault)
            if failure is not None:
                raise failure
        except Refusal as refusal:
            status, payload = refusal.status, refusal.body()
        headers = {
            "content-type": "application/json",
            "date": format_datetime(self.account.clock.now, usegmt=True),
        }
        if fault.retry_after is not None:
            headers |= retry_after(fault.retry_after)
        body = encode(_overlaid(payload, fault)) if fault.raw is None else fault.raw
        delay = fault.delay.total_seconds()
        return Answer(status=status, headers=headers, body=body, delay=delay, ending=_ending(fault))

    def _effect(self, request: Request, fault: Fault) -> tuple[int, dict[str, Any]]:
        token = _bearer(request.authorization)
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["key"] | ["auth", "key"]:
                return 200, {"data": self.account.current_key(token, age=fault.counters_age)}
            case "POST", ["chat", "completions"]:
                if self.account.is_management(token):
                    raise unknown_credential()
                return 200, complete(self.account, token, _fields(request.body))
            case "GET", ["credits"]:
                return 200, {"data": self._credits(token)}
            case "GET", ["workspaces", *reference]:
                self._admit_management(token)
                return 200, self._workspaces(reference, request.query)
            case method, ["keys", *key_hash]:
                self._admit_management(token)
                return self._keys(method, key_hash, request, fault)
            case _:
                raise not_found(what="Resource")

    def _keys(
        self, method: str, key_hash: list[str], request: Request, fault: Fault
    ) -> tuple[int, dict[str, Any]]:
        account, age = self.account, fault.counters_age
        match method, key_hash:
            case "GET", []:
                return 200, {"data": self._page(request.query, fault)}
            case "POST", []:
                plaintext, row = account.create_key(_fields(request.body))
                return 201, {"key": plaintext, "data": row}
            case "GET", [known]:
                return 200, {"data": account.get_key(known, age=age)}
            case "PATCH", [known]:
                fields = _fields(request.body)
                row = account.patch_key(known, fields, age=age, delay=fault.patch_delay)
                return 200, {"data": row}
            case "DELETE", [known]:
                return 200, account.delete_key(known)
            case _:
                raise not_found(what="Resource")

    def _workspaces(self, reference: list[str], query: Mapping[str, str]) -> dict[str, Any]:
        if reference:
            return {"data": self.account.workspaces.row("/".join(reference))}
        offset = whole_number(query.get("offset"), 0, least=0)
        limit = whole_number(query.get("limit"), 50, least=1, most=100)
        return self.account.workspaces.page(offset, limit)

    def _page(self, query: Mapping[str, str], fault: Fault) -> list[dict[str, Any]]:
        offset = whole_number(query.get("offset"), 0, least=0)
        return self.account.list_keys(
            workspace_id=query.get("workspace_id"),
            offset=max(0, offset - fault.shift),
            include_disabled=query.get("include_disabled") == "true",
            include_expired=query.get("include_expired") == "true",
            age=fault.counters_age,
        )

    def _credits(self, token: str) -> dict[str, Any]:
        account = self.account
        if account.is_management(token):
            return account.credits()
        account.identify(token)
        if account.behaviour.credits_for_inference_key == "refused":
            raise management_only()
        return {"total_credits": 0, "total_usage": 0}

    def _admit_management(self, token: str) -> None:
        if not self.account.is_management(token):
            self.account.identify(token)
            raise management_only()


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise no_credential()
    return token


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = decode(body)
    except ValueError as error:
        raise Refusal(400, "Invalid JSON body") from error
    if not isinstance(fields, dict):
        raise Refusal(400, "Expected a JSON object")
    return fields


def _overlaid(payload: dict[str, Any], fault: Fault) -> dict[str, Any]:
    data = payload.get("data")
    if not fault.overlay or data is None:
        return payload
    if isinstance(data, list):
        return payload | {"data": [row | fault.overlay for row in data]}
    return payload | {"data": data | fault.overlay}


def _ending(fault: Fault) -> Ending:
    if fault.drop:
        return Ending.DROPPED
    return Ending.TRUNCATED if fault.truncate else Ending.WHOLE
