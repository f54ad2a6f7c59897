"""`budget-guard plan`: a diff of what a budgets file would do, before it is deployed."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import Result

from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.errors import LedgerUnavailable
from budget_guard.domain.lineage import Asked, begun
from budget_guard.domain.policy import Mode
from budget_guard.domain.wishes import Restore, Wish
from tests.cli.desk import Office, flat, golden, teams

FILE = """\
mode: enforce
budgets:
  - {name: search, owner: search-platform, keys: ["search-*"], cap: {daily: 100, monthly: 1500}, hold: always}
  - {name: reports, owner: bi, keys: ["report-*"], cap: {daily: 60}, hold: always}
  - {name: developers, owner: engineering, keys: ["dev-*"], per_key: true, cap: {daily: 5}}
  - {name: both, keys: ["search-*", "report-*"], cap: {monthly: 130}, hold: always}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the budgets file be where it is by default, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("infra").mkdir()


def write(content: str) -> Path:
    path = Path("infra/budgets.yaml")
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def office() -> Office:
    """Return an office where `FILE` is deployed, and every key is as it wants it."""
    office = teams()
    office.guard.policy = yaml_file.load(write(FILE))
    office.cycle()
    return office


def planned(office: Office, content: str) -> Result:
    """Plan another file; the ledger stays as it is."""
    write(content)
    before = state(office)
    result = office.run("plan")
    assert state(office) == before
    assert not office.starter.starts
    return result


def state(office: Office) -> tuple[object, ...]:
    ledger = office.ledger
    return (dict(ledger.wishes()), dict(ledger.holds()), ledger.deployed(), ledger.approvals())


def test_the_deployed_file_has_no_changes_once_it_is_followed(office: Office) -> None:
    result = planned(office, FILE)
    assert result.exit_code == 0
    assert "is what is deployed." in result.stdout
    assert "No changes: every key is as this file wants it." in result.stdout


def test_a_tighter_cap_lowers_its_keys_and_a_new_budget_fences_others(office: Office) -> None:
    each = "per_key: true, cap: {daily: 4}, hold: always"
    tighter = FILE.replace("daily: 100", "daily: 80").replace(
        "per_key: true, cap: {daily: 5}", each
    )
    result = planned(office, tighter)
    assert result.exit_code == 2
    golden("plan.txt", result.stdout, office)


def test_the_next_run_does_what_was_planned(office: Office) -> None:
    answer = json.loads(plan_json(office, FILE.replace("daily: 100", "daily: 80")))
    assert {one["act"] for one in answer["steps"]} == {"lower"}
    office.guard.policy = yaml_file.load(Path("infra/budgets.yaml"))
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    for step in answer["steps"]:
        (change,) = office.ledger.audit(step["key"])[:1]
        assert change.at == office.now
        assert change.reason == step["reason"]


def plan_json(office: Office, content: str) -> str:
    write(content)
    return office.run("plan", "--json").stdout


def test_keys_that_leave_a_budget_are_given_back(office: Office) -> None:
    narrower = FILE.replace('"report-*"], cap: {monthly', '"report-d*"], cap: {monthly').replace(
        '["report-*"]', '["report-d*"]'
    )
    shown = flat(planned(office, narrower).stdout)
    assert "Given back - report-adhoc" in shown
    assert "4.64 USD in its lifetime -> no limit" in shown
    assert "Plan: 0 to fence, 0 to lower, 0 to raise, 1 to give back." in shown


def test_keys_of_a_budget_with_a_new_grant_are_raised(office: Office) -> None:
    office.run("grant", "search", "20", "--for", "4h", "--reason", "launch")
    office.starter.starts.clear()
    result = planned(office, FILE)
    assert result.exit_code == 2
    shown = flat(result.stdout)
    assert "~ search-batch" in shown
    assert "raised: 34.64 -> " in shown
    assert "Plan: 0 to fence, 3 to lower, 2 to raise, 0 to give back." in shown


def test_what_the_breaker_would_hold_back_comes_first_with_the_approval(office: Office) -> None:
    result = planned(office, FILE.replace("daily: 100", "daily: 40").replace("130", "60"))
    assert result.exit_code == 2
    golden("plan-held-back.txt", result.stdout, office)


