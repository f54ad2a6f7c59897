"""The contract of guardrails and their assignments: the official SDK over real HTTP."""

from decimal import Decimal
from typing import Any

import pytest
from openrouter import OpenRouter, errors
from openrouter.components import (
    ChatUserMessage,
    ContentFilterBuiltinEntryInput,
    ContentFilterEntry,
)

from budget_guard.sandbox.openrouter import Account, Behaviour
from budget_guard.sandbox.openrouter.key_budget import KeyBudget, Scope, effective
from tests.sandbox import sdk

pytestmark = sdk.marks

MINI = "openai/gpt-4.1-mini"
SONNET = "anthropic/claude-sonnet-4"
BUILTIN = ContentFilterBuiltinEntryInput(slug="credit-card", action="block")


def ask(client: OpenRouter, model: str = MINI, **metadata: str) -> None:
    message = ChatUserMessage(role="user", content="hello")
    client.chat.send(model=model, messages=[message], metadata=metadata, stream=False)


def test_a_guardrail_is_created_read_changed_listed_and_deleted(admin: OpenRouter) -> None:
    made = admin.guardrails.create(
        name="Cheap",
        description="At 80 %",
        limit_usd=5,
        reset_interval="weekly",
        include_byok_in_budgets=True,
        allowed_models=[MINI, "openai/gpt-4.1-2025-04-14", "sim/0.01"],
        ignored_providers=["azure"],
        content_filters=[ContentFilterEntry(pattern="sk-.*", action="redact")],
        content_filter_builtins=[BUILTIN],
        enforce_zdr=True,
        enforce_zdr_openai=False,
        allowed_data_regions=["europe"],
    ).data
    assert made.allowed_models == [
        "openai/gpt-4.1-mini-2025-04-14",
        "openai/gpt-4.1-2025-04-14",
        "sim/0.01",
    ]
    assert (made.limit_usd, made.reset_interval, made.include_byok_in_budgets) == (
        5,
        "weekly",
        True,
    )
    assert (made.enforce_zdr_xai, made.enforce_zdr_openai, made.updated_at) == (True, False, None)
    assert isinstance(made.content_filter_builtins, list)
    assert made.content_filter_builtins[0].label == "[CREDIT_CARD]"
    changed = admin.guardrails.update(
        id=made.id, allowed_models=[SONNET], ignored_providers=None, limit_usd=7
    ).data
    assert changed.allowed_models == ["anthropic/claude-4-sonnet-20250522"]
    assert (changed.ignored_providers, changed.limit_usd) == (None, 7)
    assert (changed.reset_interval, changed.description) == ("weekly", "At 80 %")
    assert changed.updated_at is not None
    assert admin.guardrails.get(id=made.id).data == changed
    page: Any = admin.guardrails.list()
    assert page.result.data == [changed]
    assert admin.guardrails.delete(id=made.id).DELETED
    for gone in (admin.guardrails.get, admin.guardrails.delete):
        with pytest.raises(errors.NotFoundResponseError):
            gone(id=made.id)


def test_guardrails_come_in_pages_of_one_workspace(admin: OpenRouter, account: Account) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    admin.guardrails.create(name="elsewhere", workspace_id=other)
    for number in range(3):
        admin.guardrails.create(name=str(number))
    page: Any = admin.guardrails.list(limit=2)
    names = []
    while page is not None:
        assert page.result.total_count == 3
        names += [guardrail.name for guardrail in page.result.data]
        page = page.next()
    assert names == ["0", "1", "2"]
    elsewhere: Any = admin.guardrails.list(workspace_id=other)
    assert [guardrail.name for guardrail in elsewhere.result.data] == ["elsewhere"]


@pytest.mark.parametrize(
    "fields",
    [
        {"limit_usd": 5},
        {"reset_interval": "daily"},
        {"allowed_models": ["openai/no-such-model"]},
    ],
)
def test_half_a_budget_and_unknown_models_are_refused(
    admin: OpenRouter, fields: dict[str, Any]
) -> None:
    made = admin.guardrails.create(name="g").data
    with pytest.raises(errors.BadRequestResponseError):
        admin.guardrails.create(name="g", **fields)
    with pytest.raises(errors.BadRequestResponseError):
        admin.guardrails.update(id=made.id, **fields)
    with pytest.raises(errors.BadRequestResponseError, match="No update fields"):
        admin.guardrails.update(id=made.id)


@pytest.mark.parametrize("names", ["allowed_models", "ignored_models", "allowed_providers"])
def test_an_empty_list_breaks_the_schema(admin: OpenRouter, names: str) -> None:
    empty: dict[str, Any] = {names: []}
    with pytest.raises(errors.ResponseValidationError) as caught:
        admin.guardrails.create(name="g", **empty)
    assert caught.value.status_code == 400


