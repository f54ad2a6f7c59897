"""The traps of POST /analytics/query, one by one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from budget_guard.sandbox.openrouter import Account, Behaviour, Tokens, Work
from budget_guard.sandbox.openrouter.wire import decode

NewKey = Callable[..., str]
Rows = list[dict[str, Any]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NUMBERS = Behaviour(analytics_counts="numbers", analytics_per_minute=None)
FIGURES = Tokens(prompt=60, completion=40, reasoning=10, cached=30)


@pytest.fixture(autouse=True)
def _numbers(account: Account) -> None:
    account.behaviour = NUMBERS


def spend(account: Account, key: str, cost: str = "1", *, byok: bool = False, **work: Any) -> str:
    asked = Work(**({"tokens": FIGURES} | work))
    account.spending.charge(key, Decimal(cost), byok=byok, work=asked)
    return account.generations.latest.id


def ask(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    answer = client.post("/analytics/query", json={"metrics": ["total_usage"]} | asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = decode(answer.content)["data"]
    return found


def rows(client: httpx.Client, **asked: Any) -> Rows:
    found: Rows = ask(client, **asked)["data"]
    return found


def around(at: datetime, by: timedelta) -> dict[str, str]:
    return {"start": (at - by).isoformat(), "end": (at + by).isoformat()}


def eq(field: str, value: object, operator: str = "eq", **more: object) -> dict[str, object]:
    return {"field": field, "operator": operator, "value": value, **more}


def test_costs_are_credits_byok_and_their_sum(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    spend(account, key, "1.5")
    spend(account, key, "2", byok=True, fee=Decimal("0.1"))
    metrics = [
        *("total_usage", "credits_usage", "byok_usage", "openrouter_usage", "byok_fees"),
        *("request_count", "byok_request_count"),
    ]
    (row,) = rows(client, metrics=metrics)
    assert row == {
        "total_usage": Decimal("3.6"),
        "credits_usage": Decimal("1.6"),
        "byok_usage": 2,
        "openrouter_usage": Decimal("1.5"),
        "byok_fees": Decimal("0.1"),
        "request_count": 2,
        "byok_request_count": 1,
    }


def test_tokens_and_rates_are_counted_over_the_group(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    spend(account, key)
    spend(account, key, tokens=Tokens(prompt=40, completion=10), latency=600)
    metrics = [
        *("tokens_total", "tokens_prompt", "tokens_completion", "reasoning_tokens"),
        *("cached_tokens", "cache_hit_rate", "avg_latency"),
    ]
    (row,) = rows(client, metrics=metrics)
    assert list(row.values()) == [150, 100, 50, 10, 30, Decimal("0.3"), 900]


def test_components_add_up_and_what_nothing_used_is_null(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    spend(account, new_key(), tools=Decimal("0.2"), cache_discount=Decimal("0.05"))
    names = ["usage_upstream", "usage_cache", "usage_web", "usage_data", "usage_file"]
    (row,) = rows(client, metrics=names)
    assert row["usage_data"] is row["usage_file"] is None
    assert row["usage_web"] == Decimal("0.2")
    assert sum(figure for figure in row.values() if figure) == 1


@pytest.mark.parametrize(
    ("counts", "kinds"),
    [("alternating", [str, int, str]), ("strings", [str] * 3), ("numbers", [int] * 3)],
)
def test_counts_are_strings_or_numbers_and_costs_always_numbers(
    client: httpx.Client, account: Account, new_key: NewKey, counts: Any, kinds: list[type]
) -> None:
    account.behaviour = Behaviour(analytics_counts=counts)
    key = new_key()
    for model in "abc":
        spend(account, key, model=model)
    metrics = ["request_count", "total_usage"]
    found = rows(client, metrics=metrics, dimensions=["model"])
    assert [type(row["request_count"]) for row in found] == kinds
    assert {int(row["request_count"]) for row in found} == {1}
    assert [row["total_usage"] for row in found] == [1, 1, 1]


def test_a_row_has_the_keys_name_so_two_keys_of_one_name_are_told_apart_by_a_filter(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    one, other = new_key(name="twin"), new_key(name="twin")
    spend(account, one, "1")
    spend(account, other, "2")
    found = rows(client, dimensions=["api_key_id"])
    assert [(row["api_key_id"], row["total_usage"]) for row in found] == [("twin", 1), ("twin", 2)]
    for key, cost in ((one, 1), (other, 2)):
        (row,) = rows(client, dimensions=["api_key_id"], filters=[eq("api_key_id", key)])
        assert row == {"api_key_id": "twin", "total_usage": cost}
    account.patch_key(one, {"name": "renamed"})
    found = rows(
        client, dimensions=["api_key_id"], order_by={"field": "total_usage", "direction": "asc"}
    )
    assert [row["api_key_id"] for row in found] == ["renamed", "twin"]


def test_a_hash_that_nobody_knows_gives_no_row_and_a_warning(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    spend(account, key)
    answer = ask(client, filters=[eq("api_key_id", "f" * 64)])
    assert (answer["data"], answer["metadata"]["truncated"]) == ([], False)
    assert "f" * 64 in answer["warnings"][0]
    assert "warnings" not in ask(client, filters=[eq("api_key_id", key)])
    some = ask(client, filters=[eq("api_key_id", [key, "prod-api"], "in")])
    assert (len(some["data"]), len(some["warnings"])) == (1, 1)


@pytest.mark.parametrize("forgets", [True, False])
def test_whether_a_deleted_keys_hash_still_resolves_is_a_setting(
    client: httpx.Client, account: Account, new_key: NewKey, *, forgets: bool
) -> None:
    key = new_key()
    spend(account, key)
    account.delete_key(key)
    account.behaviour = Behaviour(analytics_forgets_deleted=forgets)
    answer = ask(client, filters=[eq("api_key_id", key)])
    assert (answer["data"] == []) == ("warnings" in answer) == forgets


def test_users_workspaces_and_apps_are_shown_by_name_and_filtered_by_id(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    identity = spend(account, new_key(workspace_id=research, creator_user_id="user_1"), app="Bot")
    spend(account, new_key(), "2")
    account.clock.advance(timedelta(seconds=2))
    app = decode(client.get("/generation", params={"id": identity}).content)["data"]["app_id"]
    for field, value, shown in (
        ("workspace", research, {"workspace": "Research"}),
        ("user", "user_1", {"user": None, "user_email": "user_1@example.com"}),
        ("app", app, {"app": "Bot"}),
    ):
        (row,) = rows(client, dimensions=[field], filters=[eq(field, value)])
        assert row == shown | {"total_usage": 1}
    unset = rows(
        client, dimensions=["user"], filters=[eq("user", ["user_1"], "not_in", include_unset=True)]
    )
    assert unset == [{"user": None, "user_email": None, "total_usage": 2}]


def test_the_bucket_is_named_after_the_source_that_the_query_needs(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    spend(account, new_key())
    by = {"granularity": "hour"}
    (row,) = rows(client, **by, dimensions=["api_key_id", "model"])
    assert row["date__hour"] == "2026-11-18 12:00:00"
    for recent in (
        {"dimensions": ["model", "provider"]},
        {"metrics": ["byok_fees"]},
        {"filters": [eq("provider", "OpenAI")]},
    ):
        (row,) = rows(client, **by, **recent)
        assert row["created_at__hour"] == "2026-11-18 12:00:00"
    account.behaviour = Behaviour(analytics_long_times=True)
    assert rows(client, **by)[0]["date__hour"] == "2026-11-18T12:00:00.000Z"


@pytest.mark.parametrize(
    ("granularity", "bucket"),
    [
        ("minute", "2026-11-18 12:00:00"),
        ("hour", "2026-11-18 12:00:00"),
        ("day", "2026-11-18"),
        ("week", "2026-11-15"),
        ("month", "2026-11-01"),
    ],
)
def test_buckets_begin_where_their_length_says_and_weeks_on_sunday(
    client: httpx.Client, account: Account, new_key: NewKey, granularity: str, bucket: str
) -> None:
    account.clock.advance(timedelta(seconds=59))
    spend(account, new_key())
    asked = {"granularity": granularity, "time_range": around(account.clock.now, HOUR)}
    (row,) = rows(client, **asked)
    assert row[f"date__{granularity}"] == bucket


def test_a_sunday_begins_its_own_week(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    for day in (21, 22, 28, 29):
        account.clock.set(datetime(2026, 11, day, 23, 59, tzinfo=UTC))
        spend(account, key)
    found = rows(client, granularity="week", time_range=around(account.clock.now, 20 * DAY))
    weeks = [(row["date__week"], row["total_usage"]) for row in found]
    assert weeks == [("2026-11-29", 1), ("2026-11-22", 2), ("2026-11-15", 1)]


def test_a_range_begins_with_its_start_and_ends_before_its_end(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key, begins = new_key(), account.clock.now
    for _ in range(3):
        spend(account, key)
        account.clock.advance(HOUR)
    asked = {"start": begins.isoformat(), "end": (begins + 2 * HOUR).isoformat()}
    assert rows(client, time_range=asked)[0]["total_usage"] == 2


@pytest.mark.parametrize(("whole", "cost"), [(False, 1), (True, 3)])
def test_a_bucket_that_the_range_cuts_may_come_whole(
    client: httpx.Client, account: Account, new_key: NewKey, *, whole: bool, cost: int
) -> None:
    account.behaviour = Behaviour(analytics_whole_buckets=whole)
    key = new_key()
    for _ in range(3):
        spend(account, key)
        account.clock.advance(2 * HOUR)
    asked = around(account.clock.now - 4 * HOUR, HOUR)
    (row,) = rows(client, granularity="day", time_range=asked)
    assert row["total_usage"] == cost


def test_without_a_range_only_the_last_seven_days_count(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    spend(account, new_key())
    account.clock.advance(7 * DAY)
    assert rows(client)[0]["total_usage"] == 1
    account.clock.advance(timedelta(seconds=1))
    assert rows(client) == []


def test_figures_are_as_old_as_the_settings_say(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    spend(account, new_key())
    account.behaviour = Behaviour(analytics_age=5 * MINUTE, analytics_cached=True)
    answer = ask(client)
    assert answer["data"] == []
    assert answer["cachedAt"] == (account.clock.now - 5 * MINUTE).timestamp() * 1000
    account.clock.advance(5 * MINUTE)
    assert rows(client)[0]["total_usage"] == 1


def test_rows_beyond_the_limit_are_left_out_and_it_says_so(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    for _ in range(1001):
        spend(account, key, "0.001")
    for asked, count, truncated in (
        ({}, 1000, True),
        ({"limit": 1001}, 1001, False),
        ({"limit": 7}, 7, True),
    ):
        answer = ask(client, dimensions=["generation_id"], **asked)
        assert answer["metadata"] | {"query_time_ms": 0} == {
            "query_time_ms": 0,
            "row_count": count,
            "truncated": truncated,
        }
        assert len(answer["data"]) == count


def test_a_group_limit_cuts_time_buckets_without_a_word(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    for _ in range(3):
        spend(account, key, model="a")
        spend(account, key, model="b")
        account.clock.advance(HOUR)
    answer = ask(client, dimensions=["model"], granularity="hour", group_limit=2)
    assert (len(answer["data"]), answer["metadata"]["truncated"]) == (4, False)
    assert {row["date__hour"][11:13] for row in answer["data"]} == {"13", "14"}


def test_rows_come_in_the_order_asked_for(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    for model, cost in (("b", "3"), ("a", "1"), ("c", "2")):
        spend(account, key, cost, model=model)
        account.clock.advance(HOUR)
    spend(account, key, "0.5", model="c")

    def models(field: str, direction: str, **asked: Any) -> str:
        order = {"field": field, "direction": direction}
        return "".join(
            row["model"] for row in rows(client, dimensions=["model"], order_by=order, **asked)
        )

    assert models("total_usage", "desc") == "bca"
    assert models("model", "asc") == "abc"
    assert models("request_count", "desc")[0] == "c"
    assert models("date", "asc", granularity="hour") == "bacc"
    assert [row["model"] for row in rows(client, dimensions=["model"], granularity="hour")] == list(
        "ccab"
    )


@pytest.mark.parametrize(
    ("condition", "models"),
    [
        (eq("model", "b"), "b"),
        (eq("model", "b", "neq"), "ac"),
        (eq("model", "b", "gt"), "c"),
        (eq("model", "b", "gte"), "bc"),
        (eq("model", "b", "lt"), "a"),
        (eq("model", "b", "lte"), "ab"),
        (eq("model", ["a", "c"], "in"), "ac"),
        (eq("model", ["a", "c"], "not_in"), "b"),
        (eq("external_user", ["u-b"], "in"), "b"),
        (eq("external_user", ["u-b"], "in", include_unset=True), "ab"),
        (eq("external_user", ["u-b"], "not_in"), "c"),
        (eq("app", 0, "gt"), "b"),
        (eq("context_length_bucket", "1K"), "abc"),
        (eq("variant", "standard"), "abc"),
        (eq("finish_reason", "stop"), "abc"),
        (eq("origin", ""), "abc"),
        (eq("country", "US"), "abc"),
        (eq("session_id", "s"), "c"),
    ],
)
def test_filters_compare_in_eight_ways(
    client: httpx.Client,
    account: Account,
    new_key: NewKey,
    condition: dict[str, object],
    models: str,
) -> None:
    key = new_key()
    spend(account, key, model="a")
    spend(account, key, model="b", user="u-b", app="B")
    spend(account, key, model="c", user="u-c", session="s")
    found = rows(client, dimensions=["model"], filters=[condition])
    assert "".join(row["model"] for row in found) == models


def test_several_filters_must_all_hold(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    key = new_key()
    for model, provider in (("a", "Azure"), ("a", "OpenAI"), ("b", "Azure")):
        spend(account, key, model=model, provider=provider)
    both = [eq("model", "a"), eq("provider", "Azure")]
    assert rows(client, metrics=["request_count"], filters=both) == [{"request_count": 1}]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"metrics": ["tokens_reasoning"]}, 'Unknown metric "tokens_reasoning"'),
        ({"dimensions": ["key"]}, 'Unknown dimension "key"'),
        ({"filters": [eq("name", "x")]}, 'Unknown dimension "name"'),
        ({"dimensions": ["model", "app", "user"]}, "dimensions: Tuple should have at most 2"),
        ({"filters": [eq("model", "x")] * 21}, "filters: Tuple should have at most 20"),
        ({"metrics": []}, "metrics: Tuple should have at least 1"),
        ({"limit": 10_001}, "limit: Input should be less than or equal to 10000"),
        ({"group_limit": 0}, "group_limit: "),
        ({"granularity": "year"}, "granularity: "),
        ({"filters": [eq("model", ["x"])]}, "eq takes a value of type scalar"),
        ({"filters": [eq("model", "x", "in")]}, "in takes a value of type array"),
        ({"filters": [eq("model", "x", "like")]}, "filters.0.operator: "),
        ({"filters": [eq("app", 1, include_unset=True)]}, "applies only to in and not_in"),
        ({"filters": [eq("model", ["x"], "in", include_unset=True)]}, "has no unset bucket"),
        ({"order_by": {"field": "byok_usage", "direction": "asc"}}, 'order by "byok_usage"'),
        ({"order_by": {"field": "date", "direction": "asc"}}, 'order by "date"'),
        ({"classifier_filters": {}}, "classifier_filters: "),
        ({"time_range": {"start": "2026-11-18T00:00Z", "end": "2026-11-19T00:00:00Z"}}, "seconds"),
        (
            {"time_range": {"start": "2026-11-18T00:00:00Z", "end": "2026-11-18T00:00:00Z"}},
            "start must be before",
        ),
        (
            {"time_range": {"start": "2025-11-17T00:00:00Z", "end": "2026-11-18T00:00:00Z"}},
            "at most 365 days",
        ),
        (
            {
                "time_range": {"start": "2026-10-17T00:00:00Z", "end": "2026-11-18T00:00:00Z"},
                "dimensions": ["generation_id"],
            },
            "at most 31 days",
        ),
        (
            {
                "time_range": {"start": "2026-10-17T00:00:00Z", "end": "2026-11-18T00:00:00Z"},
                "metrics": ["openrouter_usage"],
            },
            "at most 31 days",
        ),
        (
            {
                "time_range": {"start": "2026-11-18T00:00:00Z", "end": "2026-11-18T03:00:01Z"},
                "granularity": "minute",
            },
            "at most 3 hours",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(
    client: httpx.Client, asked: dict[str, Any], problem: str
) -> None:
    answer = client.post("/analytics/query", json={"metrics": ["total_usage"]} | asked)
    assert answer.status_code == 400
    assert problem in answer.json()["error"]["message"]


def test_a_month_of_single_generations_and_a_year_of_keys_may_be_asked(
    client: httpx.Client, account: Account, new_key: NewKey
) -> None:
    spend(account, new_key())
    end = account.clock.now + MINUTE
    for days, dimension in ((31, "generation_id"), (365, "api_key_id")):
        span = {"start": (end - days * DAY).isoformat(), "end": end.isoformat()}
        assert len(rows(client, dimensions=[dimension], time_range=span)) == 1
    span = {"start": (end - 3 * HOUR).isoformat(), "end": end.isoformat()}
    assert len(rows(client, granularity="minute", time_range=span)) == 1


def test_a_name_that_the_account_does_not_know_is_missing_everywhere(
    client: httpx.Client, account: Account
) -> None:
    account.behaviour = Behaviour(analytics_unknown=frozenset({"byok_usage", "provider"}))
    meta = client.get("/analytics/meta").json()["data"]
    known = {one["name"] for one in meta["metrics"] + meta["dimensions"]}
    assert not known & {"byok_usage", "provider"}
    for asked in (
        {"metrics": ["byok_usage"]},
        {"metrics": ["total_usage"], "dimensions": ["provider"]},
        {"metrics": ["total_usage"], "filters": [eq("provider", "x")]},
    ):
        assert client.post("/analytics/query", json=asked).status_code == 400


def test_too_many_requests_in_a_minute_of_the_accounts_clock_are_refused(
    client: httpx.Client, account: Account
) -> None:
    account.behaviour = Behaviour(analytics_per_minute=2)
    assert client.get("/analytics/meta").status_code == 200
    account.clock.advance(timedelta(seconds=20))
    ask(client)
    for _ in range(2):
        answer = client.post("/analytics/query", json={"metrics": ["total_usage"]})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
        assert answer.json()["error"]["message"] == "Rate limit exceeded"
    account.clock.advance(timedelta(seconds=40))
    ask(client)
