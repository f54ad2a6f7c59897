"""The port `KeyMaker`, on the simulated account: over HTTP, and in process."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from pydantic import SecretStr

from budget_guard.adapters.openrouter.key_maker import connect_maker
from budget_guard.domain.errors import (
    GuardError,
    LivesTooLong,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Account, Api, Behaviour, Fault, Security, When, serve
from budget_guard.sandbox.openrouter.in_process_keys import in_process_keys
from budget_guard.use_cases.rotation.ports import (
    KeyGuardrail,
    KeyList,
    KeyMaker,
    ListKind,
    NewKey,
)

FENCED = Settings(Limit(Decimal("12.000001")), include_byok=True)
HOOK = {"name": "hook", "type": "webhook", "config": {"url": "https://example.com"}}

type Connect = Callable[[str], KeyMaker]


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


@pytest.fixture(params=["http", "in process"])
def connecting(request: pytest.FixtureRequest, api: Api) -> Iterator[Connect]:
    if request.param == "in process":
        yield lambda key: in_process_keys(api, key=key)
        return
    opened = []

    def over_http(key: str) -> KeyMaker:
        opened.append(connect_maker(url, SecretStr(key)))
        return opened[-1]

    with serve(api) as url:
        yield over_http
        for one in opened:
            one.__exit__()


@pytest.fixture
def maker(connecting: Connect, account: Account) -> KeyMaker:
    return connecting(str(account.management_key))


def new_key(account: Account, **fields: Any) -> NewKey:
    fields = {"name": "prod-api #2", "workspace": account.workspaces.default} | fields
    return NewKey(settings=fields.pop("settings", FENCED), **fields)


def plaintexts(account: Account, count: int = 1) -> list[str]:
    return [account.create_key({"name": f"key-{number}"})[1]["hash"] for number in range(count)]


def test_a_key_is_made_as_it_was_asked_for(maker: KeyMaker, account: Account) -> None:
    research = account.workspaces.add("Research", account.clock.now)["id"]
    ends = account.clock.now.replace(microsecond=0) + timedelta(days=30)
    asked = new_key(account, workspace=research, creator="user_1", expires_at=ends)
    made = maker.make(asked)
    secret = made.plaintext.get_secret_value()
    key = made.reading.key
    assert (key.name, key.workspace, key.creator) == ("prod-api #2", research, "user_1")
    assert (made.reading.settings, key.expires_at) == (FENCED, ends)
    assert key.hash == sha256(secret.encode()).hexdigest()
    assert secret not in repr(made)


@pytest.mark.parametrize("settings", [Settings(), Settings(Limit(Decimal(5), Window.DAILY))])
def test_a_limit_may_be_missing_or_reset(
    maker: KeyMaker, account: Account, settings: Settings
) -> None:
    assert maker.make(new_key(account, settings=settings)).reading.settings == settings


def test_a_key_is_told_of_itself_what_it_may_do(maker: KeyMaker, account: Account) -> None:
    made = maker.make(new_key(account, creator="user_1"))
    own = maker.own_view(made.plaintext)
    assert (own.label, own.settings) == (made.reading.key.label, FENCED)
    assert (own.workspace, own.creator) == (account.workspaces.default, "user_1")
    assert own.expires_at is None


@pytest.mark.parametrize("change", ["disabled", "deleted", "unknown"])
def test_a_key_that_may_not_be_used_is_refused_and_not_taken_for_the_management_key(
    maker: KeyMaker, account: Account, change: str
) -> None:
    made = maker.make(new_key(account))
    asking = made.plaintext
    match change:
        case "disabled":
            account.patch_key(made.reading.key.hash, {"disabled": True})
        case "deleted":
            account.delete_key(made.reading.key.hash)
        case _:
            asking = SecretStr("sk-or-v1-made-up")
    with pytest.raises(ProviderRejected, match="cannot be used") as raised:
        maker.own_view(asking)
    assert asking.get_secret_value() not in str(raised.value)


def test_a_deleted_key_is_gone_and_deleting_it_again_is_as_well(
    maker: KeyMaker, account: Account
) -> None:
    (key,) = plaintexts(account)
    maker.delete(key)
    maker.delete(key)
    assert maker.sightings(account.workspaces.default) == ()


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}])
@pytest.mark.parametrize("when", list(When))
def test_a_key_is_asked_for_once_whatever_the_answer(
    maker: KeyMaker, account: Account, api: Api, fault: dict[str, Any], when: When
) -> None:
    api.faults.add(Fault(method="POST", when=when, **fault))
    with pytest.raises(ProviderUnavailable):
        maker.make(new_key(account))
    found = maker.sightings(account.workspaces.default)
    assert len(found) == (when is When.AFTER)


@pytest.mark.parametrize("raw", [b"{}", b'{"data": {}, "key": "sk-or-v1-secret"}', b"nothing"])
def test_an_answer_that_cannot_be_used_tells_no_plaintext(
    maker: KeyMaker, account: Account, api: Api, raw: bytes
) -> None:
    api.faults.add(Fault(method="POST", raw=raw))
    with pytest.raises(ProviderConfusing) as raised:
        maker.make(new_key(account))
    assert "sk-or" not in str(raised.value)


def test_a_plaintext_beside_the_data_counts_before_one_within_it(
    maker: KeyMaker, account: Account, api: Api
) -> None:
    api.faults.add(Fault(method="POST", overlay={"key": "sk-or-v1-within"}))
    assert maker.make(new_key(account)).plaintext.get_secret_value() != "sk-or-v1-within"


def test_a_refusal_is_not_taken_for_a_wrong_credential_unless_it_says_so(
    maker: KeyMaker, account: Account, api: Api, connecting: Connect
) -> None:
    api.faults.add(Fault(method="POST", status=403, message="Too many keys"))
    with pytest.raises(ProviderRejected, match="Too many keys"):
        maker.make(new_key(account))
    ordinary = connecting(account.create_key({"name": "ordinary"})[0])
    with pytest.raises(ManagementKeyError):
        ordinary.make(new_key(account))


def test_a_key_that_would_live_too_long_is_refused(maker: KeyMaker, account: Account) -> None:
    account.security = Security(maximum_lifetime=timedelta(days=30))
    with pytest.raises(LivesTooLong, match="lifetime"):
        maker.make(new_key(account))


def test_every_key_of_a_workspace_is_sighted_disabled_and_expired_ones_too(
    maker: KeyMaker, account: Account
) -> None:
    keys = plaintexts(account, 204)
    account.patch_key(keys[0], {"disabled": True})
    account.spending.charge(keys[1], Decimal("0.1"))
    ends = (account.clock.now + timedelta(minutes=1)).isoformat()
    expired = account.create_key({"name": "short", "expires_at": ends})[1]["hash"]
    elsewhere = account.workspaces.add("Research", account.clock.now)["id"]
    account.create_key({"name": "other", "workspace_id": elsewhere})
    account.clock.advance(timedelta(hours=1))
    found = {one.hash: one for one in maker.sightings(account.workspaces.default)}
    assert found.keys() == {*keys, expired}
    assert [key for key, one in found.items() if one.is_used] == [keys[1]]
    assert found[keys[1]].used_at == account.clock.now - timedelta(hours=1)
    assert found[keys[3]].name == "key-3"
    assert found[keys[3]].created_at == account.clock.now - timedelta(hours=1)


def test_a_guardrail_is_carried_over(maker: KeyMaker, account: Account) -> None:
    old, new = plaintexts(account, 2)
    assert maker.guardrail(old) is None
    budget = {"limit_usd": Decimal(20), "reset_interval": "daily", "include_byok_in_budgets": True}
    made = account.guardrails.create({"name": "cheap", **budget})["id"]
    other = account.guardrails.create({"name": "free"})["id"]
    for one in plaintexts(account, 120):
        account.guardrails.keys.assign(other, [one], account.clock.now)
    maker.assign(made, old)
    maker.assign(other, new)
    has = KeyGuardrail(made, Decimal(20), Window.DAILY, include_byok=True)
    assert maker.guardrail(old) == has
    assert maker.guardrail(new) == KeyGuardrail(other)
    maker.assign(made, new)
    assert maker.guardrail(new) == has


def test_an_assignment_that_did_not_come_about_is_noticed(
    maker: KeyMaker, account: Account
) -> None:
    made = account.guardrails.create({"name": "cheap"})["id"]
    with pytest.raises(ProviderRejected, match="does not have the guardrail"):
        maker.assign(made, "0" * 64)


def test_lists_of_keys_are_read_and_replaced_in_the_workspace_asked_for(
    maker: KeyMaker, account: Account
) -> None:
    old, new = plaintexts(account, 2)
    allowed = {"allowed_api_key_hashes": [old]}
    credential = account.byok.create({"provider": "openai", "key": "sk-proj", **allowed})["id"]
    account.byok.create({"provider": "azure", "key": "sk-proj"})
    hook = account.destinations.create({**HOOK, "api_key_hashes": [old]})["id"]
    elsewhere = account.workspaces.add("Research", account.clock.now)["id"]
    other = {"provider": "openai", "key": "sk-proj", "workspace_id": elsewhere, **allowed}
    account.byok.create(other)
    found = maker.lists(account.workspaces.default)
    assert found == (
        KeyList(ListKind.BYOK, credential, (old,)),
        KeyList(ListKind.DESTINATION, hook, (old,)),
    )
    for one in found:
        maker.write(replace(one, keys=(old, new)))
    assert {one.keys for one in maker.lists(account.workspaces.default)} == {(old, new)}


@pytest.mark.parametrize("listed", ["always", "unless a workspace is named"])
def test_a_credential_for_every_workspace_is_found_whichever_is_asked_for(
    maker: KeyMaker, account: Account, listed: Any
) -> None:
    account.behaviour = Behaviour(global_byok_listed=listed)
    elsewhere = account.workspaces.add("Research", account.clock.now)["id"]
    old = account.create_key({"name": "old", "workspace_id": elsewhere})[1]["hash"]
    body = {"provider": "openai", "key": "sk-proj", "allowed_api_key_hashes": [old]}
    everywhere = account.byok.create(body)["id"]
    account.byok.globalise(everywhere)
    here = account.byok.create({**body, "workspace_id": elsewhere})["id"]
    found = {KeyList(ListKind.BYOK, one, (old,)) for one in (here, everywhere)}
    assert set(maker.lists(elsewhere)) == found
    assert len(maker.lists(elsewhere)) == 2


def test_without_a_default_workspace_the_lists_of_the_others_are_found(
    maker: KeyMaker, account: Account, api: Api
) -> None:
    elsewhere = account.workspaces.add("Research", account.clock.now)["id"]
    api.faults.add(Fault(path="/byok", skip=1, status=400))
    assert maker.lists(elsewhere) == ()
    api.faults.add(Fault(path="/byok", skip=1, status=403))
    with pytest.raises(GuardError):
        maker.lists(elsewhere)


def test_a_list_is_refused_whole_for_one_key_that_is_gone(
    maker: KeyMaker, account: Account
) -> None:
    old, gone = plaintexts(account, 2)
    hook = account.destinations.create({**HOOK, "api_key_hashes": [old, gone]})["id"]
    account.delete_key(gone)
    with pytest.raises(ProviderRejected):
        maker.write(KeyList(ListKind.DESTINATION, hook, (old, gone)))
    maker.write(KeyList(ListKind.DESTINATION, hook, (old,)))


def test_a_list_that_was_not_taken_is_noticed(maker: KeyMaker, account: Account, api: Api) -> None:
    old, new = plaintexts(account, 2)
    hook = account.destinations.create({**HOOK, "api_key_hashes": [old]})["id"]
    api.faults.add(Fault(method="PATCH", overlay={"api_key_hashes": [old]}))
    with pytest.raises(ProviderRejected, match="did not take"):
        maker.write(KeyList(ListKind.DESTINATION, hook, (old, new)))
