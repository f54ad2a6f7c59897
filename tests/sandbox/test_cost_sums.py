"""However the costs are asked for, their sums are the books."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.windows import Window, same_instance
from budget_guard.sandbox.openrouter import Account, Behaviour, Clock, Tokens, Work
from budget_guard.sandbox.openrouter.activity import activity
from budget_guard.sandbox.openrouter.analytics_names import DIMENSIONS

BEGIN = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
FREE = Behaviour(analytics_per_minute=None)
COSTS = st.decimals(min_value=0, max_value=9, places=8)
MAYBE = st.sampled_from([None, "a", "b"])
COUNTS = st.integers(0, 5000)
WORKS = st.builds(
    Work,
    model=st.sampled_from(["openai/gpt-4.1", "sim/0.01", "sim/0.01:free"]),
    provider=st.sampled_from(["OpenAI", "Azure"]),
    tokens=st.builds(Tokens, prompt=COUNTS, completion=COUNTS),
    fee=st.sampled_from([Decimal(0), Decimal("0.01")]),
    tools=st.sampled_from([Decimal(0), Decimal("0.02")]),
    cache_discount=st.sampled_from([Decimal(0), Decimal("0.001")]),
    session=MAYBE,
    user=MAYBE,
    app=MAYBE,
)
REQUESTS = st.lists(
    st.tuples(st.integers(0, 2), COSTS, st.booleans(), st.integers(0, 40_000), WORKS), max_size=40
)
Request = tuple[int, Decimal, bool, int, Work]


def played(requests: list[Request]) -> Account:
    account = Account(clock=Clock(BEGIN), behaviour=FREE)
    research = account.workspaces.add("Research", BEGIN)["id"]
    keys = [
        account.create_key({"name": name, "workspace_id": workspace})[1]["hash"]
        for name, workspace in (("twin", None), ("twin", research), ("own", research))
    ]
    for which, cost, byok, seconds, work in requests:
        account.spending.charge(keys[which], cost, byok=byok, work=work)
        account.clock.advance(timedelta(seconds=seconds))
    return account


def ask(account: Account, **asked: Any) -> list[dict[str, Any]]:
    end = account.clock.now + timedelta(seconds=1)
    span = {"start": (end - timedelta(days=31)).isoformat(), "end": end.isoformat()}
    metrics = ["credits_usage", "byok_usage", "total_usage", "request_count", "tokens_total"]
    body = {"metrics": metrics, "time_range": span, "limit": 10_000} | asked
    found: list[dict[str, Any]] = account.analytics.query(body)["data"]
    return found


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


@given(
    REQUESTS,
    st.lists(st.sampled_from(sorted(DIMENSIONS)), max_size=2, unique=True),
    st.sampled_from([None, "hour", "day", "week", "month"]),
)
def test_the_sums_of_any_grouping_are_the_books(
    requests: list[Request], dimensions: list[str], granularity: str | None
) -> None:
    account = played(requests)
    rows = ask(account, dimensions=dimensions, granularity=granularity)
    charges = account.books.charges
    assert total(rows, "credits_usage") == sum(charge.credits for charge in charges)
    assert total(rows, "byok_usage") == sum(charge.byok for charge in charges)
    assert total(rows, "total_usage") == sum(one.credits + one.byok for one in charges)
    assert total(rows, "request_count") == len(charges)
    tokens = sum(one.tokens.prompt + one.tokens.completion for one in account.generations)
    assert total(rows, "tokens_total") == tokens


@given(REQUESTS)
def test_a_filter_by_key_gives_the_counters_of_that_key(requests: list[Request]) -> None:
    account = played(requests)
    now = account.clock.now
    for key in account.keys:
        filters = [{"field": "api_key_id", "operator": "eq", "value": key}]
        row = account.get_key(key)
        rows = ask(account, filters=filters)
        assert total(rows, "credits_usage") == row["usage"]
        assert total(rows, "byok_usage") == row["byok_usage"]
        daily = ask(account, filters=filters, granularity="day")
        today = [each for each in daily if each["date__day"] == now.date().isoformat()]
        assert total(today, "credits_usage") == row["usage_daily"]
        assert total(today, "byok_usage") == row["byok_usage_daily"]


@given(REQUESTS)
def test_closed_days_are_the_books_less_today(requests: list[Request]) -> None:
    account = played(requests)
    now = account.clock.now
    books: defaultdict[date, Decimal] = defaultdict(Decimal)
    for charge in account.books.charges:
        if not same_instance(Window.DAILY, charge.at, now):
            books[charge.at.date()] += charge.credits + charge.byok
    found: defaultdict[date, Decimal] = defaultdict(Decimal)
    for key in account.keys:
        for row in activity(account, {"api_key_hash": key}):
            day = date.fromisoformat(row["date"])
            found[day] += row["usage"] + row["byok_usage_inference"]
    assert found == books
    assert sum(row["usage"] for row in activity(account, {})) == sum(
        row["usage"] for row in activity(account, {"group_by": "workspace"})
    )
