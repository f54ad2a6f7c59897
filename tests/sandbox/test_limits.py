from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.keys import Spent
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Account, LimitCount, Refusal, Staleness

MINUTE = timedelta(minutes=1)
NewKey = Callable[..., str]


def refusal_of(account: Account, key: str, cost: str = "1", max_cost: str | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        account.spending.charge(
            key, Decimal(cost), max_cost=None if max_cost is None else Decimal(max_cost)
        )
    return caught.value


def charge(account: Account, key: str, cost: str, *, byok: bool = False) -> None:
    account.spending.charge(key, Decimal(cost), byok=byok)


def at(account: Account, *when: int) -> None:
    account.clock.set(datetime(*when, tzinfo=UTC))  # type: ignore[arg-type, misc]


def test_every_window_counts_from_its_own_beginning(account: Account, new_key: NewKey) -> None:
    key = new_key()
    charge(account, key, "1")
    at(account, 2026, 11, 19, 0, 0)
    charge(account, key, "2")
    at(account, 2026, 11, 30, 0, 0)
    charge(account, key, "4")
    at(account, 2026, 12, 1, 0, 0)
    charge(account, key, "8")
    row = account.get_key(key)
    figures = [row[f"usage{part}"] for part in ("", "_monthly", "_weekly", "_daily")]
    assert figures == [15, 8, 12, 8]


@pytest.mark.parametrize(
    ("reset", "last", "renewed", "word"),
    [
        ("daily", (2026, 11, 18, 23, 59, 59), (2026, 11, 19), "daily"),
        ("weekly", (2026, 11, 22, 23, 59, 59), (2026, 11, 23), "weekly"),
        ("monthly", (2026, 11, 30, 23, 59, 59), (2026, 12, 1), "monthly"),
        (None, (2026, 12, 31, 23, 59, 59), None, "total"),
    ],
)
def test_a_spent_limit_refuses_until_its_window_rolls(
    account: Account,
    new_key: NewKey,
    reset: str | None,
    last: tuple[int, ...],
    renewed: tuple[int, ...] | None,
    word: str,
) -> None:
    key = new_key("3", reset)
    charge(account, key, "3")
    at(account, *last)
    refusal = refusal_of(account, key)
    assert refusal.status == 403
    assert refusal.message.startswith(f"Key limit exceeded ({word} limit)")
    if renewed is not None:
        at(account, *renewed)
        charge(account, key, "3")
        assert account.get_key(key)["limit_remaining"] == 0


def test_a_spent_limit_answers_402_where_the_older_documents_are_right(
    account: Account, new_key: NewKey
) -> None:
    account.behaviour = replace(account.behaviour, spent_limit_status=402)
    assert refusal_of(account, new_key("0")).status == 402


def test_max_tokens_that_could_cost_more_than_remains_are_refused_with_402(
    account: Account, new_key: NewKey
) -> None:
    key = new_key("5", "daily")
    charge(account, key, "2")
    refusal = refusal_of(account, key, max_cost="3.000001")
    assert refusal.status == 402
    assert "requested up to 3000001 tokens, but can only afford 3000000" in refusal.message
    assert refusal.metadata == {"limit_source": "openrouter_key_limit"}
    account.spending.charge(key, Decimal("1.5"), max_cost=Decimal(3))
    assert account.get_key(key)["limit_remaining"] == Decimal("1.5")


def test_a_request_without_max_tokens_may_overspend_and_the_rest_is_negative(
    account: Account, new_key: NewKey
) -> None:
    key = new_key("5", "daily")
    charge(account, key, "7.25")
    assert account.get_key(key)["limit_remaining"] == Decimal("-2.25")
    account.behaviour = replace(account.behaviour, remaining_below_zero=False)
    assert account.get_key(key)["limit_remaining"] == 0


def test_byok_counts_towards_the_limit_only_when_the_key_says_so(
    account: Account, new_key: NewKey
) -> None:
    counted = new_key("5", include_byok_in_limit=True)
    apart = new_key("5")
    for key in (counted, apart):
        charge(account, key, "5", byok=True)
        assert account.get_key(key)["byok_usage_daily"] == 5
        assert account.get_key(key)["usage"] == 0
    assert refusal_of(account, counted).status == 403
    charge(account, apart, "5")
    charge(account, apart, "1", byok=True)
    assert refusal_of(account, apart).status == 403


def test_disabled_deleted_expired_and_unknown_keys_are_refused_with_401(
    account: Account, new_key: NewKey
) -> None:
    disabled, deleted = new_key(), new_key()
    expiring = new_key(expires_at="2026-11-18T12:01:00Z")
    account.patch_key(disabled, {"disabled": True})
    account.delete_key(deleted)
    charge(account, expiring, "1")
    account.clock.advance(MINUTE)
    for key in (disabled, deleted, expiring, "0" * 64):
        assert refusal_of(account, key).status == 401
    account.patch_key(disabled, {"disabled": False})
    charge(account, disabled, "1")


def test_an_account_without_credits_refuses_everyone_but_byok(
    account: Account, new_key: NewKey
) -> None:
    account.spending.total_credits = Decimal(2)
    key = new_key()
    assert refusal_of(account, key, max_cost="2.1").metadata == {
        "limit_source": "openrouter_credits"
    }
    charge(account, key, "2")
    assert refusal_of(account, key).status == 402
    charge(account, key, "1", byok=True)


def test_a_request_under_way_completes_after_its_key_was_stopped(
    account: Account, new_key: NewKey
) -> None:
    key = new_key("5")
    request = account.spending.begin(key, max_cost=Decimal(4))
    account.patch_key(key, {"limit": Decimal(0), "disabled": True})
    account.clock.advance(MINUTE)
    booked = account.spending.complete(request, Decimal(3))
    assert booked.at - booked.admitted_at == MINUTE
    assert account.get_key(key)["usage"] == 3


def test_a_request_cannot_cost_more_than_it_reserved(account: Account, new_key: NewKey) -> None:
    request = account.spending.begin(new_key(), max_cost=Decimal(4))
    with pytest.raises(ValueError, match="cannot cost 5"):
        account.spending.complete(request, Decimal(5))


@pytest.mark.parametrize("counted", [True, False])
def test_whether_requests_under_way_count_at_admission_is_a_setting(
    account: Account, new_key: NewKey, *, counted: bool
) -> None:
    account.behaviour = replace(account.behaviour, in_flight_counted=counted)
    key = new_key("5")
    account.spending.begin(key, max_cost=Decimal(5))
    if counted:
        assert refusal_of(account, key, max_cost="1").status == 403
    else:
        account.spending.charge(key, Decimal(1), max_cost=Decimal(1))


def test_byok_under_way_counts_only_towards_limits_that_count_byok(
    account: Account, new_key: NewKey
) -> None:
    account.behaviour = replace(account.behaviour, in_flight_counted=True)
    apart, counted = new_key("5"), new_key("5", include_byok_in_limit=True)
    for key in (apart, counted):
        account.spending.begin(key, byok=True, max_cost=Decimal(5))
    charge(account, apart, "1")
    assert refusal_of(account, counted).status == 403


def test_a_late_patch_is_answered_at_once_and_enforced_later(
    account: Account, new_key: NewKey
) -> None:
    account.behaviour = replace(account.behaviour, patch_delay=MINUTE)
    key = new_key("5")
    assert account.patch_key(key, {"limit": Decimal(0)})["limit"] == 0
    assert account.get_key(key)["limit"] == 0
    charge(account, key, "1")
    account.clock.advance(MINUTE)
    assert refusal_of(account, key).status == 403
    assert account.books.changes[0].enforced_at == account.clock.now


def test_a_late_patch_can_be_shown_late_too(account: Account, new_key: NewKey) -> None:
    account.behaviour = replace(account.behaviour, patch_delay=MINUTE, patch_shown_late=True)
    key = new_key("5")
    assert account.patch_key(key, {"disabled": True})["disabled"]
    assert not account.get_key(key)["disabled"]
    assert len(account.list_keys()) == 1
    account.clock.advance(MINUTE)
    assert account.get_key(key)["disabled"]
    assert account.list_keys() == []


def test_a_prompt_patch_overtakes_a_late_one_for_good(account: Account, new_key: NewKey) -> None:
    key = new_key("5")
    account.patch_key(key, {"limit": Decimal(0)}, delay=MINUTE)
    account.patch_key(key, {"limit": Decimal(9)})
    charge(account, key, "6")
    account.clock.advance(MINUTE)
    charge(account, key, "1")


@pytest.mark.parametrize(
    ("count", "by_limit", "by_reset"),
    [
        (LimitCount.CONTINUES, 2, 2),
        (LimitCount.RESTARTS_WITH_RESET, 2, 6),
        (LimitCount.RESTARTS_WITH_ANY, 6, 6),
    ],
)
def test_what_a_changed_limit_counts_is_a_setting(
    account: Account, new_key: NewKey, count: LimitCount, by_limit: int, by_reset: int
) -> None:
    account.behaviour = replace(account.behaviour, limit_count=count)
    key, other = new_key("5", "daily"), new_key("6", "daily")
    charge(account, key, "4")
    charge(account, other, "4")
    assert account.patch_key(key, {"limit": Decimal(6)})["limit_remaining"] == by_limit
    assert account.patch_key(other, {"limit_reset": None})["limit_remaining"] == by_reset


def test_counters_are_shown_as_old_as_behaviour_says(account: Account, new_key: NewKey) -> None:
    account.behaviour = replace(account.behaviour, counters_age=MINUTE)
    key = new_key("5")
    charge(account, key, "2")
    assert (account.get_key(key)["usage"], account.get_key(key)["limit_remaining"]) == (0, 5)
    account.clock.advance(MINUTE)
    assert account.list_keys()[0]["usage_daily"] == 2
    assert account.get_key(key, age=2 * MINUTE)["usage"] == 0


@pytest.mark.parametrize(
    ("staleness", "today"), [(Staleness.LATE_CHARGES, 0), (Staleness.OLD_SNAPSHOT, 2)]
)
def test_old_counters_at_midnight_are_the_new_windows_or_the_old_ones(
    account: Account, new_key: NewKey, staleness: Staleness, today: int
) -> None:
    account.behaviour = replace(account.behaviour, counters_age=MINUTE, staleness=staleness)
    key = new_key()
    charge(account, key, "2")
    at(account, 2026, 11, 19, 0, 0, 30)
    charge(account, key, "1")
    assert account.get_key(key)["usage_daily"] == today
    assert account.get_key(key)["usage"] == 2
    assert account.books.spent([key], Window.DAILY, account.clock.now) == Spent(Decimal(1))


def test_a_deleted_key_can_go_on_spending_for_a_while(account: Account, new_key: NewKey) -> None:
    account.behaviour = replace(account.behaviour, deletion_delay=MINUTE)
    key = new_key()
    account.delete_key(key)
    charge(account, key, "1")
    account.clock.advance(MINUTE)
    assert refusal_of(account, key).status == 401
    assert account.credits()["total_usage"] == 1


def test_the_clock_neither_goes_back_nor_lacks_a_zone(account: Account) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        account.clock.set(account.clock.now - MINUTE)
    with pytest.raises(ValueError, match="no time zone"):
        account.clock.set(datetime(2026, 12, 1))  # noqa: DTZ001 - the mistake under test
