"""Keys of OpenRouter's JSON, checked by hand: a poll reads every key there is.

Unknown fields are ignored. A missing counter is an error, never 0; so is an unknown reset window.
Field by field as in the OpenAPI file and the official SDK (2026-10).
"""

from collections.abc import Container, Iterable
from datetime import date, datetime
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import (
    Row,
    amount,
    data_of,
    flag,
    identifier,
    text,
    time,
    usd,
)
from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings, Spent
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window
from budget_guard.use_cases.listings import Listing, Unread

WINDOWS = {window.value: window for window in Window}
NOTHING = Spent()
_what_is_read = itemgetter(
    *("hash", "name", "label", "creator_user_id"),
    *("limit", "limit_reset", "limit_remaining", "include_byok_in_limit", "disabled"),
    *("usage", "usage_daily", "usage_weekly", "usage_monthly"),
    *("byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"),
)
"""Every field that `read_row` looks at, but those that may be left out."""


def read_page(answer: Answer, workspace: str, known: Container[str] = ()) -> Listing:
    """Return the keys of an answer to `GET /keys`; `workspace` is where they were asked for.

    Raises `ProviderConfusing` naming endpoint and field.
    """
    rows = data_of(answer)
    if not isinstance(rows, list):
        raise answer.unusable(field="data", why="Input should be a list")
    try:
        return read_listing(rows, workspace, Unread(answer.began, answer.at), known)
    except UnusableError as error:
        raise answer.unusable(field=f"data{error.field}", why=error.why) from None


def read_listing(
    rows: Iterable[Any], workspace: str, unread: Unread, known: Container[str]
) -> Listing:
    """Return what rows say that were listed for `workspace`, at the times of `unread`.

    Raises `UnusableError` naming the row and its field.
    """
    began, at = unread.began, unread.at
    found: dict[str, Reading | Unread] = {}
    for number, row in enumerate(rows):
        mark = fingerprint(row, workspace)
        if mark and mark in known:
            found[row["hash"]] = unread
            continue
        try:
            reading = read_row(row, workspace, began, at, mark)
        except UnusableError as error:
            raise UnusableError(field=f".{number}{error.field}", why=error.why) from None
        found[reading.key.hash] = reading
    return Listing(found, began, at)


def read_one(answer: Answer) -> Reading:
    """Return the key of an answer about one; its workspace is "" if OpenRouter names none.

    Raises `ProviderConfusing` naming endpoint and field.
    """
    try:
        return read_row(data_of(answer), "", answer.began, answer.at)
    except UnusableError as error:
        raise answer.unusable(field=f"data{error.field}", why=error.why) from None


def fingerprint(row: Any, workspace: str) -> str:
    """Return what tells this row, as listed for `workspace`, from any that says something else.

    It is "" if the row lacks a field: such a row is always read.
    """
    try:
        optional = row.get("workspace_id"), row.get("expires_at"), row.get("created_at")
        said = repr((workspace, *optional, *_what_is_read(row)))
    except (AttributeError, KeyError):
        return ""
    return blake2b(said.encode(), digest_size=16).hexdigest()


def read_row(row: object, workspace: str, began: datetime, at: datetime, mark: str = "") -> Reading:
    """Return what a row with such a fingerprint says.

    `workspace` is where the key is if the row does not say. Raises `UnusableError`.
    """
    if not isinstance(row, dict):
        raise UnusableError(field="", why="Input should be an object")
    try:
        return Reading(
            _key(row, workspace),
            read_settings(row),
            _counters(row),
            _remaining(row),
            began,
            at,
            mark,
        )
    except KeyError as missing:
        raise UnusableError(field=f".{missing.args[0]}", why="Field required") from None


def _key(row: Row, workspace: str) -> Key:
    creator, expires_at = row["creator_user_id"], row.get("expires_at")
    return Key(
        hash=identifier(row, "hash"),
        name=text(row, "name"),
        workspace=workspace if row.get("workspace_id") is None else identifier(row, "workspace_id"),
        label=text(row, "label") if "label" in row else "",
        creator=None if creator is None else text(row, "creator_user_id"),
        expires_at=None if expires_at is None else time(row, "expires_at"),
        created_on=_created_on(row),
    )


def _created_on(row: Row) -> date | None:
    """Return the day a key was made on. Only reports tell of it: what is no time blinds nobody."""
    try:
        return time(row, "created_at").date()
    except (KeyError, UnusableError):
        return None


def read_settings(row: Row) -> Settings:
    """Return what a row says of the settings; raises `UnusableError` and `KeyError`."""
    limit, reset = row["limit"], row["limit_reset"]
    if reset is not None and (not isinstance(reset, str) or reset not in WINDOWS):
        raise UnusableError(
            field=".limit_reset", why="Input should be 'daily', 'weekly' or 'monthly'"
        )
    return Settings(
        Limit(
            None if limit is None else amount(row, "limit"),
            None if reset is None else WINDOWS[reset],
        ),
        flag(row, "include_byok_in_limit"),
        flag(row, "disabled"),
    )


def _counters(row: Row) -> Counters:
    return Counters(
        _spent(row, "usage", "byok_usage"),
        {
            Window.DAILY: _spent(row, "usage_daily", "byok_usage_daily"),
            Window.WEEKLY: _spent(row, "usage_weekly", "byok_usage_weekly"),
            Window.MONTHLY: _spent(row, "usage_monthly", "byok_usage_monthly"),
        },
    )


def _spent(row: Row, credits_: str, byok: str) -> Spent:
    one, other = amount(row, credits_), amount(row, byok)
    return Spent(one, other) if one or other else NOTHING


def _remaining(row: Row) -> Usd | None:
    """Return `limit_remaining`; below 0 where more was spent than the limit."""
    return None if row["limit_remaining"] is None else usd(row, "limit_remaining")
