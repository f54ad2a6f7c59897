"""`budget-guard approve`: what the breaker holds back is seen first, then followed by a word."""

from dataclasses import replace
from decimal import Decimal

import pytest

from budget_guard.domain.errors import SettingsError
from budget_guard.domain.keys import Limit
from budget_guard.domain.policy import Budget, Mode, Policy, Safety
from tests.cli.desk import DAILY, TEAMS, Office, flat, golden, teams

WHY = ("--reason", "the new year's budgets")
TIGHT = tuple(replace(one, cap={window: Decimal(5) for window in one.cap}) for one in TEAMS)


@pytest.fixture
def office() -> Office:
    """Return an office where a budgets file is deployed that stops five of seven keys."""
    office = teams()
    office.deploy("tight", budgets=TIGHT)
    office.cycle()
    return office


def policy(office: Office) -> Policy:
    return office.guard.policy


def stopped(office: Office) -> int:
    return sum(not office.spend(name, "0.5") for name in ("search-api", "search-batch"))


def test_nothing_waits_where_no_plan_held_a_surprise() -> None:
    result = teams().run("approve")
    assert result.exit_code == 0
    assert "Nothing waits for approval." in result.stdout
    assert "In force: the budgets file f00d, approved at 09:00 UTC by the guard" in result.stdout


def test_what_is_held_back_is_shown_with_the_command_that_approves_it(office: Office) -> None:
    result = office.run("approve")
    assert result.exit_code == 2
    golden("approve.txt", result.stdout, office)
    assert not office.ledger.approvals()[-1].reason.startswith("the new")


def test_until_it_is_approved_the_keys_go_on_by_what_was_approved_before(office: Office) -> None:
    assert stopped(office) == 0


def test_an_approved_plan_is_followed_by_the_next_run(office: Office) -> None:
    result = office.run("approve", policy(office).hash[:8].upper(), "--by", "ann", *WHY)
    assert result.exit_code == 0
    shown = flat(result.stdout)
    assert "ann approved the budgets file" in shown
    assert "What was held back is followed from now on." in shown
    assert len(office.starter.starts) == 1
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    assert stopped(office) == 2
    (word,) = [one for one in office.ledger.approvals() if not one.by_guard]
    assert (word.policy, word.by, word.reason) == (policy(office), "ann", WHY[1])
    office.pass_(1)
    assert office.run("approve").exit_code == 0
    assert "by ann: the new year's budgets" in flat(office.run("status").stdout)


def test_status_names_what_is_held_back_first(office: Office) -> None:
    shown = flat(office.run("status").stdout)
    head = f"! The plan by the deployed budgets file {policy(office).hash[:12]} is held back"
    assert f"{head}: it would newly stop 5 of 7 keys" in shown
    assert "Budgets file: f00d, approved at 09:00 UTC by the guard" in shown


def test_explain_says_by_which_file_it_explains(office: Office) -> None:
    shown = flat(office.run("explain", "search-api").stdout)
    assert f"the deployed budgets file {policy(office).hash[:12]} is held back" in shown
    assert "100.00 cap" in shown


def test_releases_that_are_held_back_are_shown_too(office: Office) -> None:
    office.deploy("gone", budgets=TEAMS[2:3])
    office.cycle()
    shown = flat(office.run("approve").stdout)
    assert "a plan that would newly release 5 of 7 keys" in shown
    assert "Would be given back (5)" in shown
    assert "no budget holds report-adhoc any more; it gets its own settings back" in shown


def test_counters_that_jumped_are_shown_with_their_leap() -> None:
    names = tuple(f"dev-{number}" for number in range(6))
    each = Budget("each", {DAILY: Decimal(50)}, per_key=True)
    office = Office(names=names, budgets=(each,))
    office.deploy("careful", safety=Safety(max_jump=Decimal(20)))
    office.guard.cycle()
    for name in names[:4]:
        office.spend(name, "60")
    office.pass_(5)
    office.guard.poll()
    shown = flat(office.run("approve").stdout)
    assert "a plan that would newly stop 4 of 6 keys" in shown
    assert "Counters that jumped (4)" in shown
    assert "0.00 -> 60.00 USD in its lifetime, in one poll" in shown
    assert "see whether that was really spent" in shown
    office.run("approve", policy(office).hash[:8], *WHY)
    assert office.run("approve").exit_code == 0


def test_before_the_first_approval_the_keys_in_question_stay_as_they_are() -> None:
    office = Office()
    for name in office.names[1:]:
        office.spend(name, "7")
    office.guard.cycle()
    shown = flat(office.run("approve").stdout)
    assert "Nothing was approved yet: until then these keys stay as they are." in shown
    assert "Budgets file: f00d, not approved yet." in flat(office.run("status").stdout)
    assert office.account.keys[office.hash("dev-ann")].terms.settings.limit == Limit()