def test_a_key_holds_one_guardrail_and_assigning_replaces_it(
    admin: OpenRouter, account: Account
) -> None:
    keys = [admin.api_keys.create(name=name).data for name in ("a", "b", "gone")]
    first, second = (admin.guardrails.create(name=name).data.id for name in ("1st", "2nd"))
    admin.api_keys.delete(hash=keys[2].hash)
    hashes = [key.hash for key in keys]
    assigned = admin.guardrails.bulk_assign_keys(id=first, key_hashes=[*hashes, "unknown"])
    assert assigned.assigned_count == 2
    moved = admin.guardrails.bulk_assign_keys(id=second, key_hashes=[hashes[0]])
    assert moved.assigned_count == 1
    left: Any = admin.guardrails.list_guardrail_key_assignments(id=first)
    assert [(row.key_hash, row.key_name) for row in left.result.data] == [(hashes[1], "b")]
    everywhere: Any = admin.guardrails.list_key_assignments(limit=1)
    assert everywhere.result.total_count == 2
    rows = [*everywhere.result.data, *everywhere.next().result.data]
    assert {row.key_hash: row.guardrail_id for row in rows} == {
        hashes[0]: second,
        hashes[1]: first,
    }
    removed = admin.guardrails.bulk_unassign_keys(id=first, key_hashes=hashes)
    assert removed.unassigned_count == 1
    admin.guardrails.delete(id=second)
    assert account.guardrails.keys.holding() == []


def test_a_deleted_key_and_a_deleted_guardrail_leave_no_assignment(admin: OpenRouter) -> None:
    key = admin.api_keys.create(name="a").data
    guardrail = admin.guardrails.create(name="g").data.id
    admin.guardrails.bulk_assign_keys(id=guardrail, key_hashes=[key.hash])
    admin.api_keys.delete(hash=key.hash)
    page: Any = admin.guardrails.list_key_assignments()
    assert page.result.total_count == 0
    with pytest.raises(errors.NotFoundResponseError):
        admin.guardrails.bulk_assign_keys(id=key.workspace_id, key_hashes=[key.hash])
    with pytest.raises(errors.NotFoundResponseError):
        admin.guardrails.list_guardrail_key_assignments(id=key.workspace_id)


def test_a_member_holds_one_guardrail_too(admin: OpenRouter) -> None:
    guardrail = admin.guardrails.create(name="g").data.id
    assigned = admin.guardrails.bulk_assign_members(id=guardrail, member_user_ids=["user_1"])
    assert assigned.assigned_count == 1
    page: Any = admin.guardrails.list_guardrail_member_assignments(id=guardrail)
    assert [row.user_id for row in page.result.data] == ["user_1"]
    every: Any = admin.guardrails.list_member_assignments()
    assert every.result.data == page.result.data
    removed = admin.guardrails.bulk_unassign_members(id=guardrail, member_user_ids=["user_1"])
    assert removed.unassigned_count == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"allowed_models": [MINI]}, "model-ignored-by-guardrail"),
        ({"ignored_models": [SONNET]}, "model-ignored-by-guardrail"),
        ({"allowed_providers": ["openai"]}, "provider-not-allowed-by-guardrail"),
        ({"ignored_providers": ["google-vertex"]}, "provider-ignored-by-guardrail"),
    ],
)
def test_what_a_guardrail_excludes_is_refused_to_its_keys_only(
    admin: OpenRouter,
    client: sdk.Client,
    account: Account,
    fields: dict[str, Any],
    reason: str,
) -> None:
    bound, free = (admin.api_keys.create(name=name) for name in ("bound", "free"))
    guardrail = admin.guardrails.create(name="Cheap", **fields).data.id
    ask(client(bound.key), SONNET, provider="Google Vertex")
    admin.guardrails.bulk_assign_keys(id=guardrail, key_hashes=[bound.data.hash])
    ask(client(bound.key), MINI)
    ask(client(free.key), SONNET, provider="Google Vertex")
    with pytest.raises(errors.NotFoundResponseError, match="guardrail restrictions") as caught:
        ask(client(bound.key), SONNET, provider="Google Vertex")
    metadata: Any = caught.value.data.error.metadata
    assert metadata["failed_routing_step"] == "Filter by Guardrails"
    assert metadata["ineligibility_reasons"][0]["reason"] == reason
    account.behaviour = Behaviour(guardrail_refusal_status=403)
    with pytest.raises(errors.ForbiddenResponseError):
        ask(client(bound.key), SONNET, provider="Google Vertex")
    admin.guardrails.bulk_unassign_keys(id=guardrail, key_hashes=[bound.data.hash])
    ask(client(bound.key), SONNET, provider="Google Vertex")
    assert [refused.status for refused in account.books.refused] == [404, 403]


