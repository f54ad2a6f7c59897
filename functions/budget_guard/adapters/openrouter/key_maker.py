"""The port `KeyMaker` over HTTPS."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Self
from urllib.parse import quote

from budget_guard.adapters.openrouter import making
from budget_guard.adapters.openrouter.answers import Answer
from budget_guard.adapters.openrouter.connecting import Credential, open_transport
from budget_guard.adapters.openrouter.paging import MOST_FRUITLESS
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.errors import (
    KeyGone,
    LivesTooLong,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
)
from budget_guard.domain.strays import Sighting
from budget_guard.use_cases.rotation.ports import (
    KeyGuardrail,
    KeyList,
    ListKind,
    MadeKey,
    NewKey,
    OwnView,
    Plaintext,
)

ABOUT_LIFETIME = re.compile(r"lifetime|expir", re.IGNORECASE)
PATHS = {ListKind.BYOK: "/byok", ListKind.DESTINATION: "/observability/destinations"}


def connect_maker(
    base_url: str, key: Credential, *, time_left: Callable[[], float] = lambda: 60.0
) -> "HttpKeyMaker":
    """Return the adapter on a transport of its own: see `open_transport`, errors included."""
    return HttpKeyMaker(open_transport(base_url, key, time_left=time_left))


class HttpKeyMaker:
    """OpenRouter's API of keys; see the port `KeyMaker` for what each method promises."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def make(self, key: NewKey) -> MadeKey:
        """POST once, whatever the answer; `ProviderConfusing` too may leave a key behind.

        How a key is refused that would live too long is not documented: it is known by the words.
        """
        try:
            answer = self._transport.post("/keys", making.body_of(key))
        except ProviderRejected as error:
            if ABOUT_LIFETIME.search(str(error)):
                raise LivesTooLong(str(error), status=error.status) from error
            raise
        return making.read_made(answer)

    def delete(self, key: str) -> None:
        """DELETE; 404 is as good."""
        with suppress(KeyGone):
            self._transport.delete(f"/keys/{quote(key, safe='')}")

    def own_view(self, plaintext: Plaintext) -> OwnView:
        """Ask `/key`; what would be a wrong management key elsewhere is a useless new key here."""
        refused = None
        try:
            answer = self._transport.get_as(plaintext.get_secret_value(), "/key")
        except ManagementKeyError:
            refused = "GET /key refused the key that asked: it cannot be used."
        # Outside of the `except`: the other message speaks of another key.
        if refused:
            raise ProviderRejected(refused, status=401)
        return making.read_own(answer)

    def sightings(self, workspace: str) -> tuple[Sighting, ...]:
        """Read pages until one is empty: their size is not documented."""
        flags = {"include_disabled": "true", "include_expired": "true"}
        rows = self._pages(
            "/keys", making.read_sightings, lambda one: one.hash, workspace_id=workspace, **flags
        )
        return tuple(rows)

    def guardrail(self, key: str) -> KeyGuardrail | None:
        """Look the key up in all assignments, and ask for its guardrail."""
        assigned = self._assigned(key)
        if assigned is None:
            return None
        path = f"/guardrails/{quote(assigned, safe='')}"
        return making.read_guardrail(self._transport.get(path))

    def assign(self, guardrail: str, key: str) -> None:
        """POST, and read it back: a count is all that the answer has."""
        path = f"/guardrails/{quote(guardrail, safe='')}/assignments/keys"
        self._transport.post(path, json.dumps({"key_hashes": [key]}))
        if self._assigned(key) != guardrail:
            msg = f"POST {path} was accepted, but key {key[:12]} does not have the guardrail."
            raise ProviderRejected(msg, status=200)

    def lists(self, workspace: str) -> tuple[KeyList, ...]:
        """Read both kinds, all pages.

        Of BYOK credentials also those that are listed where no workspace is named: one may be for
        every workspace (`workspace_id` null), and which lists show those is not documented.
        """
        found = [one for kind in ListKind for one in self._lists(kind, workspace_id=workspace)]
        known = {(one.kind, one.id) for one in found}
        others = (one for one in self._global() if (one.kind, one.id) not in known)
        return (*found, *others)

    def write(self, changed: KeyList) -> None:
        """PATCH one field, and compare the answer."""
        path, name = PATHS[changed.kind], making.HASHES[changed.kind]
        body = json.dumps({name: list(changed.keys)})
        answer = self._transport.patch(f"{path}/{quote(changed.id, safe='')}", body)
        written = making.read_list(answer, changed.kind)
        if written is None or set(written.keys) != set(changed.keys):
            msg = f"The {changed.kind} {changed.id} did not take the list of keys it was given."
            raise ProviderRejected(msg, status=200)

    def _assigned(self, key: str) -> str | None:
        rows = self._pages(
            "/guardrails/assignments/keys", making.read_assignments, lambda one: one[0]
        )
        return dict(rows).get(key)

    def _global(self) -> list[KeyList]:
        try:
            return self._lists(ListKind.BYOK)
        except ProviderRejected as error:
            # There is no such list once the default workspace was deleted.
            if error.status == HTTPStatus.BAD_REQUEST:
                return []
            raise

    def _lists(self, kind: ListKind, **params: str) -> list[KeyList]:
        def read(answer: Answer) -> list[tuple[str, KeyList | None]]:
            return making.read_lists(answer, kind)

        rows = self._pages(PATHS[kind], read, lambda one: one[0], **params)
        return [listed for _, listed in rows if listed is not None]

    def _pages[T](
        self,
        path: str,
        read: Callable[[Answer], list[T]],
        identity: Callable[[T], str],
        **params: str,
    ) -> list[T]:
        """Return the rows of all pages, each once: the end is a page without rows."""
        found: dict[str, T] = {}
        offset = fruitless = 0
        while rows := read(self._transport.get(path, offset=str(offset), **params)):
            fresh = {identity(row): row for row in rows}
            # Rows move to the next page while things are made.
            fruitless = fruitless + 1 if fresh.keys() <= found.keys() else 0
            if fruitless > MOST_FRUITLESS:
                msg = f"GET {path} gives the same at every offset; nothing was concluded."
                raise ProviderConfusing(msg)
            found |= fresh
            offset += len(rows)
        return list(found.values())
