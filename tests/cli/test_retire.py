"""`budget-guard retire`: a person's word that cuts off who still uses an earlier generation."""

import shlex

import pytest

from budget_guard.domain import commands
from budget_guard.domain.alerts import Kind
from budget_guard.domain.lineage import State
from budget_guard.domain.policy import Mode
from budget_guard.use_cases.rotation.cutting import cut, to_cut
from budget_guard.use_cases.rotation.tending import tend
from tests.cli import adopted
from tests.cli.adopted import adopt, lineage, loop, rotate_all, rotating
from tests.cli.desk import Office, flat, golden

WHY = ("--reason", "a leak")


@pytest.fixture
def office() -> Office:
    """Return an office whose first prod-api is in use, though it has a successor."""
    made = adopted.office()
    adopt(made)
    loop(made)
    rotate_all(made)
    for _ in range(2):
        made.spend("prod-api", "0.2")
        loop(made)
    return made


def test_who_is_hit_is_shown_and_asked_and_then_the_loop_does_it(office: Office) -> None:
    result = office.run("retire", "prod-api", *WHY, answer="y\n")
    assert result.exit_code == 0
    golden("retire.txt", result.stdout, office)
    (old,) = lineage(office).draining
    assert old.cut == "user/ann: a leak"
    assert len(office.starter.starts) == 1
    shown = flat(office.run("lineage", "prod-api").stdout)
    assert "#1 is disabled within five minutes, by the word of user/ann: a leak" in shown
    assert office.spend("prod-api", "0.1")
    loop(office)
    assert not office.spend("prod-api", "0.1")
    assert office.spend("prod-api #2", "0.1")
    assert lineage(office).generations[0].state is State.DISABLED
    assert "user/ann: a leak" in flat(office.run("status", "prod-api").stdout)


def test_a_key_that_a_person_enables_again_drains_as_before(office: Office) -> None:
    office.run("retire", "prod-api", "--yes", *WHY)
    loop(office)
    office.account.patch_key(office.hash("prod-api"), {"disabled": False})
    for _ in range(3):
        office.spend("prod-api", "0.1")
        loop(office)
    assert office.spend("prod-api", "0.1")
    assert lineage(office).generations[0].state is State.DRAINING


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_changed(office: Office, answer: str) -> None:
    before = lineage(office)
    assert office.run("retire", "prod-api", *WHY, answer=answer).exit_code == 1
    assert lineage(office) == before
    assert not office.starter.starts


def test_a_script_says_yes_beforehand(office: Office) -> None:
    result = office.run("retire", "prod-api #1", "--yes", "--by", "bob", *WHY, answer="")
    assert result.exit_code == 0
    assert lineage(office).draining[0].cut == "bob: a leak"


def test_the_key_in_use_alone_cannot_be_retired(office: Office) -> None:
    adopt(office, "dev-ann")
    result = office.run("retire", "dev-ann", "--yes", *WHY)
    assert result.exit_code == 2
    assert "No earlier generation of dev-ann is enabled" in flat(result.stderr)


def test_where_the_budgets_file_lets_nothing_be_changed_the_word_is_refused(office: Office) -> None:
    office.run("release", "--all", "--yes", *WHY)
    office.deploy("looking on", mode=Mode.OBSERVE)
    office.guard.evaluate()
    result = office.run("retire", "prod-api", "--yes", *WHY)
    assert result.exit_code == 2
    assert "The budgets file says mode: observe: no key is disabled." in flat(result.stderr)


def test_under_release_the_old_key_is_named_and_disabled_at_a_word(office: Office) -> None:
    office.deploy("giving back", mode=Mode.RELEASE)
    office.cycle()
    shown = flat(office.run("lineage", "prod-api").stdout)
    assert "no rotation is done now: the budgets file says mode: release" in shown
    assert "#1 stays enabled: the guard is to keep its hands off it" in shown
    command = offered(office)
    assert office.run(*command, "--yes").exit_code == 0
    tend(rotating(office))
    assert not office.spend("prod-api", "0.1")


def test_when_every_key_is_given_back_the_old_ones_are_named_with_the_command(
    office: Office,
) -> None:
    result = office.run("release", "--all", "--yes", *WHY)
    assert result.exit_code == 0
    golden("release-all-replaced.txt", result.stdout, office)
    command = commands.retire(office.hash("prod-api #2"))
    assert f"  {command}" in result.stdout.splitlines()
    office.cycle()
    assert offered(office)
    assert office.run(*shlex.split(command)[1:], "--yes").exit_code == 0
    loop(office)
    assert not office.spend("prod-api", "0.1")
    assert "budget-guard retire" not in office.run("release", "--all", "--yes", *WHY).stdout


def offered(office: Office) -> list[str]:
    """Return the command that the alert of old keys offers, after `budget-guard`."""
    alerts = [one for one in office.guard.inbox.alerts if one.kind is Kind.LINGERING]
    (entry,) = alerts[-1].entries
    assert "stays enabled beside its successor" in entry.text
    return shlex.split((entry.todo or "").rpartition("budget-guard ")[2])


def test_a_protected_generation_is_not_disabled_at_a_word_either(office: Office) -> None:
    (old,) = lineage(office).draining
    office.deploy("protecting", protect=frozenset({old.hash}))
    office.guard.evaluate()
    result = office.run("retire", "prod-api", "--yes", *WHY)
    assert result.exit_code == 2
    assert "prod-api cannot be disabled: the budgets file protects it." in flat(result.stderr)
    assert lineage(office).draining[0].cut is None


def test_what_drains_only_since_it_was_asked_is_not_hit(office: Office) -> None:
    desk = office.deployment.desk()
    asked = to_cut("prod-api", desk)
    (old,) = lineage(office).draining
    office.ledger.save(lineage(office).come_to(old.hash, State.DISABLED, office.now))
    done = cut(asked, "a leak", desk)
    assert all(one.cut is None for one in done.lineage.generations)


def test_while_it_is_rotated_the_word_must_wait(office: Office) -> None:
    with adopted.rotating_now(office):
        result = office.run("retire", "prod-api", "--yes", *WHY)
    assert result.exit_code == 2
    assert "Try again in a minute" in flat(result.stderr)
    assert lineage(office).draining[0].cut is None
