"""The contract of observability destinations: the official SDK over real HTTP."""

from typing import Any

import pytest
from openrouter import OpenRouter, components, errors

from budget_guard.sandbox.openrouter import Account
from tests.sandbox import sdk

pytestmark = sdk.marks


def webhook(admin: OpenRouter, name: str, **fields: Any) -> components.ObservabilityDestination:
    config = {"url": "https://example.com", "headers": {"Authorization": "Bearer of-the-hook"}}
    return admin.observability.create(name=name, type_="webhook", config=config, **fields).data


def test_a_destination_is_created_read_changed_listed_and_deleted(admin: OpenRouter) -> None:
    key = admin.api_keys.create(name="prod").data
    made: Any = webhook(
        admin,
        "Costs",
        api_key_hashes=[key.hash],
        broadcast_generation_cost=True,
        sampling_rate=0.5,
        regions=["eu"],
        filter_rules={"groups": []},
    )
    assert (made.type, made.name, made.enabled) == ("webhook", "Costs", True)
    assert (made.api_key_hashes, made.workspace_id) == ([key.hash], key.workspace_id)
    assert (made.sampling_rate, made.regions) == (0.5, ["europe"])
    assert made.config.headers == {"Authorization": "Bear...hook"}
    changed: Any = admin.observability.update(
        id=made.id,
        api_key_hashes=None,
        enabled=False,
        config={"url": "https://example.org", "headers": {"Authorization": "Bear...hook"}},
    ).data
    assert (changed.api_key_hashes, changed.enabled) == (None, False)
    assert changed.config.url == "https://example.org"
    assert changed.config.headers == made.config.headers
    assert (changed.broadcast_generation_cost, changed.sampling_rate) == (True, 0.5)
    assert admin.observability.get(id=made.id).data == changed
    page: Any = admin.observability.list()
    assert page.result.data == [changed]
    assert admin.observability.delete(id=made.id).DELETED
    for gone in (admin.observability.get, admin.observability.delete):
        with pytest.raises(errors.NotFoundResponseError):
            gone(id=made.id)


def test_destinations_come_in_pages_of_one_workspace(admin: OpenRouter, account: Account) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    webhook(admin, "same name", workspace_id=other)
    for name in ("same name", "2nd", "3rd"):
        webhook(admin, name)
    page: Any = admin.observability.list(limit=2)
    assert page.result.total_count == 3
    assert len(page.next().result.data) == 1
    elsewhere: Any = admin.observability.list(workspace_id=other)
    assert elsewhere.result.total_count == 1


def test_a_taken_name_a_sixth_of_a_type_and_half_a_configuration_are_refused(
    admin: OpenRouter,
) -> None:
    made: list[Any] = [webhook(admin, str(number)) for number in range(5)]
    with pytest.raises(errors.BadRequestResponseError, match="maximum of 5"):
        webhook(admin, "6th")
    admin.observability.delete(id=made[0].id)
    with pytest.raises(errors.ConflictResponseError):
        webhook(admin, "1")
    with pytest.raises(errors.ConflictResponseError):
        admin.observability.update(id=made[1].id, name="2")
    with pytest.raises(errors.BadRequestResponseError, match="url"):
        admin.observability.create(name="x", type_="webhook", config={})
    bucket: Any = admin.observability.create(
        name="bucket",
        type_="s3",
        config={"bucketName": "traces", "accessKeyId": "short", "secretAccessKey": "z" * 40},
    ).data
    assert (bucket.config.bucket_name, bucket.config.access_key_id) == ("traces", "...")
    assert bucket.config.secret_access_key == "zzzz...zzzz"


def test_only_the_listed_keys_of_the_workspace_are_forwarded(
    admin: OpenRouter, account: Account
) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    old, new = (admin.api_keys.create(name=name).data.hash for name in ("old", "new"))
    some: Any = webhook(admin, "some", api_key_hashes=[old])
    webhook(admin, "all")
    webhook(admin, "elsewhere", workspace_id=other)
    receiving = account.destinations.receiving
    assert (receiving(old), receiving(new)) == (["some", "all"], ["all"])
    admin.observability.update(id=some.id, api_key_hashes=[old, new])
    assert receiving(new) == ["some", "all"]
    admin.api_keys.update(hash=new, workspace_id=other)
    assert receiving(new) == ["elsewhere"]
    admin.api_keys.delete(hash=old)
    with pytest.raises(errors.BadRequestResponseError, match="hash"):
        admin.observability.update(id=some.id, api_key_hashes=[old, new])
