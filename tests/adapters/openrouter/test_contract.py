"""The port `OpenRouter`, on the simulated account: over HTTP with the real adapter, and without."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from budget_guard.adapters.openrouter import connect
from budget_guard.domain.errors import (
    KeyGone,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from budget_guard.domain.keys import Limit, Settings, Spent
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Account, Api, Fault, Faults, When, serve
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.use_cases.ports import Change, OpenRouter

FENCE = Change(limit=Limit(Decimal("0.000001")), include_byok=True)

type Connect = Callable[[str], OpenRouter]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture(params=["http", "in process"])
def connecting(
    request: pytest.FixtureRequest, account: Account, faults: Faults
) -> Iterator[Connect]:
    if request.param == "in process":
        yield lambda key: InProcessOpenRouter(account, faults, key=key)
        return
    opened = []

    def over_http(key: str) -> OpenRouter:
        opened.append(connect(url, SecretStr(key)))
        return opened[-1]

    with serve(Api(account, faults)) as url:
        yield over_http
        for one in opened:
            one.__exit__()


@pytest.fixture
def openrouter(connecting: Connect, account: Account) -> OpenRouter:
    return connecting(str(account.management_key))


@pytest.fixture
def new_key(account: Account) -> Callable[..., str]:
    def create(**fields: Any) -> str:
        return str(account.create_key({"name": "prod-api", **fields})[1]["hash"])

    return create


def test_a_management_key_is_recognised(openrouter: OpenRouter) -> None:
    openrouter.require_management_key()


def test_an_inference_key_is_told_apart_and_refused(connecting: Connect, account: Account) -> None:
    plaintext, row = account.create_key({"name": "prod-api"})
    ordinary = connecting(plaintext)
    with pytest.raises(ManagementKeyError, match="inference key"):
        ordinary.require_management_key()
    with pytest.raises(ManagementKeyError):
        ordinary.workspaces()
    with pytest.raises(ManagementKeyError):
        ordinary.keys(row["workspace_id"])


def test_a_revoked_key_is_named(openrouter: OpenRouter, account: Account) -> None:
    account.management_key = None
    with pytest.raises(ManagementKeyError, match="wrong or revoked"):
        openrouter.require_management_key()
    with pytest.raises(ManagementKeyError):
        openrouter.balance()


def test_workspaces_have_their_names(openrouter: OpenRouter, account: Account) -> None:
    account.workspaces.add("Research", account.clock.now)
    assert [one.name for one in openrouter.workspaces()] == ["Default", "Research"]
    assert openrouter.workspaces()[0].id == account.workspaces.default


def test_a_listing_has_every_key_of_its_workspace_and_no_other(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    expected = {new_key(name=f"dev-{number}") for number in range(205)}
    elsewhere = new_key(workspace_id=research)
    listing = openrouter.keys(account.workspaces.default)
    assert {one.key.hash for one in listing.readings} == expected
    assert len(listing.readings) == len(expected)
    assert [one.key.hash for one in openrouter.keys(research).readings] == [elsewhere]
    assert listing.began <= listing.at == account.clock.now


def test_rows_that_are_known_stay_unread_until_they_say_something_new(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    quiet, busy, renamed = (new_key(name=name) for name in ("quiet", "busy", "old"))
    before = openrouter.keys(account.workspaces.default)
    known = {one.fingerprint for one in before.readings}
    account.spending.charge(busy, Decimal("0.1"))
    account.patch_key(renamed, {"name": "new"})
    account.clock.advance(timedelta(minutes=5))
    listing = openrouter.keys(account.workspaces.default, known)
    assert listing.rows.keys() == {quiet, busy, renamed}
    assert {one.key.hash for one in listing.readings} == {busy, renamed}
    assert before.at < listing.rows[quiet].began <= listing.rows[quiet].at == listing.at


def test_a_known_row_is_read_where_it_was_not_listed_before(
    openrouter: OpenRouter, account: Account, faults: Faults, new_key: Callable[..., str]
) -> None:
    new_key()
    nowhere = Fault(method="GET", path="/keys", overlay={"workspace_id": None}, times=9)
    faults.add(nowhere)
    (reading,) = openrouter.keys(account.workspaces.default).readings
    research = account.workspaces.add("Research", account.clock.now)["id"]
    account.patch_key(reading.key.hash, {"workspace_id": research})
    (moved,) = openrouter.keys(research, {reading.fingerprint}).readings
    assert moved.key.workspace == research


def test_disabled_and_expired_keys_are_listed_and_deleted_ones_not(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    disabled, deleted = new_key(), new_key()
    expired = new_key(expires_at="2026-11-18T12:00:01Z")
    account.patch_key(disabled, {"disabled": True})
    account.delete_key(deleted)
    account.clock.advance(timedelta(hours=1))
    found = {one.key.hash: one for one in openrouter.keys(account.workspaces.default).readings}
    assert found.keys() == {disabled, expired}
    assert found[disabled].settings.disabled
    assert found[expired].key.expires_at == datetime(2026, 11, 18, 12, 0, 1, tzinfo=UTC)


def test_a_key_is_read_with_who_it_is_its_settings_and_its_counters(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    known = new_key(name="ci", creator_user_id="user_ada", limit=10, limit_reset="weekly")
    account.spending.charge(known, Decimal("1.25"))
    account.clock.advance(timedelta(days=1))
    account.spending.charge(known, Decimal("0.1"))
    account.spending.charge(known, Decimal("0.2"), byok=True)
    reading = openrouter.key(known)
    assert (reading.key.hash, reading.key.name, reading.key.creator) == (known, "ci", "user_ada")
    assert reading.key.workspace == account.workspaces.default
    assert reading.settings == Settings(Limit(Decimal(10), Window.WEEKLY))
    assert reading.counters.lifetime == Spent(Decimal("1.35"), Decimal("0.2"))
    assert reading.counters.of(Window.DAILY) == Spent(Decimal("0.1"), Decimal("0.2"))
    assert reading.limit_remaining == Decimal("8.65")
    assert reading.began <= reading.at == account.clock.now


def test_a_change_is_answered_with_the_key_as_changed(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    known = new_key(limit=10, limit_reset="daily")
    reading = openrouter.change(known, FENCE)
    assert reading.settings == Settings(Limit(Decimal("0.000001")), include_byok=True)
    assert openrouter.key(known).settings == reading.settings
    assert [change.fields for change in account.books.changes] == [
        {"limit": Decimal("0.000001"), "limit_reset": None, "include_byok_in_limit": True}
    ]


def test_a_field_that_is_not_given_stays(
    openrouter: OpenRouter, new_key: Callable[..., str]
) -> None:
    known = new_key(limit=10, limit_reset="daily")
    reading = openrouter.change(known, Change(disabled=True))
    assert reading.settings == Settings(Limit(Decimal(10), Window.DAILY), disabled=True)
    reading = openrouter.change(known, Change(limit=Limit()))
    assert reading.settings == Settings(Limit(), disabled=True)
    assert reading.limit_remaining is None


def test_an_unknown_or_deleted_key_is_gone(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    deleted = new_key()
    account.delete_key(deleted)
    for nobody in (deleted, "ab" * 32):
        with pytest.raises(KeyGone, match=nobody):
            openrouter.key(nobody)
        with pytest.raises(KeyGone):
            openrouter.change(nobody, FENCE)


def test_a_workspace_that_is_not_there_is_no_empty_one(openrouter: OpenRouter) -> None:
    with pytest.raises(ProviderRejected) as caught:
        openrouter.keys("0df9e665-d932-5740-b2c7-b52af166bc11")
    assert caught.value.status == 404


def test_the_balance_follows_the_spend(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    account.spending.charge(new_key(), Decimal("0.01"))
    assert openrouter.balance() == Decimal("999999.99")


@pytest.mark.parametrize("status", [400, 402, 403, 409])
def test_a_refused_change_changes_nothing(
    openrouter: OpenRouter, faults: Faults, new_key: Callable[..., str], status: int
) -> None:
    known = new_key()
    faults.add(Fault(method="PATCH", status=status))
    with pytest.raises(ProviderRejected, match="Simulated failure") as caught:
        openrouter.change(known, FENCE)
    assert caught.value.status == status
    assert openrouter.key(known).settings == Settings()


@pytest.mark.parametrize("when", When)
def test_a_change_whose_answer_was_lost_is_reported_and_not_sent_again(
    openrouter: OpenRouter,
    account: Account,
    faults: Faults,
    new_key: Callable[..., str],
    when: When,
) -> None:
    known = new_key()
    faults.add(Fault(method="PATCH", drop=True, when=when))
    with pytest.raises(ProviderUnavailable, match="PATCH"):
        openrouter.change(known, FENCE)
    assert len(account.books.changes) == (1 if when is When.AFTER else 0)


def test_an_overload_that_lasts_is_unavailable(
    openrouter: OpenRouter, faults: Faults, account: Account
) -> None:
    faults.add(Fault(status=503, times=8))
    with pytest.raises(ProviderUnavailable):
        openrouter.keys(account.workspaces.default)


def test_an_answer_cut_off_for_good_is_unavailable(
    openrouter: OpenRouter, faults: Faults, account: Account, new_key: Callable[..., str]
) -> None:
    new_key()
    faults.add(Fault(truncate=True, times=8))
    with pytest.raises(ProviderUnavailable):
        openrouter.keys(account.workspaces.default)


@pytest.mark.parametrize(
    "overlay", [{"usage": None}, {"usage_daily": -1}, {"limit_reset": "hourly"}, {"disabled": "no"}]
)
def test_nothing_is_concluded_from_an_unusable_field(
    openrouter: OpenRouter,
    faults: Faults,
    new_key: Callable[..., str],
    overlay: dict[str, Any],
) -> None:
    known = new_key()
    faults.add(Fault(overlay=overlay))
    with pytest.raises(ProviderConfusing, match=f"data.{next(iter(overlay))}"):
        openrouter.key(known)


def test_an_unknown_field_is_ignored(
    openrouter: OpenRouter, faults: Faults, new_key: Callable[..., str]
) -> None:
    faults.add(Fault(overlay={"mood": "good"}))
    assert openrouter.key(new_key()).settings == Settings()


def test_a_page_that_is_no_json_is_not_an_empty_one(
    openrouter: OpenRouter, faults: Faults, account: Account
) -> None:
    faults.add(Fault(raw=b"<html>Bad gateway</html>"))
    with pytest.raises(ProviderConfusing):
        openrouter.keys(account.workspaces.default)


def test_a_key_can_be_read_in_the_first_second_of_a_day(
    openrouter: OpenRouter, account: Account, new_key: Callable[..., str]
) -> None:
    known = new_key()
    account.clock.set(datetime(2026, 11, 19, tzinfo=UTC))
    assert openrouter.key(known).began == openrouter.change(known, FENCE).began == account.clock.now
