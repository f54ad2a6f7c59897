"""Every call that changes something can fail before its effect or after it, or answer too late."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from openrouter import OpenRouter, errors

from budget_guard.sandbox.openrouter import Api, Fault, When
from tests.sandbox import sdk

pytestmark = sdk.marks

HOOK = {"url": "https://example.com"}
CHANGES = {
    "a key is created": ("POST", "/keys"),
    "a key is changed": ("PATCH", "/keys/*"),
    "a key is deleted": ("DELETE", "/keys/*"),
    "a guardrail is created": ("POST", "/guardrails"),
    "a guardrail is changed": ("PATCH", "/guardrails/*"),
    "a guardrail is deleted": ("DELETE", "/guardrails/*"),
    "a guardrail is assigned": ("POST", "/guardrails/*/keys"),
    "a guardrail is taken away": ("POST", "/guardrails/*/keys/remove"),
    "a credential is created": ("POST", "/byok"),
    "a credential is changed": ("PATCH", "/byok/*"),
    "a credential is deleted": ("DELETE", "/byok/*"),
    "a destination is created": ("POST", "/observability/destinations"),
    "a destination is changed": ("PATCH", "/observability/destinations/*"),
    "a destination is deleted": ("DELETE", "/observability/destinations/*"),
}


def calls(admin: OpenRouter) -> dict[str, Callable[..., object]]:
    """Makes one of each thing, and returns how each change is called."""
    key, held = (admin.api_keys.create(name=name).data.hash for name in ("key", "held"))
    guardrail = admin.guardrails.create(name="guardrail").data.id
    admin.guardrails.bulk_assign_keys(id=guardrail, key_hashes=[held])
    credential = admin.byok.create(provider="openai", key="sk-proj").data.id
    hook: Any = admin.observability.create(name="hook", type_="webhook", config=HOOK).data
    limited, seen = admin.guardrails, admin.observability
    return {
        "a key is created": partial(admin.api_keys.create, name="new"),
        "a key is changed": partial(admin.api_keys.update, hash=key, disabled=True),
        "a key is deleted": partial(admin.api_keys.delete, hash=key),
        "a guardrail is created": partial(limited.create, name="new"),
        "a guardrail is changed": partial(limited.update, id=guardrail, name="new"),
        "a guardrail is deleted": partial(limited.delete, id=guardrail),
        "a guardrail is assigned": partial(
            limited.bulk_assign_keys, id=guardrail, key_hashes=[key]
        ),
        "a guardrail is taken away": partial(
            limited.bulk_unassign_keys, id=guardrail, key_hashes=[held]
        ),
        "a credential is created": partial(admin.byok.create, provider="azure", key="sk-proj"),
        "a credential is changed": partial(admin.byok.update, id=credential, disabled=True),
        "a credential is deleted": partial(admin.byok.delete, id=credential),
        "a destination is created": partial(seen.create, name="new", type_="webhook", config=HOOK),
        "a destination is changed": partial(seen.update, id=hook.id, enabled=False),
        "a destination is deleted": partial(seen.delete, id=hook.id),
    }


def state(admin: OpenRouter) -> list[Any]:
    """Returns all that can be read of what a change can change."""
    pages: list[Any] = [
        admin.guardrails.list(),
        admin.guardrails.list_key_assignments(),
        admin.byok.list(),
        admin.observability.list(),
    ]
    keys = admin.api_keys.list(include_disabled=True).data
    return [[(key.hash, key.disabled) for key in keys], *(page.result.data for page in pages)]


@pytest.mark.parametrize("change", CHANGES)
def test_a_call_that_fails_before_its_effect_changes_nothing_and_after_it_everything(
    admin: OpenRouter, api: Api, change: str
) -> None:
    call, (method, path) = calls(admin)[change], CHANGES[change]
    before = state(admin)
    api.faults.add(
        Fault(method=method, path=path, drop=True),
        Fault(method=method, path=path, status=500),
        Fault(method=method, path=path, drop=True, when=When.AFTER),
    )
    for lost in (httpx.RemoteProtocolError, errors.InternalServerResponseError):
        with pytest.raises(lost):
            call()
        assert state(admin) == before
    with pytest.raises(httpx.RemoteProtocolError):
        call()
    assert len(api.faults) == 0
    assert state(admin) != before


@pytest.mark.parametrize(
    "change", ["a key is created", "a key is deleted", "a guardrail is assigned"]
)
@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        ({"status": 500, "when": When.AFTER}, errors.InternalServerResponseError),
        ({"delay": timedelta(seconds=2)}, httpx.ReadTimeout),
        ({"truncate": True}, httpx.RemoteProtocolError),
    ],
)
def test_an_error_a_time_out_or_half_an_answer_may_follow_an_effect(
    admin: OpenRouter, api: Api, change: str, fault: dict[str, Any], lost: type[Exception]
) -> None:
    call, (method, path) = calls(admin)[change], CHANGES[change]
    before = state(admin)
    api.faults.add(Fault(method=method, path=path, **fault))
    with pytest.raises(lost):
        call(timeout_ms=500)
    assert state(admin) != before
