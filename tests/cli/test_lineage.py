"""`budget-guard lineage`: a key with its generations, and what happens next."""

import json
from dataclasses import replace

import pytest

from budget_guard.use_cases.rotation.steps import Step
from tests.cli import adopted
from tests.cli.adopted import RULE, adopt, lineage, loop, rotate_all, rotated
from tests.cli.desk import Office, flat, golden
from tests.domain.builders import DAY, HOUR


@pytest.fixture
def office() -> Office:
    """Return an office whose prod-api is in its third generation; somebody uses the second."""
    made = rotated()
    adopt(made, "dev-ann")
    made.spend("prod-api #3", "2.5")
    made.spend("prod-api #2", "0.5")
    loop(made)
    made.pass_(3)
    return made


def test_a_lineage_with_what_its_budgets_have_left(office: Office) -> None:
    golden("lineage.txt", office.run("lineage", "prod-api").stdout, office)
    told = json.loads(office.run("lineage", "prod-api", "--json").stdout)
    (daily, *_) = told["caps"]
    assert (daily["spent"], daily["left"], daily["by_it"]) == ("9", "91", "9")
    assert told["rule"]["drain"] == 1800
    own = told["limit"]
    assert (own["spent"], own["cap"], own["left"], own["window"]) == ("9", "50", "41", "daily")
    assert own["by_each"] == [[3, "2.5"], [2, "3.5"], [1, "3"]]


def test_a_limit_for_ever_says_that_it_never_resets(office: Office) -> None:
    adopt(office, "dev-bob")
    assert "Its own limit" not in office.run("lineage", "dev-bob").stdout
    office.account.patch_key(office.hash("dev-bob"), {"limit": 7, "limit_reset": None})
    office.spend("dev-bob", "1.25")
    loop(office)
    shown = flat(office.run("lineage", "dev-bob").stdout)
    assert "1.25 of 7.00 USD in its lifetime; 5.75 left, it never resets" in shown


def test_what_a_deleted_generation_may_have_spent_of_its_own_limit_is_told_apart() -> None:
    office = rotated()
    office.spend("prod-api #2", "0.5")
    loop(office)
    office.account.delete_key(office.hash("prod-api #2"))
    loop(office)
    shown = flat(office.run("lineage", "prod-api").stdout)
    parts = "(#2 3.50, #1 3.00; up to 0.98 unseen, by one that was deleted)"
    assert f"7.48 of 50.00 USD today {parts}; 42.52 left" in shown


def test_a_secret_that_is_gone_is_said_to_be(office: Office) -> None:
    (secret,) = (one.secret for one in office.ledger.lineages().values() if one.name == "prod-api")
    assert "Secrets Manager" not in office.run("lineage", "prod-api").stdout
    office.vault.delete(secret, at_once=False)
    assert "restore-secret" in office.run("lineage", "prod-api").stdout
    office.vault.delete(secret)
    assert "budget-guard adopt KEY" in flat(office.run("lineage", "prod-api").stdout)


def test_all_lineages_in_one_table(office: Office) -> None:
    golden("lineages.txt", office.run("lineage").stdout, office)
    assert [one["name"] for one in json.loads(office.run("lineage", "--json").stdout)] == [
        "dev-ann",
        "prod-api",
    ]


def test_who_lingers_is_named_with_the_command_that_cuts_it_off(office: Office) -> None:
    office.pass_(24 * 60)
    office.guard.cycle()
    key = office.hash("prod-api #3")[:12]
    shown = office.run("lineage", "prod-api").stdout.splitlines()
    assert f'  budget-guard retire {key} --reason "..."' in [one.rstrip() for one in shown]
    listed = office.run("lineage").stdout
    assert "#2 is in use for longer than 24 h" in flat(listed)
    assert f"  budget-guard lineage {key}" in listed.splitlines()


def test_with_force_it_is_said_when_it_is_cut_off() -> None:
    office = rotated(rotation=(replace(RULE, force=True, drain=2 * HOUR),))
    assert "whatever uses it, after" in flat(office.run("lineage", "prod-api").stdout)


def test_a_rotation_under_way_says_how_far_it_is() -> None:
    office = adopted.office()
    adopt(office)
    loop(office)
    rotate_all(office, steps=(Step.CREATE,))
    shown = flat(office.run("lineage", "prod-api").stdout)
    assert "prod-api #2 is being made since 2 min ago (so far: created)" in shown
    assert "under way" in office.run("lineage").stdout
    assert "#2 is being made" in office.run("status", "prod-api").stdout


def test_a_rotation_that_failed_says_why(office: Office) -> None:
    office.run("freeze", "prod-api", "--reason", "a loop")
    with pytest.raises(Exception, match="it is disabled"):
        rotate_all(office)
    shown = flat(office.run("lineage", "prod-api").stdout)
    assert "failed: prod-api #3 was not rotated: it is disabled" in shown
    assert "FAILED" in office.run("lineage").stdout


def test_another_schedule_in_the_budgets_file_is_told(office: Office) -> None:
    office.deploy("more often", rotation=(replace(RULE, every=DAY),))
    office.guard.evaluate()
    shown = flat(office.run("lineage", "prod-api").stdout)
    assert "the deployed budgets file says every day: that follows by itself" in shown


def test_without_lineage_the_way_to_one_is_told() -> None:
    office = adopted.office()
    assert "No key is under rotation." in office.run("lineage").stdout
    result = office.run("lineage", "prod-api")
    assert result.exit_code == 2
    assert f"budget-guard adopt {office.hash('prod-api')[:12]}" in flat(result.stderr)


def test_a_generation_that_is_gone_is_still_of_its_lineage(office: Office) -> None:
    for _ in range(8):
        office.pass_(24 * 60)
        loop(office)
    states = [one.state for one in lineage(office).generations]
    assert states == ["deleted", "deleted", "current"]
    assert "prod-api" in office.run("lineage", "prod-api #1").stdout
