"""What answers say to those who make keys, and carry over what hangs on them."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import SecretStr

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import (
    Row,
    amount,
    data_in,
    each,
    fields_of,
    flag,
    identifier,
    text,
    time,
)
from budget_guard.adapters.openrouter.keys import WINDOWS, read_one, read_settings
from budget_guard.domain.strays import Sighting
from budget_guard.use_cases.rotation.ports import (
    KeyGuardrail,
    KeyList,
    ListKind,
    MadeKey,
    NewKey,
    OwnView,
)

HASHES = {ListKind.BYOK: "allowed_api_key_hashes", ListKind.DESTINATION: "api_key_hashes"}
"""The field that has the list."""


def body_of(key: NewKey) -> str:
    """Return the body of POST /keys; the amount with exactly its digits."""
    limit = key.settings.limit
    fields = {
        "name": json.dumps(key.name),
        "workspace_id": json.dumps(key.workspace),
        "limit": "null" if limit.amount is None else f"{limit.amount:f}",
        "limit_reset": json.dumps(limit.reset),
        "include_byok_in_limit": json.dumps(key.settings.include_byok),
    }
    if key.creator is not None:
        fields["creator_user_id"] = json.dumps(key.creator)
    if key.expires_at is not None:
        ends = f"{key.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        fields["expires_at"] = json.dumps(ends)
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


def read_made(answer: Answer) -> MadeKey:
    """Return the key and its plaintext, beside `data`, or within it as OpenRouter's recipe has it."""
    reading = read_one(answer)
    with fields_of(answer) as data:
        whole: Any = answer.body
        secret = whole.get("key") or data.get("key")
        if not isinstance(secret, str) or not secret:
            raise UnusableError(field=".key", why="Field required")
        return MadeKey(SecretStr(secret), reading)


def read_own(answer: Answer) -> OwnView:
    """Return what `GET /key` says to an inference key; a disabled one gets no answer."""
    with fields_of(answer) as own:
        ends = own.get("expires_at")
        return OwnView(
            label=text(own, "label"),
            settings=read_settings({**own, "disabled": False}),
            workspace=None if own.get("workspace_id") is None else identifier(own, "workspace_id"),
            creator=None if own.get("creator_user_id") is None else text(own, "creator_user_id"),
            expires_at=None if ends is None else time(own, "expires_at"),
        )


def read_sightings(answer: Answer) -> list[Sighting]:
    """Return the keys of a page of `GET /keys`."""
    return _rows(answer, _sighting)


def read_guardrail(answer: Answer) -> KeyGuardrail:
    """Return a guardrail's budget; the answer is about one."""
    with fields_of(answer) as row:
        reset = row.get("reset_interval")
        if reset is not None and reset not in WINDOWS:
            raise UnusableError(field=".reset_interval", why="Input should be a known interval")
        return KeyGuardrail(
            id=identifier(row, "id"),
            limit=None if row.get("limit_usd") is None else amount(row, "limit_usd"),
            reset=None if reset is None else WINDOWS[reset],
            include_byok=bool(row.get("include_byok_in_budgets"))
            and flag(row, "include_byok_in_budgets"),
        )


def read_assignments(answer: Answer) -> list[tuple[str, str]]:
    """Return key and guardrail of each row of a page of assignments."""
    return _rows(answer, lambda row: (identifier(row, "key_hash"), identifier(row, "guardrail_id")))


def read_lists(answer: Answer, kind: ListKind) -> list[tuple[str, KeyList | None]]:
    """Return the id of each row of a page, and its list of keys; None for what has none."""
    return _rows(answer, lambda row: (identifier(row, "id"), _list(row, kind)))


def read_list(answer: Answer, kind: ListKind) -> KeyList | None:
    """Return the list of the one thing that an answer is about."""
    with fields_of(answer) as row:
        return _list(row, kind)


def _rows[T](answer: Answer, read: Callable[[Row], T]) -> list[T]:
    with data_in(answer) as rows:
        return each(rows, read)


def _sighting(row: Row) -> Sighting:
    spent = amount(row, "usage") + amount(row, "byok_usage")
    used_at = None if row.get("last_used_at") is None else time(row, "last_used_at")
    return Sighting(
        hash=identifier(row, "hash"),
        name=text(row, "name"),
        created_at=time(row, "created_at"),
        is_used=bool(spent) or used_at is not None,
        used_at=used_at,
    )


def _list(row: Row, kind: ListKind) -> KeyList | None:
    hashes = row.get(HASHES[kind])
    if hashes is None:
        return None
    return KeyList(kind, identifier(row, "id"), tuple(_hashes(hashes, HASHES[kind])))


def _hashes(hashes: object, name: str) -> Iterator[str]:
    if not isinstance(hashes, Iterable) or isinstance(hashes, str):
        raise UnusableError(field=f".{name}", why="Input should be a list")
    for one in hashes:
        yield identifier({name: one}, name)