def test_a_budget_is_each_keys_own_and_shown_before_its_limit(
    admin: OpenRouter, client: sdk.Client
) -> None:
    old = admin.api_keys.create(name="old", limit=9, limit_reset="weekly")
    guardrail = admin.guardrails.create(name="g", limit_usd=1, reset_interval="daily").data.id
    admin.guardrails.bulk_assign_keys(id=guardrail, key_hashes=[old.data.hash])
    ask(client(old.key), "sim/0.01")
    with pytest.raises(errors.ForbiddenResponseError, match=r"budget of \$1.00") as caught:
        ask(client(old.key), "sim/0.01")
    metadata: Any = caught.value.data.error.metadata
    assert metadata["limit_source"] == "openrouter_guardrail_budget"
    assert (metadata["scope"], metadata["spend_usd"]) == ("api_key", 1)
    shown = client(old.key).api_keys.get_current_key_metadata().data
    assert [budget.scope for budget in shown.budgets] == ["api_key", "key_limit"]
    assert shown.effective_budget == shown.budgets[0]
    assert shown.effective_budget.guardrail_id == guardrail
    new = admin.api_keys.create(name="new")
    admin.guardrails.bulk_assign_keys(id=guardrail, key_hashes=[new.data.hash])
    ask(client(new.key), "sim/0.01")


def test_of_several_budgets_that_are_spent_the_first_that_is_checked_blocks() -> None:
    def budget(scope: Scope, spent: int) -> KeyBudget:
        return KeyBudget(
            scope=scope, limit=Decimal(5), spent=Decimal(spent), reset=None, include_byok=False
        )

    member, key, own = budget("member", 4), budget("api_key", 5), budget("key_limit", 9)
    assert effective([member, key, own]) is key
    assert effective([budget("api_key", 1), member]) is member
    assert effective([]) is None


def test_a_members_budget_is_one_for_all_keys_that_the_member_created(
    admin: OpenRouter, client: sdk.Client
) -> None:
    old, new = (admin.api_keys.create(name=name, creator_user_id="user_1") for name in "ab")
    other = admin.api_keys.create(name="workspace's own")
    guardrail = admin.guardrails.create(name="g", limit_usd=1, reset_interval="monthly").data.id
    admin.guardrails.bulk_assign_members(id=guardrail, member_user_ids=["user_1"])
    ask(client(old.key), "sim/0.01")
    with pytest.raises(errors.ForbiddenResponseError):
        ask(client(new.key), "sim/0.01")
    ask(client(other.key), "sim/0.01")


def test_the_default_guardrail_comes_with_its_first_change_and_binds_a_workspace(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    made = admin.api_keys.create(name="k", creator_user_id="user_1")
    default = admin.workspaces.get(id="default").data.default_guardrail_id
    assert default is not None
    with pytest.raises(errors.NotFoundResponseError):
        admin.guardrails.get(id=default)
    with pytest.raises(errors.BadRequestResponseError):
        admin.guardrails.update(id=default, name="Mine")
    with pytest.raises(errors.NotFoundResponseError):
        admin.guardrails.get(id=default)
    changed = admin.guardrails.update(id=default, allowed_models=[MINI]).data
    assert changed.name == f"Workspace {account.workspaces.default} Default"
    with pytest.raises(errors.NotFoundResponseError, match="guardrail restrictions"):
        ask(client(made.key), SONNET)
    admin.guardrails.update(id=default, limit_usd=3, reset_interval="daily")
    shown = client(made.key).api_keys.get_current_key_metadata().data
    scopes = [budget.scope for budget in shown.budgets]
    assert scopes == ["workspace_default_member", "workspace_default_key"]


def test_a_guardrail_of_the_key_and_one_of_its_member_bind_together(
    admin: OpenRouter, client: sdk.Client
) -> None:
    made = admin.api_keys.create(name="k", creator_user_id="user_1")
    cheap = admin.guardrails.create(name="cheap", allowed_models=[MINI, "sim/0.01"]).data.id
    private = admin.guardrails.create(name="private", allowed_models=[MINI, SONNET]).data.id
    admin.guardrails.bulk_assign_keys(id=cheap, key_hashes=[made.data.hash])
    admin.guardrails.bulk_assign_members(id=private, member_user_ids=["user_1"])
    ask(client(made.key), MINI)
    for excluded in (SONNET, "sim/0.01"):
        with pytest.raises(errors.NotFoundResponseError):
            ask(client(made.key), excluded)
