"""The contract: what the official SDK calls and parses, over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import ChatResult, ChatUserMessage

from budget_guard.sandbox.openrouter import Account, Api, Fault, Shape, When
from tests.sandbox import sdk

pytestmark = sdk.marks


@pytest.fixture
def client(served: str) -> Iterator[sdk.Client]:
    with sdk.clients(served) as connect:
        yield connect


@pytest.fixture
def admin(client: sdk.Client, account: Account) -> OpenRouter:
    return client(account.management_key)


def chat(client: OpenRouter, price: str, max_tokens: int, **metadata: str) -> float:
    result = client.chat.send(
        model=f"sim/{price}",
        messages=[ChatUserMessage(role="user", content="hello")],
        max_tokens=max_tokens,
        metadata=metadata,
        stream=False,
    )
    assert isinstance(result, ChatResult)
    assert result.usage is not None
    assert isinstance(result.usage.cost, float)
    return result.usage.cost


def test_a_key_is_created_read_changed_listed_and_deleted(
    admin: OpenRouter, account: Account
) -> None:
    made = admin.api_keys.create(
        name="prod-api",
        limit=12.5,
        limit_reset="daily",
        include_byok_in_limit=True,
        creator_user_id="user_1",
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
        external={"user": "partner-7"},
    )
    key = made.data
    assert key.label == f"{made.key[:12]}...{made.key[-4:]}"
    assert (key.limit, key.limit_remaining, key.limit_reset) == (12.5, 12.5, "daily")
    assert (key.include_byok_in_limit, key.creator_user_id) == (True, "user_1")
    assert (key.external_user, key.updated_at, key.last_used_at) == ("partner-7", None, None)
    assert key.expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    changed = admin.api_keys.update(
        hash=key.hash, name="prod", disabled=True, limit=None, limit_reset="weekly"
    ).data
    assert (changed.name, changed.disabled, changed.limit) == ("prod", True, None)
    assert (changed.limit_reset, changed.include_byok_in_limit) == ("weekly", True)
    assert admin.api_keys.get(hash=key.hash).data.updated_at is not None
    assert admin.api_keys.list().data == []
    assert [row.hash for row in admin.api_keys.list(include_disabled=True).data] == [key.hash]
    assert admin.api_keys.delete(hash=key.hash).DELETED
    with pytest.raises(errors.NotFoundResponseError):
        admin.api_keys.delete(hash=key.hash)
    with pytest.raises(errors.NotFoundResponseError):
        admin.api_keys.get(hash=key.hash)
    assert [change.hash for change in account.books.changes] == [key.hash]


def test_a_key_moves_to_another_workspace(admin: OpenRouter, account: Account) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    key = admin.api_keys.create(name="k").data
    assert key.workspace_id == account.workspaces.default
    assert admin.api_keys.update(hash=key.hash, workspace_id=other).data.workspace_id == other
    assert admin.api_keys.list().data == []
    assert len(admin.api_keys.list(workspace_id=other).data) == 1
    with pytest.raises(errors.NotFoundResponseError):
        admin.api_keys.list(workspace_id="elsewhere")


def test_workspaces_come_in_pages(admin: OpenRouter, account: Account) -> None:
    for number in range(4):
        account.workspaces.add(f"Team {number}", account.clock.now)
    page: Any = admin.workspaces.list(limit=2)
    names = []
    while page is not None:
        assert page.result.total_count == 5
        names += [workspace.name for workspace in page.result.data]
        page = page.next()
    assert names == ["Default", "Team 0", "Team 1", "Team 2", "Team 3"]
    assert admin.workspaces.get(id="team-3").data.name == "Team 3"
    with pytest.raises(errors.NotFoundResponseError):
        admin.workspaces.get(id="team-4")


def test_money_is_spent_by_chat_and_seen_everywhere(admin: OpenRouter, client: sdk.Client) -> None:
    made = admin.api_keys.create(name="prod", limit=1, limit_reset="monthly")
    caller = client(made.key)
    assert chat(caller, "0.001", 400, tokens="300") == 0.3
    assert chat(caller, "0.001", 200, byok="true") == 0
    row = admin.api_keys.get(hash=made.data.hash).data
    assert (row.usage, row.usage_monthly, row.limit_remaining) == (0.3, 0.3, 0.7)
    assert (row.byok_usage, row.byok_usage_daily) == (0.2, 0.2)
    assert row.last_used_at is not None
    credits_ = admin.credits.get_credits().data
    assert (credits_.total_credits, credits_.total_usage) == (1_000_000, 0.3)


def test_the_current_key_describes_itself_and_its_budget(
    admin: OpenRouter, client: sdk.Client
) -> None:
    made = admin.api_keys.create(name="prod", limit=2, limit_reset="weekly")
    chat(client(made.key), "0.01", 50)
    key = client(made.key).api_keys.get_current_key_metadata().data
    assert not key.is_management_key
    assert (key.usage_daily, key.limit_remaining) == (0.5, 1.5)
    assert key.effective_budget is not None
    assert key.budgets == [key.effective_budget]
    assert (key.effective_budget.scope, key.effective_budget.spend_usd) == ("key_limit", 0.5)
    assert key.effective_budget.resets_at == datetime(2026, 11, 23, tzinfo=UTC)
    management = admin.api_keys.get_current_key_metadata().data
    assert management.is_management_key
    assert management.effective_budget is None


def test_refusals_arrive_as_the_sdks_own_errors(admin: OpenRouter, client: sdk.Client) -> None:
    made = admin.api_keys.create(name="prod", limit=1)
    caller = client(made.key)
    with pytest.raises(errors.PaymentRequiredResponseError) as short:
        chat(caller, "0.001", 1001)
    assert short.value.data.error.metadata == {"limit_source": "openrouter_key_limit"}
    chat(caller, "0.001", 1000)
    with pytest.raises(errors.ForbiddenResponseError, match="Key limit exceeded"):
        chat(caller, "0.001", 1)
    admin.api_keys.update(hash=made.data.hash, disabled=True)
    with pytest.raises(errors.UnauthorizedResponseError):
        chat(caller, "0.001", 1)
    with pytest.raises(errors.BadRequestResponseError):
        chat(client(admin.api_keys.create(name="new").key), "nothing", 1)


def test_wrong_credentials_are_refused(
    client: sdk.Client, admin: OpenRouter, account: Account
) -> None:
    caller = client(admin.api_keys.create(name="prod").key)
    for call in (
        caller.api_keys.list,
        lambda: caller.api_keys.create(name="x"),
        caller.workspaces.list,
    ):
        with pytest.raises(errors.OpenRouterError, match="Only management keys") as caught:
            call()
        assert caught.value.status_code == 403
    assert caller.credits.get_credits().data.total_usage == 0
    with pytest.raises(errors.UnauthorizedResponseError, match="Missing Authentication"):
        client(None).api_keys.list()
    with pytest.raises(errors.UnauthorizedResponseError, match="User not found"):
        client("sk-or-v1-unknown").api_keys.list()
    with pytest.raises(errors.UnauthorizedResponseError):
        chat(admin, "0.001", 1)
    account.management_key = None
    with pytest.raises(errors.UnauthorizedResponseError):
        admin.api_keys.list()


def test_a_patch_that_changes_nothing_known_is_refused(admin: OpenRouter) -> None:
    key = admin.api_keys.create(name="prod").data
    with pytest.raises(errors.BadRequestResponseError, match="No update fields provided"):
        admin.api_keys.update(hash=key.hash)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, errors.BadRequestResponseError),
        (404, errors.NotFoundResponseError),
        (409, errors.ConflictResponseError),
        (429, errors.TooManyRequestsResponseError),
        (500, errors.InternalServerResponseError),
        (503, errors.OpenRouterDefaultError),
    ],
)
def test_a_failure_on_demand_is_the_sdks_error_of_that_status(
    admin: OpenRouter, api: Api, status: int, error: type[errors.OpenRouterError]
) -> None:
    key = admin.api_keys.create(name="prod").data
    api.faults.add(Fault(method="PATCH", path="/keys/*", status=status, retry_after=Decimal(7)))
    with pytest.raises(error) as caught:
        admin.api_keys.update(hash=key.hash, disabled=True)
    assert caught.value.headers["retry-after"] == "7"
    assert not admin.api_keys.get(hash=key.hash).data.disabled


def test_the_other_error_shape_and_a_missing_field_are_not_what_the_sdk_expects(
    admin: OpenRouter, api: Api
) -> None:
    api.faults.add(Fault(status=400, shape=Shape.ZOD), Fault(raw=b'{"data": [{}]}'))
    for _ in range(2):
        with pytest.raises(errors.ResponseValidationError):
            admin.api_keys.list()


def test_unknown_fields_and_enums_pass_the_sdk(admin: OpenRouter, api: Api) -> None:
    admin.api_keys.create(name="prod")
    api.faults.add(Fault(overlay={"limit_reset": "fortnightly", "mood": {"today": "good"}}))
    assert admin.api_keys.list().data[0].limit_reset == "fortnightly"


@pytest.mark.parametrize("when", list(When))
def test_a_dropped_connection_loses_the_answer_before_or_after_the_effect(
    admin: OpenRouter, api: Api, when: When
) -> None:
    key = admin.api_keys.create(name="prod").data
    api.faults.add(Fault(method="PATCH", drop=True, when=when))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        admin.api_keys.update(hash=key.hash, disabled=True)
    assert admin.api_keys.get(hash=key.hash).data.disabled == (when is When.AFTER)


def test_a_truncated_body_is_noticed(admin: OpenRouter, api: Api) -> None:
    api.faults.add(Fault(truncate=True))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        admin.api_keys.list()
    assert admin.api_keys.list().data == []


def test_a_delayed_answer_runs_into_the_clients_time_out(admin: OpenRouter, api: Api) -> None:
    api.faults.add(Fault(delay=timedelta(seconds=1)))
    with pytest.raises(httpx.ReadTimeout):
        admin.api_keys.list(timeout_ms=50)


def test_the_date_of_every_answer_is_the_simulated_clocks(served: str, account: Account) -> None:
    with httpx.Client() as http:
        for path in ("/keys", "/key", "/nowhere"):
            answer = http.get(served + path, headers={"authorization": "Bearer nobody"})
            assert answer.headers.get_list("date") == ["Wed, 18 Nov 2026 12:00:00 GMT"]
        account.clock.advance(timedelta(hours=12))
        assert http.get(served + "/key").headers["date"] == "Thu, 19 Nov 2026 00:00:00 GMT"
