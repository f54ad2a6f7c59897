"""Keys of OpenRouter's JSON, checked by hand: a poll reads every key there is.

Unknown fields are ignored. A missing counter is an error, never 0; so is an unknown reset window.
Field by field as in the OpenAPI file and the official SDK (2026-10).
"""

from datetime import datetime

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

WINDOWS = {window.value: window for window in Window}
NOTHING = Spent()


def read_page(answer: Answer, workspace: str) -> tuple[Reading, ...]:
    """Return the keys of an answer to `GET /keys`; `workspace` is where they were asked for.

    Raises `ProviderConfusing` naming endpoint and field.
    """
    rows = data_of(answer)
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
        return read_row(data_of(answer), "", answer.began, answer.at)
    except UnusableError as error:
        raise answer.unusable(field=f"data{error.field}", why=error.why) from None


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
        hash=identifier(row, "hash"),
        name=text(row, "name"),
        workspace=workspace if row.get("workspace_id") is None else identifier(row, "workspace_id"),
        label=text(row, "label") if "label" in row else "",
        creator=None if creator is None else text(row, "creator_user_id"),
        expires_at=None if expires_at is None else time(row, "expires_at"),
    )


def _settings(row: Row) -> Settings:
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
