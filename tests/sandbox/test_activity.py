"""GET /activity and its traps: completed days only, late charges, two forms of a date."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from budget_guard.sandbox.openrouter import Account, Behaviour, Work
from budget_guard.sandbox.openrouter.wire import decode

NewKey = Callable[..., str]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def spend(account: Account, key: str, cost: str = "1", *, byok: bool = False, **work: Any) -> None:
    account.spending.charge(key, Decimal(cost), byok=byok, work=Work(**work))


def rows(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/activity", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = decode(answer.content)["data"]
    return found


def test_rows_are_by_day_model_and_endpoint(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    spend(account, key, "1", model="openai/gpt-4.1")
    spend(account, key, "2", model="openai/gpt-4.1", provider="Azure")
    spend(account, key, "3", model="sim/own", byok=True)
    spend(account, key, "4", model="openai/gpt-4.1", provider="Azure")
    account.clock.advance(DAY)
    found = rows(client)
    assert [(row["model"], row["provider_name"], row["requests"]) for row in found] == [
        ("openai/gpt-4.1", "OpenAI", 1),
        ("openai/gpt-4.1", "Azure", 2),
        ("sim/own", "OpenAI", 1),
    ]
    assert [row["usage"] for row in found] == [1, 6, 0]
    assert [row["byok_usage_inference"] for row in found] == [0, 0, 3]
    assert [row["byok_requests"] for row in found] == [0, 0, 1]
    assert len({row["endpoint_id"] for row in found}) == 3


def test_only_completed_days_of_the_last_thirty_can_be_asked(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key, first = new_key(), account.clock.now.date()
    for _ in range(32):
        spend(account, key)
        account.clock.advance(DAY)
    today = account.clock.now.date()
    found = [row["date"] for row in rows(client)]
    assert (len(found), found[0], found[-1]) == (
        30,
        (first + 2 * DAY).isoformat(),
        (today - DAY).isoformat(),
    )
    assert len(rows(client, date=(today - 30 * DAY).isoformat())) == 1
    for day in (today, today + DAY, today - 31 * DAY):
        refused = client.get("/activity", params={"date": day.isoformat()})
        assert refused.status_code == 400
        message = "Date must be within the last 30 (completed) UTC days"
        assert refused.json()["error"] == {"code": 400, "message": message}
    assert client.get("/activity", params={"date": "yesterday"}).status_code == 400


def test_keys_members_and_workspaces_narrow_it(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    one, other = new_key(creator_user_id="user_1"), new_key(workspace_id=research)
    spend(account, one, "1")
    spend(account, other, "2")
    account.clock.advance(DAY)
    assert [row["usage"] for row in rows(client)] == [3]
    assert "workspace_id" not in rows(client)[0]
    assert [row["usage"] for row in rows(client, api_key_hash=one)] == [1]
    assert [row["usage"] for row in rows(client, user_id="user_1")] == [1]
    assert [row["usage"] for row in rows(client, workspace_id=research)] == [2]
    split = {row["workspace_id"]: row["usage"] for row in rows(client, group_by="workspace")}
    assert split == {account.workspaces.default: 1, research: 2}
    account.delete_key(one)
    assert [row["usage"] for row in rows(client, api_key_hash=one)] == [1]
    for query, status in (
        ({"api_key_hash": "f" * 64}, 404),
        ({"workspace_id": "elsewhere"}, 404),
        ({"group_by": "model"}, 400),
    ):
        assert client.get("/activity", params=query).status_code == status


def test_a_key_that_moved_leaves_its_past_where_it_was(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    key = new_key()
    spend(account, key, "1")
    account.patch_key(key, {"workspace_id": research})
    spend(account, key, "2")
    account.clock.advance(DAY)
    assert [row["usage"] for row in rows(client, workspace_id=research)] == [2]


def test_yesterday_grows_for_some_hours_after_midnight(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    account.behaviour = Behaviour(activity_age=4 * HOUR)
    key, day = new_key(), account.clock.now.date().isoformat()
    for hour in (12, 21, 23):
        account.clock.set(datetime(2026, 11, 18, hour, tzinfo=UTC))
        spend(account, key)
    seen = []
    for hour in (0, 1, 2, 3, 9):
        account.clock.set(datetime(2026, 11, 19, hour, tzinfo=UTC))
        (row,) = rows(client, date=day)
        seen.append(row["usage"])
    assert seen == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("form", "shown"), [("day", "2026-11-18"), ("moment", "2026-11-18 00:00:00")]
)
def test_a_date_comes_in_one_of_two_forms(
    client: httpx.Client, account: Account, new_key: NewKey, form: Any, shown: str
) -> None:
    account.behaviour = Behaviour(activity_dates=form)
    spend(account, new_key())
    account.clock.advance(DAY)
    assert rows(client)[0]["date"] == shown
