"""A restricted key on the pages that people look at: what it may use, until when, and the undo."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.restriction import Sent
from budget_guard.sandbox.openrouter import Fault
from tests.cli.desk import Office, flat
from tests.use_cases.restricting.scene import CHEAP, restricting

PROD = restricting("prod-api", keys="prod-*", owner="search")


@pytest.fixture
def office() -> Office:
    """Return an office whose one key is restricted; before, it had the guardrail `privacy`."""
    office = Office(budgets=(PROD,), names=("prod-api",))
    guardrails = office.account.guardrails
    own = guardrails.create({"name": "privacy", "enforce_zdr_openai": True})["id"]
    fields = {"allowed_models": [CHEAP.model], "enforce_zdr_openai": True}
    guardrails.create({"name": "cheap", **fields})
    guardrails.keys.assign(own, [office.hash("prod-api")], office.now)
    office.guard.cycle()
    office.account.spending.charge(office.hash("prod-api"), Decimal(8), work=CHEAP)
    office.cycle()
    office.pass_(2)
    return office


@pytest.mark.parametrize("command", [["status"], ["status", "prod-api"], ["explain", "prod-api"]])
def test_it_says_what_restricts_a_key_until_when_and_how_to_end_it(
    office: Office, command: list[str]
) -> None:
    shown = flat(office.run(*command).output)
    assert (
        "Restricted: prod-api spent 8.00 of 10.00 USD today; prod-api may use what cheap allows "
        "until 00:00 UTC" in shown
    )
    assert "guardrail cheap, set 2 min ago; its own, privacy, comes back at 00:00 UTC" in shown
    assert f"budget-guard release {office.hash('prod-api')[:12]}" in shown


def test_explain_shows_the_change_of_guardrail_among_the_changes(office: Office) -> None:
    shown = flat(office.run("status", "prod-api").output)
    assert "guardrail privacy -> guardrail cheap" in shown


def test_release_says_that_the_guardrail_comes_back_and_it_does(office: Office) -> None:
    shown = flat(office.run("release", "prod-api", "--reason", "launch").output)
    assert "it gets back: its guardrail privacy, not cheap any more" in shown
    office.cycle()
    assert "Restricted" not in flat(office.run("status").output)


def test_it_says_why_a_key_is_not_restricted() -> None:
    office = Office(budgets=(PROD,), names=("prod-api",))
    office.guard.cycle()
    office.spend("prod-api", "8")
    office.cycle()
    shown = flat(office.run("status").output)
    assert (
        "Not restricted: the workspace of prod-api has no guardrail of the name or id cheap"
        in shown
    )


def test_it_says_what_is_on_its_way_and_what_cannot_be_given_back(office: Office) -> None:
    path = "/guardrails/*/assignments/keys"
    office.guard.faults.add(Fault(method="POST", path=path, status=400, times=5))
    office.run("release", "prod-api", "--reason", "launch")
    office.cycle()
    assert "cannot be changed: POST" in flat(office.run("explain", "prod-api").output)


def test_with_all_keys_the_guardrails_are_given_back_without_the_functions(office: Office) -> None:
    result = office.run("release", "--all", "--reason", "removal", answer="y")
    assert result.exit_code == 0
    shown = flat(result.output)
    assert "Give 0 held keys their own settings, 1 restricted their own guardrails, and" in shown
    assert "given back, guardrail cheap -> privacy" in shown
    assert not any(one.is_ours for one in office.ledger.restrictions().values())
    office.cycle()
    assert "Restricted" not in flat(office.run("status").output)


@pytest.mark.parametrize(("seconds", "code"), [(80, 0), (20, 1)])
def test_what_may_still_take_effect_is_waited_for_a_minute(
    office: Office, seconds: int, code: int
) -> None:
    key, ledger, guardrails = office.hash("prod-api"), office.ledger, office.account.guardrails
    known = ledger.restrictions()[key]
    sent = Sent("a", known.placed, office.now - timedelta(seconds=seconds), "spent", "run")
    ledger.save(replace(known, placed=None, sent=(sent,)))
    guardrails.keys.assign(str(known.baseline), [key], office.now)
    result = office.run("release", "--all", "--yes", "--reason", "removal")
    assert result.exit_code == code
    assert ("NOT YET" in result.output) == bool(code)
    assert guardrails.keys.of(key) == known.baseline


def test_what_is_refused_is_told_and_the_exit_code_says_so(office: Office) -> None:
    path = "/guardrails/*/assignments/keys"
    office.guard.faults.add(Fault(method="POST", path=path, status=400, times=5))
    result = office.run("release", "--all", "--yes", "--reason", "removal")
    assert result.exit_code == 1
    assert "FAILED: refused: POST" in flat(result.output)