def test_long_lists_are_cut_and_counted() -> None:
    names = tuple(f"k{number:02}" for number in range(25))
    each = Budget("each", {DAILY: Decimal(5)}, per_key=True)
    office = Office(names=names, budgets=(each,))
    for name in names:
        office.spend(name, "7")
    office.guard.cycle()
    shown = office.run("approve").stdout
    assert "Would be stopped (25)" in shown
    assert "and 5 more" in shown


def test_proposed_keys_are_protected_by_the_word_and_stay_so_by_the_next() -> None:
    office = teams()
    office.deploy("careful", protect_names=("report-a*",))
    office.cycle()
    result = office.run("approve")
    assert result.exit_code == 2
    shown = flat(result.stdout)
    assert "Proposed for protection (1) report-adhoc" in shown
    assert "To protect the 1 key proposed:" in shown
    done = flat(office.run("approve", policy(office).hash[:8], *WHY).stdout)
    assert "Protected from now on, as long as protect: names them: report-adhoc." in done
    assert "What was held back" not in done
    office.cycle()
    assert office.run("approve").exit_code == 0
    assert "Not held: the budgets file protects it" in office.run("status", "report-adhoc").stdout
    policy_then = office.deploy("wider", protect_names=("report-*",))
    office.cycle()
    office.run("approve", policy_then.hash[:8], *WHY)
    word = next(one for one in office.ledger.approvals() if not one.by_guard)
    assert word.protect == {office.hash("report-adhoc"), office.hash("report-daily")}


def test_a_plan_and_proposals_are_approved_by_one_word(office: Office) -> None:
    office.deploy("both", protect_names=("report-*",))
    office.cycle()
    assert "To follow that plan and protect the 2 keys proposed:" in office.run("approve").stdout


def test_approving_where_nothing_waits_says_so() -> None:
    office = teams()
    office.deploy("other")
    office.cycle()
    assert "Nothing was waiting for it." in office.run("approve", policy(office).hash, *WHY).stdout


def test_an_approval_that_cannot_be_evaluated_at_once_is_kept_and_says_so(office: Office) -> None:
    office.starter.failing = SettingsError("The function Evaluate could not be started")
    result = office.run("approve", policy(office).hash[:8], *WHY)
    assert result.exit_code == 0
    assert "counts from the next evaluation" in result.stdout


def test_observe_while_keys_are_held_is_refused_whatever_is_approved(office: Office) -> None:
    office.run("approve", policy(office).hash[:8], *WHY)
    office.cycle()
    observing = office.deploy("observing", mode=Mode.OBSERVE)
    office.cycle()
    shown = office.run("approve")
    assert shown.exit_code == 2
    assert "The deployed mode: observe is refused." in shown.stdout
    assert "Held still (5)" in shown.stdout
    assert "budget-guard approve" not in shown.stdout
    result = office.run("approve", observing.hash[:8], *WHY)
    assert result.exit_code == 2
    assert "deploy mode: release first, then observe" in flat(result.stderr)
    told = "The deployed mode: observe is refused while 5 keys are held"
    assert told in flat(office.run("status").stdout)


@pytest.mark.parametrize(
    ("digits", "reason", "told"),
    [
        ("0badc0de", WHY, "0badc0de is not the deployed budgets file, which is {deployed}"),
        ("{other}", WHY, "is not the deployed budgets file, which is {deployed}"),
        ("{short}", WHY, "Give at least 8 digits of the hash: {deployed}"),
        ("", WHY, "Give at least 8 digits of the hash"),
        ("{deployed}", (), "say why with --reason"),
    ],
)
def test_what_cannot_be_approved_is_refused(
    office: Office, digits: str, reason: tuple[str, ...], told: str
) -> None:
    deployed = policy(office).hash[:12]
    known = {"deployed": deployed, "short": deployed[:7], "other": deployed[:10] + "zz"}
    result = office.run("approve", digits.format(**known), *reason)
    assert result.exit_code == 2
    assert told.format(**known) in flat(result.stderr)
    assert all(one.by_guard for one in office.ledger.approvals())
    assert not office.starter.starts


def test_before_any_evaluation_there_is_nothing_to_approve() -> None:
    for arguments in (("approve",), ("approve", "12345678", *WHY)):
        result = Office().run(*arguments)
        assert result.exit_code == 2
        assert "has not evaluated a budgets file yet" in result.stderr
