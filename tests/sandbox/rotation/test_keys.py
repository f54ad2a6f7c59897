"""What a rotation meets: keys come and go, answers are lost, accounts have rules of their own."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import ChatUserMessage
from openrouter.operations import Filter
from openrouter.utils import BackoffStrategy, RetryConfig

from budget_guard.domain.errors import ManagementKeyError
from budget_guard.sandbox.openrouter import Account, Api, Behaviour, Fault, Security, When
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.keys import digest
from tests.sandbox import sdk

pytestmark = sdk.marks

MONTH = timedelta(days=30)


def ask(client: OpenRouter) -> None:
    message = ChatUserMessage(role="user", content="hello")
    client.chat.send(model="sim/0.01", messages=[message], stream=False)


def names(admin: OpenRouter) -> list[str]:
    return [key.name for key in admin.api_keys.list(include_disabled=True).data]


def test_a_new_key_takes_over_what_creation_can_say_and_counts_from_zero(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    other = account.workspaces.add("Research", account.clock.now)["id"]
    made = admin.api_keys.create(
        name="prod-api #2",
        limit=2.5,
        limit_reset=None,
        include_byok_in_limit=True,
        creator_user_id="user_1",
        expires_at=account.clock.now + MONTH,
        workspace_id=other,
        external={"user": "partner-7", "api_key": "x" * 32},
    )
    key = made.data
    assert (key.limit, key.limit_remaining, key.limit_reset, key.usage) == (2.5, 2.5, None, 0)
    assert (key.workspace_id, key.creator_user_id) == (other, "user_1")
    assert (key.include_byok_in_limit, key.expires_at) == (True, account.clock.now + MONTH)
    assert (key.disabled, key.external_user) == (False, "partner-7")
    own = client(made.key).api_keys.get_current_key_metadata().data
    assert (own.label, own.limit_remaining, own.workspace_id) == (key.label, 2.5, other)
    assert own.creator_user_id == "user_1"
    assert key.hash == digest(made.key)


def test_a_plaintext_is_in_the_answer_to_its_creation_and_nowhere_else(
    admin: OpenRouter, served: str, account: Account
) -> None:
    made = admin.api_keys.create(name="prod")
    with httpx.Client(headers={"authorization": f"Bearer {account.management_key}"}) as http:
        for path in ("/keys", f"/keys/{made.data.hash}"):
            assert made.key not in http.get(served + path).text
    assert made.key not in repr((account.keys, account.books))


def test_a_deleted_key_is_gone_but_its_spend_is_not(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    made = admin.api_keys.create(name="old")
    ask(client(made.key))
    assert admin.api_keys.delete(hash=made.data.hash).DELETED
    for gone in (admin.api_keys.get, admin.api_keys.delete):
        with pytest.raises(errors.NotFoundResponseError):
            gone(hash=made.data.hash)
    caller = client(made.key)
    for refused in (lambda: ask(caller), caller.api_keys.get_current_key_metadata):
        with pytest.raises(errors.UnauthorizedResponseError, match="User not found"):
            refused()
    assert names(admin) == []
    assert admin.credits.get_credits().data.total_usage == 1
    account.clock.advance(timedelta(days=1))
    rows = admin.analytics.get_user_activity(request={"api_key_hash": made.data.hash}).data
    assert [row.usage for row in rows] == [1]
    spent = partial(
        admin.analytics.query_analytics,
        metrics=["total_usage"],
        filters=[Filter(field="api_key_id", operator="eq", value=made.data.hash)],
    )
    assert len(spent().data.data) == 1
    account.behaviour = Behaviour(analytics_forgets_deleted=True)
    assert spent().data.data == []
    assert spent().data.warnings


def test_an_expired_key_is_refused_as_if_it_were_unknown(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    made = admin.api_keys.create(name="old", expires_at=account.clock.now + timedelta(hours=1))
    account.clock.advance(timedelta(hours=1))
    caller = client(made.key)
    for refused in (lambda: ask(caller), caller.api_keys.get_current_key_metadata):
        with pytest.raises(errors.UnauthorizedResponseError, match="User not found"):
            refused()
    assert admin.api_keys.get(hash=made.data.hash).data.name == "old"


def test_a_maximum_lifetime_is_asked_of_new_keys_and_of_those_that_exist(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    old = admin.api_keys.create(name="old")
    account.security = Security(maximum_lifetime=MONTH)
    caller = client(old.key)
    for refused in (lambda: ask(caller), caller.api_keys.get_current_key_metadata):
        with pytest.raises(errors.OpenRouterError, match="maximum key lifetime") as caught:
            refused()
        assert caught.value.status_code == 403
    latest = account.clock.now + MONTH
    for too_late in (None, latest + timedelta(seconds=1)):
        with pytest.raises(errors.BadRequestResponseError, match="maximum key lifetime"):
            admin.api_keys.create(name="new", expires_at=too_late)
    ask(client(admin.api_keys.create(name="new", expires_at=latest).key))
    assert names(admin) == ["new", "old"]


def test_a_key_that_lives_too_long_may_be_made_and_be_of_no_use(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    account.security = Security(maximum_lifetime=MONTH)
    account.behaviour = Behaviour(lifetime_checked_at_creation=False, lifetime_refusal_status=401)
    made = admin.api_keys.create(name="new")
    with pytest.raises(errors.UnauthorizedResponseError, match="maximum key lifetime"):
        ask(client(made.key))


def test_an_allowlist_refuses_the_accounts_credentials_from_elsewhere(
    admin: OpenRouter, client: sdk.Client, account: Account
) -> None:
    made = admin.api_keys.create(name="prod")
    account.security = Security(allowed_addresses=(ip_network("203.0.113.0/24"),))
    calls = (admin.api_keys.list, lambda: ask(client(made.key)))
    for refused in calls:
        with pytest.raises(errors.OpenRouterError, match="Forbidden") as caught:
            refused()
        assert caught.value.status_code == 403
    with pytest.raises(errors.UnauthorizedResponseError):
        client("sk-or-v1-unknown").api_keys.list()
    account.behaviour = Behaviour(allowlist_covers_management=False)
    assert names(admin) == ["prod"]
    with pytest.raises(errors.ForbiddenResponseError):
        ask(client(made.key))
    account.security = Security(allowed_addresses=(ip_network("127.0.0.1"),))
    ask(client(made.key))


@pytest.mark.parametrize(
    "lost", [Fault(drop=True), Fault(status=502), Fault(truncate=True)], ids=str
)
def test_a_key_whose_creation_was_not_answered_is_found_by_its_name_and_removed(
    admin: OpenRouter, api: Api, lost: Fault
) -> None:
    api.faults.add(replace(lost, method="POST", path="/keys", when=When.AFTER))
    with pytest.raises((httpx.RemoteProtocolError, errors.OpenRouterError)):
        admin.api_keys.create(name="prod-api #4")
    orphans = [key.hash for key in admin.api_keys.list().data if key.name == "prod-api #4"]
    assert len(orphans) == 1
    admin.api_keys.delete(hash=orphans[0])
    assert names(admin) == []


def test_a_creation_may_take_effect_after_its_caller_has_looked_for_it(
    admin: OpenRouter, api: Api
) -> None:
    minute = timedelta(minutes=1)
    api.faults.add(
        Fault(method="POST", path="/keys", late=minute),
        Fault(method="POST", path="/keys", late=2 * minute, status=504),
    )
    with pytest.raises(httpx.RemoteProtocolError):
        admin.api_keys.create(name="prod-api #4")
    with pytest.raises(errors.OpenRouterDefaultError) as caught:
        admin.api_keys.create(name="prod-api #5")
    assert caught.value.status_code == 504
    assert names(admin) == []
    api.account.clock.advance(minute)
    assert names(admin) == ["prod-api #4"]
    api.account.clock.advance(minute)
    assert names(admin) == ["prod-api #5", "prod-api #4"]


def test_a_creation_that_answers_too_late_has_made_its_key(admin: OpenRouter, api: Api) -> None:
    api.faults.add(Fault(method="POST", path="/keys", delay=timedelta(seconds=1)))
    with pytest.raises(httpx.ReadTimeout):
        admin.api_keys.create(name="prod-api #4", timeout_ms=50)
    assert names(admin) == ["prod-api #4"]


def test_an_inference_key_may_change_none_of_it(admin: OpenRouter, client: sdk.Client) -> None:
    caller = client(admin.api_keys.create(name="prod").key)
    for call in (
        lambda: caller.guardrails.create(name="g"),
        caller.guardrails.list_key_assignments,
        lambda: caller.byok.create(provider="openai", key="sk-proj"),
        caller.observability.list,
    ):
        with pytest.raises(errors.ForbiddenResponseError, match="Only management keys"):
            call()


def test_the_simulated_moment_is_the_one_of_every_row(admin: OpenRouter, account: Account) -> None:
    made = admin.guardrails.create(name="g").data
    assert datetime.fromisoformat(made.created_at) == account.clock.now


def test_a_client_that_repeats_a_creation_makes_a_key_each_time(
    served: str, api: Api, account: Account
) -> None:
    api.faults.add(Fault(method="POST", path="/keys", status=500, when=When.AFTER, times=2))
    repeats = RetryConfig("backoff", BackoffStrategy(1, 2, 1.0, 5000), retry_connection_errors=True)
    with httpx.Client(timeout=5) as http:
        admin = OpenRouter(
            api_key=account.management_key, server_url=served, client=http, retry_config=repeats
        )
        admin.api_keys.create(name="prod-api #4")
        assert names(admin) == ["prod-api #4"] * 3


def test_the_port_in_process_is_refused_by_the_allowlist_too(account: Account) -> None:
    account.security = Security(allowed_addresses=(ip_network("203.0.113.0/24"),))
    with pytest.raises(ManagementKeyError, match="IP allowlist"):
        InProcessOpenRouter(account).workspaces()