def test_what_the_approval_would_protect_is_no_more_stopped(office: Office) -> None:
    tight = FILE.replace("daily: 100", "daily: 40").replace("130", "60")
    shown = flat(planned(office, tight + "protect: ['report-a*']\n").stdout)
    assert "Held back: a plan that would newly stop 5 of 7 keys." in shown
    assert "- report-adhoc" in shown
    assert "4 to stop, 0 to lower, 0 to raise, 1 to give back." in shown


def test_what_waits_already_needs_no_deployment_any_more(office: Office) -> None:
    tight = FILE.replace("daily: 100", "daily: 40").replace("130", "60")
    office.guard.policy = yaml_file.load(write(tight))
    office.cycle()
    shown = flat(planned(office, tight).stdout)
    assert "It waits for approval; until then no key is released." in shown
    assert "The next run would do only: nothing." in shown
    office.spend("search-batch", "33")
    office.pass_(5)
    office.guard.poll()
    assert "The next run would do only: " in flat(office.run("plan").stdout)


def test_keys_that_are_to_be_rotated_and_are_in_no_secret_are_named_with_the_command(
    office: Office,
) -> None:
    result = planned(office, f"{FILE}rotation: [{{keys: ['search-*']}}]\n")
    assert result.exit_code == 0
    shown = flat(result.stdout)
    assert "These 3 keys are in no secret, and cannot be rotated before each is adopted:" in shown
    for name in ("search-api", "search-batch", "search-index"):
        assert f"budget-guard adopt {office.hash(name)[:12]} {name}" in shown
    assert "adopt" not in planned(office, FILE).stdout


def test_keys_in_a_secret_and_keys_that_nobody_rotates_are_not_named(office: Office) -> None:
    adopted, off, protected, left = (
        office.hash(name) for name in ("search-api", "search-batch", "search-index", "report-daily")
    )
    lineage = begun("arn", adopted, "search-api", workspace="default", at=office.now)
    office.ledger.save(replace(lineage, asked=(Asked("report-daily", office.now),)))
    office.account.patch_key(off, {"disabled": True})
    office.guard.poll()
    patterns = "keys: ['search-*', report-daily, report-adhoc]"
    rules = f"protect: [{protected}]\nrotation: [{{{patterns}}}]\n"
    shown = flat(planned(office, FILE + rules).stdout)
    adhoc = office.hash("report-adhoc")
    assert "This key is in no secret, and cannot be rotated before it is adopted:" in shown
    assert f"budget-guard adopt {adhoc[:12]} report-adhoc" in shown
    assert left[:12] not in shown.split("adopted:")[1]
    elsewhere = f"{rules}scope: {{workspaces: [nowhere]}}\n"
    assert "adopt" not in planned(office, FILE + elsewhere).stdout
    answer = json.loads(plan_json(office, FILE + rules))
    assert [one["key"] for one in answer["unadopted"]] == [adhoc]


def test_observe_shows_what_enforce_would_do_and_has_no_changes() -> None:
    office = teams(mode=Mode.OBSERVE)
    result = planned(office, FILE.replace("mode: enforce", "mode: observe"))
    assert result.exit_code == 0
    shown = flat(result.stdout)
    assert "mode: observe changes nothing. With mode: enforce the next run would:" in shown
    assert "+ search-batch" in shown
    assert "Plan: 5 to fence, 0 to lower, 0 to raise, 0 to give back." in shown


def test_observe_while_keys_are_held_is_refused_in_the_plan_too(office: Office) -> None:
    result = planned(office, FILE.replace("mode: enforce", "mode: observe"))
    assert result.exit_code == 0
    shown = flat(result.stdout)
    assert "mode: observe is not taken up while keys are held" in shown
    assert "Until then the guard goes on by the file approved last:" in shown
    assert "budget-guard approve" not in shown


def test_release_gives_every_held_key_back_once_it_is_approved(office: Office) -> None:
    shown = flat(planned(office, FILE.replace("mode: enforce", "mode: release")).stdout)
    assert "Held back: a plan that would newly release 5 of 7 keys." in shown
    assert "Plan: 0 to fence, 0 to lower, 0 to raise, 5 to give back." in shown


