"""Keys of OpenRouter's JSON, checked by hand: a poll reads every key there is.

Unknown fields are ignored. A missing counter is an error, never 0; so is an unknown reset window.
Field by field as in the OpenAPI file and the official SDK (2026-10).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.domain.keys import Counters, Key, Limit, Reading, Settings, Spent
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window

MOST_USD = Decimal(10) ** 13
MOST_DIGITS = 38
IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,128}")
WINDOWS = {window.value: window for window in Window}
NOTHING = Spent()

type Row = Mapping[str, Any]


def read_page(answer: Answer, workspace: str) -> tuple[Reading, ...]:
    """Return the keys of an answer to `GET /keys`; `workspace` is where they were asked for.

    Raises `ProviderConfusing` naming endpoint and field.
    """
    rows = _data(answer)
    if not isinstance(rows, list):
        raise answer.unusable(field="data", why="Input should be a list")
    began, at = answer.began, answer.at
    found: list[Reading] = []
    try:
        found.extend(read_row(row, workspace, began, at) for row in rows)
    except UnusableError as error:
        raise answer.unusable(field=f"data.{len(found)}{error.field}", why=error.why) from None
    return tuple(found)


def read_one(answer: Answer) -> Reading:
    """Return the key of an answer about one; its workspace is "" if OpenRouter names none.

    Raises `ProviderConfusing` naming endpoint and field.
    """
    try:
        return read_row(_data(answer), "", answer.began, answer.at)
    except UnusableError as error:
        raise answer.unusable(field=f"data{error.field}", why=error.why) from None


def _data(answer: Answer) -> object:
    if not isinstance(answer.body, dict) or "data" not in answer.body:
        raise answer.unusable(field="data", why="Field required")
    return answer.body["data"]


def read_row(row: object, workspace: str, began: datetime, at: datetime) -> Reading:
    """Return what a row says; `workspace` is where the key is if it does not say.

    Raises `UnusableError`.
    """
    if not isinstance(row, dict):
        raise UnusableError(field="", why="Input should be an object")
    try:
        return Reading(
            _key(row, workspace), _settings(row), _counters(row), _remaining(row), began, at
        )
    except KeyError as missing:
        raise UnusableError(field=f".{missing.args[0]}", why="Field required") from None


def _key(row: Row, workspace: str) -> Key:
    creator, expires_at = row["creator_user_id"], row.get("expires_at")
    return Key(
        hash=_identifier(row, "hash"),
        name=_text(row, "name"),
        workspace=workspace
        if row.get("workspace_id") is None
        else _identifier(row, "workspace_id"),
        label=_text(row, "label") if "label" in row else "",
        creator=None if creator is None else _text(row, "creator_user_id"),
        expires_at=None if expires_at is None else _time(row, "expires_at"),
    )


def _settings(row: Row) -> Settings:
    limit, reset = row["limit"], row["limit_reset"]
    if reset is not None and (not isinstance(reset, str) or reset not in WINDOWS):
        raise UnusableError(
            field=".limit_reset", why="Input should be 'daily', 'weekly' or 'monthly'"
        )
    return Settings(
        Limit(
            None if limit is None else _amount(row, "limit"),
            None if reset is None else WINDOWS[reset],
        ),
        _flag(row, "include_byok_in_limit"),
        _flag(row, "disabled"),
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
    one, other = _amount(row, credits_), _amount(row, byok)
    return Spent(one, other) if one or other else NOTHING


def _remaining(row: Row) -> Usd | None:
    """Return `limit_remaining`; below 0 where more was spent than the limit."""
    return None if row["limit_remaining"] is None else _usd(row, "limit_remaining")


def _amount(row: Row, name: str) -> Usd:
    amount = _usd(row, name)
    if amount < 0:
        raise UnusableError(field=f".{name}", why="Input should not be negative")
    return amount


def _usd(row: Row, name: str) -> Usd:
    """Return an amount in USD: JSON numbers only, whole or not, and none that is absurd."""
    value = row[name]
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise UnusableError(field=f".{name}", why="Input should be a number")
    if not value:
        return ZERO
    is_sane = (
        value.is_finite() and -MOST_USD < value < MOST_USD and value.adjusted() >= -MOST_DIGITS
    )
    if not is_sane or len(value.as_tuple().digits) > MOST_DIGITS:
        raise UnusableError(field=f".{name}", why="Input should be an amount of USD")
    return value


def _identifier(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise UnusableError(field=f".{name}", why="Input should be an identifier")
    return value


def _text(row: Row, name: str) -> str:
    """Keep a key's name usable: half a surrogate pair in one must not blind the guard."""
    value = row[name]
    if not isinstance(value, str):
        raise UnusableError(field=f".{name}", why="Input should be a text")
    return value if value.isascii() else value.encode(errors="replace").decode()


def _flag(row: Row, name: str) -> bool:
    value = row[name]
    if not isinstance(value, bool):
        raise UnusableError(field=f".{name}", why="Input should be true or false")
    return value


def _time(row: Row, name: str) -> datetime:
    """Return an ISO 8601 time as UTC; both `...Z` and `...+00:00` occur."""
    try:
        moment = datetime.fromisoformat(row[name])
        if moment.tzinfo:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise UnusableError(field=f".{name}", why="Input should be a time with an offset")
