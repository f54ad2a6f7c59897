"""`do: restrict` before it happens: what `plan` tells of guardrails, and what waits in `approve`."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import Result

from budget_guard.adapters.budgets import yaml_file
from budget_guard.sandbox.openrouter import Fault
from tests.cli.desk import Office, flat, golden
from tests.use_cases.restricting.scene import CHEAP

NAMES = ("search-api", "search-batch", "search-index", "dev-ann", "dev-bob", "report-daily")
STEP = "thresholds: [{at: 80%, severity: warning, do: restrict, restrict_to: cheap}]"
QUIET = """\
mode: enforce
budgets:
  - {name: search, keys: ["search-*"], cap: {daily: 20}, hold: never}
  - {name: reports, keys: ["report-*"], cap: {daily: 10}, hold: always}
"""
FILE = QUIET.replace("hold: never", f"hold: never, {STEP}")
TYPO = FILE.replace('"search-*"', '"*"')


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("infra").mkdir()


def write(content: str) -> Path:
    path = Path("infra/budgets.yaml")
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def office() -> Office:
    """Return an office of a team that spent 17 of 20 USD; two of its keys have guardrails."""
    office = Office(names=NAMES)
    guardrails = office.account.guardrails
    guardrails.create(
        {"name": "cheap", "allowed_models": [CHEAP.model], "enforce_zdr_openai": True}
    )
    assign(office, "house-rules", "search-batch", enforce_zdr_openai=True)
    assign(office, "privacy", "search-index", allowed_providers=["openai"])
    deploy(office, QUIET)
    office.account.spending.charge(office.hash("search-api"), Decimal(17), work=CHEAP)
    office.cycle()
    return office


def assign(office: Office, guardrail: str, name: str, **fields: object) -> None:
    made = office.account.guardrails.create({"name": guardrail, **fields})["id"]
    office.account.guardrails.keys.assign(made, [office.hash(name)], office.now)


def deploy(office: Office, content: str) -> None:
    office.guard.policy = yaml_file.load(write(content))
    office.cycle()


def planned(office: Office, content: str) -> Result:
    """Plan another file; the ledger and the guardrails stay as they are."""
    write(content)
    before = state(office)
    result = office.run("plan")
    assert state(office) == before
    return result


def state(office: Office) -> tuple[object, ...]:
    ledger, keys = office.ledger, office.account.guardrails.keys
    told = (dict(ledger.restrictions()), dict(ledger.restrict_wishes()), ledger.approvals())
    return (*told, [keys.of(office.hash(name)) for name in NAMES])


def answer(office: Office, content: str) -> dict[str, object]:
    write(content)
    found: dict[str, object] = json.loads(office.run("plan", "--json").stdout)
    return found


def test_the_plan_says_which_key_gets_which_guardrail_and_which_is_refused(office: Office) -> None:
    result = planned(office, FILE)
    assert result.exit_code == 2
    golden("plan-restrict.txt", result.stdout, office)


def test_a_program_gets_the_same(office: Office) -> None:
    found = answer(office, FILE)
    steps = {one["name"]: one for one in found["steps"]}  # type: ignore[attr-defined]
    assert set(steps) == {"search-api", "search-batch"}
    step = steps["search-batch"]
    assert (step["act"], step["budget"]) == ("restrict", "search")
    assert (step["before"], step["after"]) == ("guardrail house-rules", "guardrail cheap")
    assert found["refused"] == [
        {
            "key": office.hash("search-index"),
            "name": "search-index",
            "text": "it keeps its guardrail privacy: providers: cheap allows any",
        }
    ]
    assert found["unread"] is None


def test_the_next_run_does_what_was_planned(office: Office) -> None:
    steps = answer(office, FILE)["steps"]
    deploy(office, FILE)
    for step in steps:  # type: ignore[attr-defined]
        (change,) = office.ledger.audit(step["key"])
        assert change.reason == step["reason"]
        names = [
            f"guardrail {one}".replace("guardrail none", "no guardrail")
            for one in change.guardrails or ()
        ]
        assert names == [step["before"], step["after"]]
    assert len(steps) == 2  # type: ignore[arg-type]


def test_once_that_is_done_only_what_is_refused_is_left_whenever_it_was_looked_at(
    office: Office,
) -> None:
    deploy(office, FILE)
    for _ in range(2):
        result = planned(office, FILE)
        assert result.exit_code == 0
        shown = flat(result.stdout)
        assert "Restrictions that would be refused search-index" in shown
        assert "it keeps its guardrail privacy: providers: cheap allows any" in shown
        assert shown.endswith("No changes.")
        office.pass_(10)


def test_the_guardrails_that_keys_had_come_back_once_nothing_restricts_them(
    office: Office,
) -> None:
    deploy(office, FILE)
    result = planned(office, QUIET)
    assert result.exit_code == 2
    shown = flat(result.stdout)
    assert (
        "Given back - search-api 88249c876fb1 no longer restricted guardrail cheap -> no" in shown
    )
    assert "guardrail cheap -> guardrail house-rules no budget restricts search-batch" in shown
    assert "Plan: 0 to fence, 0 to lower, 0 to raise, 0 to give back, 2 to unrestrict." in shown


def test_a_key_whose_own_guardrail_became_stricter_gets_it_back_and_the_plan_says_why(
    office: Office,
) -> None:
    deploy(office, FILE)
    own = str(office.ledger.restrictions()[office.hash("search-batch")].baseline)
    office.account.guardrails.change(own, {"enforce_zdr_google": True})
    shown = flat(planned(office, FILE).stdout)
    why = "zero data retention: cheap does not enforce it for google"
    assert f"no longer restricted guardrail cheap -> guardrail house-rules {why}" in shown
    assert f"it keeps its guardrail house-rules: {why}" in shown


def test_a_file_that_would_restrict_every_key_is_held_back_in_the_plan(office: Office) -> None:
    result = planned(office, TYPO)
    assert result.exit_code == 2
    golden("plan-restrict-held-back.txt", result.stdout, office)


def test_what_waits_is_listed_and_restricted_once_it_is_approved(office: Office) -> None:
    deploy(office, TYPO)
    result = office.run("approve")
    assert result.exit_code == 2
    golden("approve-restrict.txt", result.stdout, office)
    head = "is held back: it would newly restrict 6 of 6 keys"
    assert head in flat(office.run("status").stdout)
    assert not office.ledger.restrictions()
    short = office.guard.policy.hash[:8]
    done = office.run("approve", short, "--reason", "the new year's budgets")
    assert "What was held back is followed from now on." in flat(done.stdout)
    office.cycle()
    ours = [one for one in office.ledger.restrictions().values() if one.is_ours]
    assert len(ours) == 5, "the sixth is refused"


def test_guardrails_and_limits_that_would_be_given_back_are_listed_with_both_reasons(
    office: Office,
) -> None:
    deploy(office, TYPO)
    office.run("approve", office.guard.policy.hash[:8], "--reason", "meant")
    office.cycle()
    deploy(office, "mode: enforce\nbudgets:\n  - {name: none, keys: [x], cap: {daily: 1}}\n")
    shown = flat(office.run("approve").stdout)
    assert "Held back: a plan that would newly release 5 of 6 keys." in shown
    assert "no budget restricts dev-ann any more; it gets back the guardrail that it had" in shown
    assert (
        "no budget holds report-daily any more; it gets its own settings back; no budget restricts "
        "report-daily any more" in shown
    )
    assert "no key is released, and stops are fences" in shown


def test_before_the_first_approval_the_page_says_that_none_is_restricted() -> None:
    office = Office(names=NAMES)
    office.account.guardrails.create({"name": "cheap"})
    office.spend("search-api", "17")
    deploy(office, TYPO)
    told = "Nothing was approved yet: until then none of these keys is stopped, restricted or released."
    assert told in flat(office.run("approve").stdout)


def test_observe_only_lists_what_enforce_would_restrict(office: Office) -> None:
    observe = FILE.replace("mode: enforce", "mode: observe").replace("hold: always", "hold: never")
    deploy(office, QUIET.replace("hold: always", "hold: never"))
    result = planned(office, observe)
    assert result.exit_code == 0
    shown = flat(result.stdout)
    assert "mode: observe changes nothing. With mode: enforce the next run would:" in shown
    assert "+ search-api 88249c876fb1 restricted no guardrail -> guardrail cheap" in shown
    assert "2 to restrict" in shown


def test_observe_while_keys_are_restricted_is_refused_and_names_them() -> None:
    office = Office(names=NAMES)
    office.account.guardrails.create({"name": "cheap"})
    file = FILE.replace("hold: always", "hold: never")
    deploy(office, QUIET.replace("hold: always", "hold: never"))
    office.spend("search-api", "17")
    deploy(office, file)
    deploy(office, file.replace("mode: enforce", "mode: observe"))
    shown = flat(office.run("approve").stdout)
    assert "Held still (3) search-api 88249c876fb1 search spent 17.00 of 20.00 USD today;" in shown


@pytest.mark.parametrize("word", ["freeze", "release"])
def test_a_key_that_a_person_froze_or_released_is_not_to_be_restricted(
    office: Office, word: str
) -> None:
    office.run(word, "search-api", "--reason", "a loop")
    shown = flat(planned(office, FILE).stdout)
    assert "search-api 88249c876fb1 restricted" not in shown
    assert "1 to restrict" in shown


def test_a_guardrail_that_a_person_changed_is_left_to_them(office: Office) -> None:
    deploy(office, FILE)
    office.pass_(5)
    office.account.guardrails.keys.forget(office.hash("search-api"))
    assert planned(office, FILE).exit_code == 0
    office.pass_(10)
    office.guard.cycle()
    assert planned(office, FILE).exit_code == 0


@pytest.mark.parametrize("status", [401, 503])
def test_where_guardrails_cannot_be_read_the_plan_goes_by_the_ledger_and_says_so(
    office: Office, status: int
) -> None:
    shown = blind(office, status, FILE)
    assert "What guardrails refuse could not be read, so a restriction may be refused:" in shown
    assert shown.count("restricted not known -> guardrail cheap") == 3
    assert "3 to restrict" in shown
    deploy(office, FILE)
    shown = blind(office, status, FILE)
    assert "it keeps its guardrail privacy: providers: cheap allows any" in shown
    assert shown.endswith("No changes.")
    shown = blind(office, status, QUIET)
    assert "guardrail cheap -> guardrail house-rules" in shown
    assert "2 to unrestrict" in shown


def blind(office: Office, status: int, content: str) -> str:
    """Plan while OpenRouter refuses; it is asked no second time."""
    office.guard.faults.add(Fault(path="/guardrails/assignments/keys", status=status))
    return flat(planned(office, content).stdout)


def test_where_nothing_restricts_openrouter_is_left_alone(office: Office) -> None:
    office.guard.faults.add(Fault(path="/guardrails*", status=503, times=9))
    assert "503" not in planned(office, QUIET).stdout
