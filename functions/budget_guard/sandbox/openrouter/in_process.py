"""The port `OpenRouter` straight onto a simulated account, for tests of many thousand steps."""

import sys
from collections.abc import Callable, Container
from typing import Any

import httpx

from budget_guard.adapters.openrouter.answers import UnusableError
from budget_guard.adapters.openrouter.failures import MAKE_ONE, failed, refused
from budget_guard.adapters.openrouter.keys import read_listing, read_row
from budget_guard.domain.errors import GuardError, ManagementKeyError, ProviderConfusing
from budget_guard.domain.keys import Reading
from budget_guard.domain.money import Usd
from budget_guard.domain.polls import Workspace
from budget_guard.sandbox.openrouter.account import PAGE, Account
from budget_guard.sandbox.openrouter.faults import Fault, Faults, When
from budget_guard.sandbox.openrouter.messages import LOOPBACK
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.security import admit_address
from budget_guard.use_cases.listings import Listing, Unread
from budget_guard.use_cases.ports import Change

type Row = dict[str, Any]


class InProcessOpenRouter:
    """Does what the real adapter does, as if after its retries: a fault that strikes is final.

    `raw` and `truncate` are answers that do not arrive; `delay`, `shift` and `late` have no effect,
    for no time passes and pages are read at one moment. `key` is the account's management key if not
    given. Answers are as old as the account's clock says, and their `began` is their `at`.
    """

    def __init__(
        self, account: Account, faults: Faults | None = None, *, key: str | None = None
    ) -> None:
        self._account = account
        self._faults = Faults() if faults is None else faults
        self._key = key or account.management_key or ""

    def require_management_key(self) -> None:
        """Raise `ManagementKeyError` unless the account says that it is one."""
        own = self._call("GET", "/key", lambda _: [self._account.current_key(self._key)])[0]
        if not own["is_management_key"]:
            msg = f"The credential is an inference key, not a management key: {MAKE_ONE}."
            raise ManagementKeyError(msg)

    def workspaces(self) -> tuple[Workspace, ...]:
        """Return every workspace."""
        known = self._account.workspaces

        def page(_: Fault) -> list[Row]:
            rows: list[Row] = known.page(0, sys.maxsize)["data"]
            return rows

        rows = self._call("GET", "/workspaces", self._managed(page))
        return tuple(Workspace(row["id"], row["name"]) for row in rows)

    def keys(self, workspace: str, known: Container[str] = ()) -> Listing:
        """Return every key of a workspace, and leave known rows unread as the real adapter does."""
        found: list[Row] = []
        while True:
            rows = self._call("GET", "/keys", self._page(workspace, len(found)))
            found += rows
            if len(rows) < PAGE:
                return self._listing(found, workspace, known)

    def key(self, key_hash: str) -> Reading:
        """Return one key."""
        path = f"/keys/{key_hash}"

        def get(fault: Fault) -> list[Row]:
            return [self._account.get_key(key_hash, age=fault.counters_age)]

        return self._reading(f"GET {path}", self._call("GET", path, self._managed(get))[0])

    def change(self, key_hash: str, change: Change) -> Reading:
        """Change the fields given, and no other."""
        path, fields = f"/keys/{key_hash}", _fields(change)

        def patch(fault: Fault) -> list[Row]:
            age, delay = fault.counters_age, fault.patch_delay
            return [self._account.patch_key(key_hash, fields, age=age, delay=delay)]

        return self._reading(f"PATCH {path}", self._call("PATCH", path, self._managed(patch))[0])

    def balance(self) -> Usd:
        """Return what is left of the account's credits."""
        totals = self._managed(lambda _: [self._account.credits()])
        row = self._call("GET", "/credits", totals)[0]
        left: Usd = row["total_credits"] - row["total_usage"]
        return left

    def _page(self, workspace: str, offset: int) -> Callable[[Fault], list[Row]]:
        return self._managed(
            lambda fault: self._account.list_keys(
                workspace_id=workspace,
                offset=offset,
                include_disabled=True,
                include_expired=True,
                age=fault.counters_age,
            )
        )

    def _managed(self, effect: Callable[[Fault], list[Row]]) -> Callable[[Fault], list[Row]]:
        def admitted(fault: Fault) -> list[Row]:
            self._account.admit_management(self._key)
            return effect(fault)

        return admitted

    def _call(self, method: str, path: str, effect: Callable[[Fault], list[Row]]) -> list[Row]:
        fault = self._faults.take(method, path)
        error = _struck(method, path, fault)
        early = fault.drop or fault.status is not None
        if error is not None and early and fault.when is When.BEFORE:
            raise error
        try:
            admit_address(self._account, self._key, LOOPBACK)
            rows = effect(fault)
        except Refusal as refusal:
            raise error or _refused(method, path, refusal) from None
        if error is not None:
            raise error
        return [{**row, **fault.overlay} for row in rows] if fault.overlay else rows

    def _listing(self, rows: list[Row], workspace: str, known: Container[str]) -> Listing:
        now = self._account.clock.now
        try:
            return read_listing(rows, workspace, Unread(now, now), known)
        except UnusableError as error:
            raise _confusing(error, "GET /keys") from None

    def _reading(self, endpoint: str, row: Row) -> Reading:
        now = self._account.clock.now
        try:
            return read_row(row, "", now, now)
        except UnusableError as error:
            raise _confusing(error, endpoint) from None


def _confusing(error: UnusableError, endpoint: str) -> ProviderConfusing:
    return ProviderConfusing(
        f"{endpoint} was answered with an unusable `data{error.field}`; nothing was concluded."
    )


def _struck(method: str, path: str, fault: Fault) -> GuardError | None:
    if fault.drop or fault.truncate:
        return failed(f"{method} {path}", httpx.RemoteProtocolError("connection lost"))
    if fault.raw is not None:
        msg = f"{method} {path} was answered with what cannot be used; nothing was concluded."
        return ProviderConfusing(msg)
    refusal = fault.refusal()
    return None if refusal is None else _refused(method, path, refusal)


def _refused(method: str, path: str, refusal: Refusal) -> GuardError:
    request = httpx.Request(method, f"https://openrouter.ai/api/v1{path}")
    response = httpx.Response(refusal.status, json=refusal.body(), request=request)
    return refused(f"{method} {path}", response)


def _fields(change: Change) -> Row:
    fields: Row = {}
    if change.limit is not None:
        fields |= {"limit": change.limit.amount, "limit_reset": change.limit.reset}
    if change.include_byok is not None:
        fields["include_byok_in_limit"] = change.include_byok
    if change.disabled is not None:
        fields["disabled"] = change.disabled
    return fields