def test_frozen_and_stopped_keys_are_told_apart(office: Office) -> None:
    office.run("freeze", "dev-ann", "--reason", "a loop")
    office.starter.starts.clear()
    shown = flat(planned(office, FILE.replace("daily: 100", "daily: 56")).stdout)
    assert "Frozen by a person x dev-ann" in shown
    assert "no limit -> no limit, disabled" in shown
    assert "stopped: nothing is left for it" in shown
    assert (
        "Plan: 0 to fence, 3 to stop, 0 to lower, 0 to raise, 0 to give back, 1 to freeze." in shown
    )


def test_a_fence_of_another_form_is_set_anew() -> None:
    office = Office(names=("dev-ann",))
    office.guard.policy = yaml_file.load(write(each("daily: 5")))
    office.guard.cycle()
    office.pass_(5)
    office.guard.poll()
    shown = flat(planned(office, each("daily: 5", "include_byok: true, ")).stdout)
    assert "set anew" in shown
    assert "5.00 USD daily -> 5.00 USD daily, BYOK counted" in shown


def each(cap: str, more: str = "") -> str:
    return (
        "mode: enforce\nbudgets:\n"
        f"  - {{name: each, keys: [dev-ann], {more}per_key: true, cap: {{{cap}}}, hold: always}}\n"
    )


def test_a_file_with_errors_is_refused_with_every_one_of_them(office: Office) -> None:
    result = planned(office, FILE.replace("130", "-60").replace("daily: 5}", "daily: x}"))
    assert result.exit_code == 1
    assert "infra/budgets.yaml: 2 errors" in flat(result.stderr)
    assert "an amount cannot be negative" in flat(result.stderr)
    assert not result.stdout


def test_errors_of_every_kind_exit_1_since_2_means_changes(office: Office) -> None:
    missing = office.run("plan", "nowhere.yaml")
    assert missing.exit_code == 1
    assert "nowhere.yaml cannot be read" in flat(missing.stderr)

    class Throttled:
        def deployed(self) -> None:
            message = "DynamoDB throttles"
            raise LedgerUnavailable(message)

    office.guard.ledger = Throttled()  # type: ignore[assignment]
    result = office.run("plan")
    assert (result.exit_code, result.stderr.strip()) == (1, "DynamoDB throttles")


def test_before_anything_was_seen_the_plan_says_that_it_is_empty() -> None:
    result = planned(Office(), FILE)
    assert result.exit_code == 0
    shown = flat(result.stdout)
    assert "no budgets file was evaluated yet" in shown
    assert "No key was seen yet: the plan is empty until the first poll." in shown


def test_stale_workspaces_and_proposed_keys_are_named(office: Office) -> None:
    shown = flat(planned(office, FILE + "protect: ['report-a*']\n").stdout)
    assert "Proposed for protection, and not protected before approve: report-adhoc." in shown
    office.pass_(30)
    shown = flat(planned(office, FILE).stdout)
    assert "Too little is known of Default: nothing is decided of its keys." in shown
    assert "By what was seen 30 min ago." in shown


def test_a_wish_for_a_key_that_nothing_is_known_of_is_no_part_of_the_plan(office: Office) -> None:
    lost = Wish("f" * 64, Restore(), "gone", office.now, 1, urgent=False, hours_left=Decimal(0))
    office.ledger.save(lost)
    assert "No changes" in planned(office, FILE).stdout


def test_long_lists_are_cut_and_counted() -> None:
    office = Office(names=tuple(f"dev-{number:02}" for number in range(25)))
    office.guard.cycle()
    content = FILE.replace(
        "per_key: true, cap: {daily: 5}", "per_key: true, cap: {daily: 5}, hold: always"
    )
    shown = flat(planned(office, content).stdout)
    assert "and 5 more: see --json" in shown
    assert "Plan: 25 to fence" in shown
    assert len(json.loads(plan_json(office, content))["steps"]) == 25


def test_a_program_gets_exact_amounts(office: Office) -> None:
    answer = json.loads(plan_json(office, FILE.replace("daily: 100", "daily: 80")))
    assert answer["deployed"] == office.guard.policy.hash
    assert answer["policy"] == yaml_file.load(Path("infra/budgets.yaml")).hash
    assert answer["held_back"] is None
    step = next(one for one in answer["steps"] if one["name"] == "search-batch")
    assert (step["act"], step["allowed"], step["budget"]) == ("lower", "34.636364", "search")
    held_back = json.loads(
        plan_json(office, FILE.replace("daily: 100", "daily: 40").replace("130", "60"))
    )["held_back"]
    assert len(held_back["stops"]) == 5
