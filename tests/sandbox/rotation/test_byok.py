"""The contract of BYOK credentials: the official SDK over real HTTP."""

from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import ChatResult, ChatUserMessage

from budget_guard.sandbox.openrouter import Account, Behaviour
from tests.sandbox import sdk

pytestmark = sdk.marks

SECRET = "sk-proj-a-secret-of-the-provider-WXYZ"


def is_byok(client: OpenRouter, model: str = "openai/gpt-4.1", **metadata: str) -> bool:
    message = ChatUserMessage(role="user", content="hello")
    result = client.chat.send(model=model, messages=[message], metadata=metadata, stream=False)
    assert isinstance(result, ChatResult)
    assert result.usage is not None
    return result.usage.is_byok is True


def test_a_credential_is_created_read_changed_listed_and_deleted(admin: OpenRouter) -> None:
    key = admin.api_keys.create(name="prod").data
    made = admin.byok.create(
        provider="openai",
        key=SECRET,
        name="Production",
        allowed_api_key_hashes=[key.hash],
        allowed_models=["openai/gpt-4.1"],
        is_required=True,
        declared_zdr=True,
    ).data
    assert (made.label, made.sort_order, made.disabled) == ("sk-...WXYZ", 0, False)
    assert (made.allowed_api_key_hashes, made.workspace_id) == ([key.hash], key.workspace_id)
    changed = admin.byok.update(
        id=made.id, allowed_api_key_hashes=None, disabled=True, key="sk-proj-another-secret-ABCD"
    ).data
    assert (changed.allowed_api_key_hashes, changed.disabled) == (None, True)
    assert (changed.label, changed.name, changed.is_required) == ("sk-...ABCD", "Production", True)
    assert admin.byok.get(id=made.id).data == changed
    second = admin.byok.create(provider="openai", key="short").data
    assert (second.sort_order, second.label) == (1, "...")
    admin.byok.create(provider="azure", key=SECRET)
    page: Any = admin.byok.list(provider="openai")
    assert [credential.id for credential in page.result.data] == [made.id, second.id]
    assert admin.byok.delete(id=made.id).DELETED
    for gone in (admin.byok.get, admin.byok.delete):
        with pytest.raises(errors.NotFoundResponseError):
            gone(id=made.id)


def test_credentials_come_in_pages_of_one_workspace(admin: OpenRouter, account: Account) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    admin.byok.create(provider="openai", key=SECRET, workspace_id=other)
    for _ in range(3):
        admin.byok.create(provider="openai", key=SECRET)
    page: Any = admin.byok.list(limit=2)
    assert page.result.total_count == 3
    assert len(page.next().result.data) == 1
    elsewhere: Any = admin.byok.list(workspace_id=other)
    assert [credential.sort_order for credential in elsewhere.result.data] == [0]


@pytest.mark.parametrize("listed", ["always", "unless a workspace is named"])
def test_a_credential_for_every_workspace_serves_each_and_is_listed_as_set(
    admin: OpenRouter, account: Account, client: sdk.Client, listed: Any
) -> None:
    account.behaviour = Behaviour(global_byok_listed=listed)
    other = account.workspaces.add("Research", account.clock.now)["id"]
    made = admin.byok.create(provider="openai", key=SECRET).data
    account.byok.globalise(made.id)
    assert admin.byok.get(id=made.id).data.workspace_id is None
    default: Any = admin.byok.list()
    elsewhere: Any = admin.byok.list(workspace_id=other)
    assert len(default.result.data) == 1
    assert len(elsewhere.result.data) == (listed == "always")
    key = admin.api_keys.create(name="theirs", workspace_id=other).key
    assert is_byok(client(key))


def test_a_list_with_a_key_that_is_no_more_is_refused(admin: OpenRouter) -> None:
    old, new = (admin.api_keys.create(name=name).data.hash for name in ("old", "new"))
    made = admin.byok.create(provider="openai", key=SECRET, allowed_api_key_hashes=[old]).data
    admin.api_keys.delete(hash=old)
    assert admin.byok.get(id=made.id).data.allowed_api_key_hashes == [old]
    with pytest.raises(errors.BadRequestResponseError, match="hash"):
        admin.byok.update(id=made.id, allowed_api_key_hashes=[old, new])
    changed = admin.byok.update(id=made.id, allowed_api_key_hashes=[new]).data
    assert changed.allowed_api_key_hashes == [new]
    with pytest.raises(errors.BadRequestResponseError, match="is_fallback"):
        admin.byok.update(id=made.id, is_fallback=True, is_byok_only=True)
    for hashes in ([], ["F" * 64], [new] * 101):
        with pytest.raises(errors.ResponseValidationError) as caught:
            admin.byok.update(id=made.id, allowed_api_key_hashes=hashes)
        assert caught.value.status_code == 400


def test_a_key_outside_of_the_allowlist_pays_with_credits(
    admin: OpenRouter, client: sdk.Client
) -> None:
    old, new = (admin.api_keys.create(name=name, creator_user_id="user_1") for name in "ab")
    made = admin.byok.create(
        provider="openai",
        key=SECRET,
        allowed_api_key_hashes=[old.data.hash],
        allowed_models=["openai/gpt-4.1"],
        allowed_user_ids=["user_1"],
    ).data
    assert is_byok(client(old.key))
    assert not is_byok(client(new.key), byok="true")
    assert not is_byok(client(old.key), provider="Azure")
    assert not is_byok(client(old.key), "openai/gpt-4.1-mini")
    admin.byok.update(id=made.id, allowed_api_key_hashes=[old.data.hash, new.data.hash])
    assert is_byok(client(new.key))
    row = admin.api_keys.get(hash=new.data.hash).data
    assert row.usage > 0
    assert row.byok_usage > 0
    admin.byok.update(id=made.id, allowed_user_ids=["user_2"])
    assert not is_byok(client(new.key))
    admin.byok.update(id=made.id, allowed_user_ids=None, disabled=True)
    assert not is_byok(client(new.key))
    admin.byok.update(id=made.id, disabled=False, is_fallback=True)
    assert not is_byok(client(new.key))


def test_a_provider_for_byok_only_refuses_whom_no_credential_serves(
    admin: OpenRouter, client: sdk.Client
) -> None:
    old, new = (admin.api_keys.create(name=name) for name in ("old", "new"))
    made = admin.byok.create(
        provider="openai",
        key=SECRET,
        is_byok_only=True,
        allowed_api_key_hashes=[old.data.hash],
    ).data
    assert is_byok(client(old.key))
    with pytest.raises(errors.NotFoundResponseError):
        is_byok(client(new.key))
    admin.byok.delete(id=made.id)
    assert not is_byok(client(new.key), byok="true")


def test_the_providers_key_is_in_no_answer_and_no_description(
    client: sdk.Client, served: str, account: Account
) -> None:
    admin = client(account.management_key)
    made = admin.byok.create(provider="openai", key=SECRET).data
    admin.byok.update(id=made.id, key=f"{SECRET}2")
    with httpx.Client(
        base_url=served, headers={"authorization": f"Bearer {account.management_key}"}
    ) as http:
        answers = [
            http.get("/byok"),
            http.get(f"/byok/{made.id}"),
            http.post("/byok", json={"key": SECRET, "provider": "?"}),
            http.patch(f"/byok/{made.id}", json={"key": SECRET, "is_required": "?"}),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 400]
    told = [answer.text for answer in answers] + [repr([*account.byok])]
    assert not any("secret" in text for text in told)
