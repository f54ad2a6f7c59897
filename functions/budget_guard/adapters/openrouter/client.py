"""The port `OpenRouter` over HTTPS: which requests are made, and what their answers mean."""

import json
from collections.abc import Callable, Container
from dataclasses import replace
from typing import Self
from urllib.parse import quote

from budget_guard.adapters.openrouter import wire
from budget_guard.adapters.openrouter.answers import Answer
from budget_guard.adapters.openrouter.connecting import Credential, open_transport
from budget_guard.adapters.openrouter.failures import MAKE_ONE
from budget_guard.adapters.openrouter.keys import read_one, read_page
from budget_guard.adapters.openrouter.paging import every_page
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.errors import ManagementKeyError, ProviderConfusing
from budget_guard.domain.keys import Reading
from budget_guard.domain.money import Usd
from budget_guard.domain.polls import Workspace
from budget_guard.use_cases.listings import Listing
from budget_guard.use_cases.ports import Change

AT_ONCE = 4
"""Pages of one listing; two listings are read at a time."""
WORKSPACES_PER_PAGE = 100
READS_AROUND_MIDNIGHT = 3


def connect(
    base_url: str, key: Credential, *, time_left: Callable[[], float] = lambda: 60.0
) -> "HttpOpenRouter":
    """Return the adapter on a transport of its own: see `open_transport`, errors included."""
    return HttpOpenRouter(open_transport(base_url, key, time_left=time_left))


class HttpOpenRouter:
    """OpenRouter's management API; see the port `OpenRouter` for what each method promises.

    `at_once` bounds the requests of one listing. Safe to use from several threads.
    """

    def __init__(self, transport: Transport, *, at_once: int = AT_ONCE) -> None:
        self._transport = transport
        self._at_once = at_once

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def require_management_key(self) -> None:
        """Ask `/key`: an inference key would get zeros, not a refusal, from `/credits`."""
        is_management = wire.is_management_key(self._transport.get("/key"))
        if not is_management:
            msg = f"The credential is an inference key, not a management key: {MAKE_ONE}."
            raise ManagementKeyError(msg)

    def workspaces(self) -> tuple[Workspace, ...]:
        """Read pages until `total_count` is reached, or without it until one is empty."""
        found: dict[str, Workspace] = {}
        total: int | None = None
        offset = 0
        while total is None or offset < total:
            params = {"offset": str(offset), "limit": str(WORKSPACES_PER_PAGE)}
            answer = self._transport.get("/workspaces", **params)
            page, total = wire.workspaces(answer), wire.total_count(answer)
            fresh = {one.id: one for one in page}
            if not fresh:
                break
            if fresh.keys() <= found.keys():
                msg = "GET /workspaces gives the same at every offset; nothing was concluded."
                raise ProviderConfusing(msg)
            found |= fresh
            offset += len(page)
        return tuple(found.values())

    def keys(self, workspace: str, known: Container[str] = ()) -> Listing:
        """Read all pages, several at a time, and of each the rows that are not known."""

        def page(offset: int) -> Listing:
            flags = {"include_disabled": "true", "include_expired": "true"}
            answer = self._read("/keys", workspace_id=workspace, offset=str(offset), **flags)
            return read_page(answer, workspace, known)

        return every_page(page, at_once=self._at_once)

    def key(self, key_hash: str) -> Reading:
        """Read one key; its workspace is "" if OpenRouter names none."""
        return _reading(self._read(_path(key_hash)), key_hash)

    def change(self, key_hash: str, change: Change) -> Reading:
        """PATCH the fields given, and no other."""
        answer = self._transport.patch(_path(key_hash), _body(change))
        reading = _reading(answer, key_hash)
        return self.key(key_hash) if answer.crossed_midnight else reading

    def balance(self) -> Usd:
        """Subtract what was used from what was bought."""
        return wire.balance(self._transport.get("/credits"))

    def _read(self, path: str, **params: str) -> Answer:
        """Read counters, again where they could be those of two days.

        The second request was sent after the first answer came, so after midnight for certain,
        although its own `Date` can still be 00:00:00.
        """
        answer = self._transport.get(path, **params)
        for _ in range(READS_AROUND_MIDNIGHT):
            if not answer.crossed_midnight:
                return answer
            answer = replace(self._transport.get(path, **params), not_before=answer.at)
        msg = f"GET {path} spans two days however often it is read; nothing was concluded."
        raise ProviderConfusing(msg)


def _path(key_hash: str) -> str:
    return f"/keys/{quote(key_hash, safe='')}"


def _reading(answer: Answer, key_hash: str) -> Reading:
    reading = read_one(answer)
    if reading.key.hash != key_hash:
        msg = (
            f"{answer.endpoint} was answered with another key's `data.hash`; nothing was concluded."
        )
        raise ProviderConfusing(msg)
    return reading


def _body(change: Change) -> str:
    """Return the JSON text; amounts with exactly their digits, which the `json` module cannot."""
    fields: dict[str, str] = {}
    if change.limit is not None:
        amount = change.limit.amount
        fields["limit"] = "null" if amount is None else f"{amount:f}"
        fields["limit_reset"] = json.dumps(change.limit.reset)
    if change.include_byok is not None:
        fields["include_byok_in_limit"] = json.dumps(change.include_byok)
    if change.disabled is not None:
        fields["disabled"] = json.dumps(change.disabled)
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"
