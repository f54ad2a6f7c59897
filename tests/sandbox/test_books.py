"""The books are the truth that other tests measure the guard by, so they are checked first."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.windows import Window, same_instance
from budget_guard.sandbox.openrouter import (
    Account,
    Behaviour,
    Clock,
    LimitCount,
    Refusal,
)

BEGIN = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
COSTS = st.decimals(min_value=0, max_value=9, places=8)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["spend", "byok", "begin", "complete", "limit", "reset", "wait"]),
        st.integers(0, 2),
        COSTS,
        st.integers(0, 90_000),
    ),
    max_size=60,
)
BEHAVIOURS = st.builds(
    Behaviour,
    patch_delay=st.sampled_from([timedelta(0), timedelta(seconds=60)]),
    limit_count=st.sampled_from(LimitCount),
    in_flight_counted=st.booleans(),
)


def play(account: Account, steps: list[tuple[str, int, Decimal, int]]) -> list[str]:
    keys = [account.create_key({"name": str(number)})[1]["hash"] for number in range(3)]
    under_way = []
    for what, which, amount, seconds in steps:
        try:
            match what:
                case "spend" | "byok":
                    account.spending.charge(keys[which], amount, byok=what == "byok")
                case "begin":
                    request = account.spending.begin(keys[which], max_cost=amount)
                    under_way.append((request, amount))
                case "complete" if under_way:
                    account.spending.complete(*under_way.pop())
                case "limit":
                    account.patch_key(keys[which], {"limit": amount})
                case "reset":
                    reset = [None, *Window][seconds % 4]
                    account.patch_key(keys[which], {"limit_reset": reset})
                case _:
                    account.clock.advance(timedelta(seconds=seconds))
        except Refusal:
            assert account.books.refused[-1].at == account.clock.now
    return keys


@given(STEPS, BEHAVIOURS)
def test_counters_are_the_sums_of_the_charges_in_the_books(
    steps: list[tuple[str, int, Decimal, int]], behaviour: Behaviour
) -> None:
    account = Account(clock=Clock(BEGIN), behaviour=behaviour)
    keys = play(account, steps)
    now, charges = account.clock.now, account.books.charges
    for key in keys:
        row = account.get_key(key)
        own = [charge for charge in charges if charge.hash == key]
        assert row["usage"] == sum(charge.credits for charge in own)
        assert row["byok_usage"] == sum(charge.byok for charge in own)
        for window in Window:
            inside = [charge for charge in own if same_instance(window, charge.at, now)]
            assert row[f"usage_{window}"] == sum(charge.credits for charge in inside)
            assert row[f"byok_usage_{window}"] == sum(charge.byok for charge in inside)
    for window in Window:
        counted = sum(account.get_key(key)[f"usage_{window}"] for key in keys)
        assert account.books.spent(keys, window, now).credits == counted
    total = account.credits()["total_usage"]
    assert total == sum(charge.credits for charge in charges)


@given(STEPS)
def test_reserved_requests_never_take_a_key_past_its_limit(
    steps: list[tuple[str, int, Decimal, int]],
) -> None:
    account = Account(clock=Clock(BEGIN))
    account.behaviour = replace(account.behaviour, in_flight_counted=True)
    key = account.create_key({"name": "k", "limit": 20, "limit_reset": "daily"})[1]["hash"]
    for _, _, amount, seconds in steps:
        account.clock.advance(timedelta(seconds=seconds // 10))
        with suppress(Refusal):
            account.spending.charge(key, amount / 2, max_cost=amount)
        assert account.get_key(key)["limit_remaining"] >= 0
        assert account.books.spent([key], Window.DAILY, account.clock.now).credits <= 20
