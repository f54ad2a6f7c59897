"""The port `Guardrails` over HTTPS: what guardrails refuse, and which key has which."""

import json
from collections.abc import Callable, Sequence
from typing import Self
from urllib.parse import quote

from budget_guard.adapters.openrouter.answers import Answer
from budget_guard.adapters.openrouter.connecting import Credential, open_transport
from budget_guard.adapters.openrouter.fields import data_in, each, fields_of, identifier
from budget_guard.adapters.openrouter.guardrail_rows import read_guardrail
from budget_guard.adapters.openrouter.paging import MOST_FRUITLESS
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.errors import ProviderConfusing, ProviderRejected
from budget_guard.domain.guardrails import Guardrail
from budget_guard.use_cases.restricting.ports import Assignments

PER_PAGE = "100"
MOST_READS = 4
NOT_FOUND = 404


def connect_guardrails(
    base_url: str, key: Credential, *, time_left: Callable[[], float] = lambda: 60.0
) -> "HttpGuardrails":
    """Return the adapter on a transport of its own: see `open_transport`, errors included."""
    return HttpGuardrails(open_transport(base_url, key, time_left=time_left))


class HttpGuardrails:
    """OpenRouter's guardrails; see the port `Guardrails` for what each method promises."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def assignments(self) -> Assignments:
        """Read all pages, and again where there are several: a row may slip from one to another.

        Raises `ProviderConfusing` where they never say the same twice.
        """
        last: Assignments | None = None
        for _ in range(MOST_READS):
            pages = self._pages("/guardrails/assignments/keys", _assignments)
            of = {key: guardrail for rows, _ in pages for key, guardrail in rows}
            found = Assignments(of, pages[0][1].began, pages[-1][1].at)
            # The last page has no rows.
            if len(pages) <= 2 or (last and last.of == of):
                return found
            last = found
        msg = "GET /guardrails/assignments/keys changed at every read; nothing was concluded."
        raise ProviderConfusing(msg)

    def named(self, name: str, workspace: str) -> tuple[Guardrail, ...]:
        """Read all guardrails of the workspace."""
        pages = self._pages("/guardrails", _guardrails, workspace_id=workspace)
        rows = {one.id: one for rows, _ in pages for one in rows}
        return tuple(one for one in rows.values() if name in (one.name, one.id))

    def guardrail(self, identity: str) -> Guardrail | None:
        """Ask for one; only OpenRouter itself is believed that there is none."""
        try:
            answer = self._transport.get(_path(identity))
        except ProviderRejected as error:
            if error.status == NOT_FOUND:
                return None
            raise
        with fields_of(answer) as row:
            return read_guardrail(row)

    def assign(self, guardrail: str, keys: Sequence[str]) -> None:
        """POST once; the answer only counts."""
        self._transport.post(f"{_path(guardrail)}/assignments/keys", _hashes(keys))

    def remove(self, guardrail: str, keys: Sequence[str]) -> None:
        """POST once; the answer only counts."""
        self._transport.post(f"{_path(guardrail)}/assignments/keys/remove", _hashes(keys))

    def _pages[T](
        self, path: str, read: Callable[[Answer], list[T]], **params: str
    ) -> list[tuple[list[T], Answer]]:
        """Return all pages, up to the first without rows."""
        pages: list[tuple[list[T], Answer]] = []
        offset = fruitless = 0
        while True:
            answer = self._transport.get(path, offset=str(offset), limit=PER_PAGE, **params)
            rows = read(answer)
            is_known = any(rows == before for before, _ in pages)
            pages.append((rows, answer))
            if not rows:
                return pages
            fruitless = fruitless + 1 if is_known else 0
            if fruitless > MOST_FRUITLESS:
                msg = f"GET {path} gives the same at every offset; nothing was concluded."
                raise ProviderConfusing(msg)
            offset += len(rows)


def _path(guardrail: str) -> str:
    return f"/guardrails/{quote(guardrail, safe='')}"


def _hashes(keys: Sequence[str]) -> str:
    return json.dumps({"key_hashes": list(keys)})


def _assignments(answer: Answer) -> list[tuple[str, str]]:
    with data_in(answer) as rows:
        return each(
            rows, lambda row: (identifier(row, "key_hash"), identifier(row, "guardrail_id"))
        )


def _guardrails(answer: Answer) -> list[Guardrail]:
    with data_in(answer) as rows:
        return each(rows, read_guardrail)
