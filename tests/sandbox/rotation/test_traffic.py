"""Scripted traffic meets what hangs on its key: guardrails by model, credentials by allowlist."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.sandbox.openrouter import Account, Script, Traffic, Work

NewKey = Callable[..., str]
HOUR = timedelta(hours=1)
MINI, LARGE = Work(model="openai/gpt-4.1-mini"), Work(model="openai/gpt-4.1")


@pytest.fixture
def traffic(account: Account) -> Traffic:
    return Traffic(account)


def every_minute(account: Account, work: Work) -> Script:
    now, cost = account.clock.now, Decimal("0.01")
    return Script(begins=now, ends=now + HOUR, every=timedelta(minutes=1), cost=cost, work=work)


def test_a_restricted_key_goes_on_with_the_models_that_are_left(
    account: Account, new_key: NewKey, traffic: Traffic
) -> None:
    key = new_key()
    cheap = account.guardrails.create({"name": "cheap", "allowed_models": [MINI.model]})["id"]
    for work in (MINI, LARGE):
        traffic.run(key, every_minute(account, work))
    traffic.play(account.clock.now + HOUR / 2 - timedelta(seconds=1))
    assert traffic.refused == 0
    account.guardrails.keys.assign(cheap, [key], account.clock.now)
    traffic.play(account.clock.now + HOUR)
    assert traffic.refused == 30
    assert len(account.books.charges) == 90
    assert {refused.status for refused in account.books.refused} == {404}


def test_a_key_that_took_anothers_place_pays_until_the_credential_names_it(
    account: Account, new_key: NewKey
) -> None:
    old, new = new_key(), new_key()
    body = {"provider": "openai", "key": "sk-proj", "allowed_api_key_hashes": [old]}
    made = account.byok.create(body)["id"]
    spend = account.spending.charge
    assert spend(old, Decimal(1), work=MINI).byok == 1
    assert spend(new, Decimal(1), work=MINI).credits == 1
    account.byok.change(made, {"allowed_api_key_hashes": [old, new]})
    assert spend(new, Decimal(1), work=MINI).byok == 1
