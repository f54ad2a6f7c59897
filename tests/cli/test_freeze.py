"""`budget-guard freeze`: a key stopped now by a person's word, and enabled again by another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from budget_guard.domain.errors import SettingsError
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.keys import Settings
from budget_guard.domain.policy import Mode
from tests.cli.desk import Office, flat, teams

WHY = ("--reason", "it runs in a loop")


@pytest.fixture
def office() -> Office:
    return teams()


def settings(office: Office, name: str) -> Settings:
    return office.account.keys[office.hash(name)].terms.settings


def run_functions(office: Office) -> None:
    office.guard.chain(office.guard.evaluate, office.guard.enforce)


def test_a_key_is_frozen_until_that_is_ended_and_disabled_at_once(office: Office) -> None:
    before = settings(office, "search-batch")
    result = office.run("freeze", "search-batch", *WHY)
    assert result.exit_code == 0
    (freeze,) = office.ledger.freezes()
    assert (freeze.key, freeze.until) == (office.hash("search-batch"), FOR_EVER)
    assert (freeze.by, freeze.reason) == ("user/ann", "it runs in a loop")
    shown = flat(result.stdout)
    assert "is frozen until it is ended." in shown
    assert "OpenRouter refuses its requests with 401" in shown
    assert f"budget-guard freeze --end {freeze.key[:12]}" in shown
    assert len(office.starter.starts) == 1
    run_functions(office)
    assert settings(office, "search-batch") == replace(before, disabled=True)
    assert not office.spend("search-batch", "0.01")


def test_its_end_enables_the_key_with_a_fence_that_free_money_pays_for(office: Office) -> None:
    office.run("freeze", "search-batch", *WHY)
    run_functions(office)
    office.cycle()
    result = office.run("freeze", "--end", office.hash("search-batch")[:8])
    assert result.exit_code == 0
    assert "it is enabled again, with a fence" in flat(result.stdout)
    run_functions(office)
    after = settings(office, "search-batch")
    assert not after.disabled
    assert after.limit.amount is not None
    assert office.spend("search-batch", "1")
    office.cycle()
    page = office.run("explain", "search-batch").stdout
    assert "100.00 cap - 57.00 spent = 43.00 left" in page
    (row,) = [line.split() for line in page.splitlines() if line.strip().startswith("together")]
    assert row[2:] == ["43.00", "43.00"]


@pytest.mark.parametrize("lasting", [("--for", "2h"), ("--until", "2026-11-18T11:40Z")])
def test_a_freeze_that_ends_by_itself_needs_no_second_word(
    office: Office, lasting: tuple[str, str]
) -> None:
    shown = office.run("freeze", "dev-ann", *lasting, *WHY).stdout
    assert office.ledger.freezes()[0].until == office.now + timedelta(hours=2)
    assert "is frozen until 11:40 UTC." in flat(shown)
    run_functions(office)
    assert settings(office, "dev-ann").disabled
    for _ in range(25):
        office.cycle()
    assert settings(office, "dev-ann") == Settings()


def test_a_key_that_people_have_disabled_stays_so(office: Office) -> None:
    office.account.patch_key(office.hash("dev-bob"), {"disabled": True})
    office.cycle()
    assert "it is disabled already" in office.run("freeze", "dev-bob", *WHY).stdout
    run_functions(office)
    assert "people have disabled it" in office.run("status", "dev-bob").stdout
    assert "people have disabled it: it stays so" in office.run("freeze", "--end", "dev-bob").stdout
    run_functions(office)
    office.cycle()
    assert settings(office, "dev-bob") == Settings(disabled=True)


def test_whether_people_have_disabled_a_key_is_told_by_the_newest_that_is_known(
    office: Office,
) -> None:
    office.run("freeze", "dev-bob", *WHY)
    office.run("freeze", "dev-ann", *WHY)
    run_functions(office)
    office.cycle()
    office.run("freeze", "--end", "dev-ann")
    office.pass_(1)
    run_functions(office)
    assert not settings(office, "dev-ann").disabled
    shown = flat(office.run("freeze", "dev-ann", *WHY).stdout)
    assert "is disabled already" not in shown


def test_a_freeze_can_be_said_again_for_another_time(office: Office) -> None:
    office.run("freeze", "dev-ann", *WHY)
    shown = office.run(
        "freeze", "dev-ann", "--for", "1d", "--by", "bob", "--reason", "longer"
    ).stdout
    assert "this replaces what user/ann said: it runs in a loop" in flat(shown)
    (freeze,) = office.ledger.freezes()
    assert (freeze.by, freeze.until) == ("bob", office.now + timedelta(days=1))


def test_a_newer_release_overrules_a_freeze_and_its_end_brings_that_back(office: Office) -> None:
    office.run("freeze", "search-batch", *WHY)
    run_functions(office)
    office.pass_(1)
    shown = flat(office.run("release", "search-batch", "--reason", "a demo").stdout)
    assert "user/ann froze it (it runs in a loop); this word is newer" in shown
    assert "to end the freeze as well: budget-guard freeze --end" in shown
    run_functions(office)
    assert settings(office, "search-batch") == Settings()
    office.pass_(5)
    shown = flat(office.run("release", "--end", "search-batch").stdout)
    assert "the freeze by user/ann counts again (it runs in a loop)" in shown
    run_functions(office)
    assert settings(office, "search-batch").disabled


def test_a_newer_freeze_overrules_a_release_and_its_end_brings_that_back(office: Office) -> None:
    office.run("release", "search-batch", "--reason", "a demo")
    run_functions(office)
    office.pass_(5)
    shown = flat(office.run("freeze", "search-batch", "--for", "4h", *WHY).stdout)
    assert "user/ann released it until 00:00 UTC (a demo); this word is newer, and counts" in shown
    run_functions(office)
    assert settings(office, "search-batch").disabled
    office.cycle()
    shown = flat(office.run("freeze", "--end", "search-batch").stdout)
    assert "released it until 00:00 UTC (a demo), and that counts again" in shown
    run_functions(office)
    assert settings(office, "search-batch") == Settings()


def test_a_release_that_outlasts_a_freeze_needs_no_hint_to_end_it(office: Office) -> None:
    office.run("freeze", "dev-ann", "--for", "1h", *WHY)
    office.pass_(1)
    shown = flat(office.run("release", "dev-ann", "--reason", "a demo").stdout)
    assert "user/ann froze it" in shown
    assert "to end the freeze" not in shown


def test_status_and_explain_tell_of_it(office: Office) -> None:
    office.run("freeze", "search-batch", *WHY)
    for command in ("status", "explain"):
        shown = flat(office.run(command, "search-batch").stdout)
        assert "Frozen: user/ann froze it until that is ended: it runs in a loop" in shown
        assert "not stopped yet" in shown
    run_functions(office)
    office.cycle()
    for command in ("status", "explain"):
        assert "requests get 401" in flat(office.run(command, "search-batch").stdout)
    whole = flat(office.run("status").stdout)
    assert "Frozen (1) search-batch until it is ended, by user/ann: it runs in a loop" in whole


def test_a_freeze_that_cannot_be_evaluated_at_once_is_kept_and_says_so(office: Office) -> None:
    office.starter.failing = SettingsError("The function Evaluate could not be started")
    result = office.run("freeze", "dev-ann", *WHY)
    assert result.exit_code == 0
    assert office.ledger.freezes()
    assert "counts from the next evaluation" in result.stdout
    assert "counts from the next evaluation" in office.run("freeze", "--end", "dev-ann").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dev-ann",), "say why with --reason"),
        (("nobody", *WHY), "has seen no key 'nobody'"),
        (("dev-ann", "--until", "2026-11-18", *WHY), "is not in the future"),
        (("dev-ann", "--until", "2026-11-20", "--for", "1h", *WHY), "not both"),
        (("dev-ann", "--end", "--for", "1h"), "give no time with it"),
        (("dev-ann", "--end"), "dev-ann is not frozen; nothing was changed"),
        (("nobody", "--end"), "has seen no key 'nobody'"),
    ],
)
def test_what_cannot_be_frozen_is_refused(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    result = office.run("freeze", *arguments)
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not office.ledger.freezes()
    assert not office.starter.starts


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mode": Mode.RELEASE}, "the budgets file says mode: release; disable it at OpenRouter"),
        ({"protect": {"dev-ann"}}, "the budgets file protects it; disable it at OpenRouter"),
        ({"scope": ("elsewhere",)}, "outside the scope of the budgets file; disable it"),
    ],
)
def test_what_the_budgets_file_keeps_the_guard_from_is_refused_with_another_way(
    changes: dict[str, object], told: str
) -> None:
    office = Office()
    office.guard.cycle()
    if "protect" in changes:
        changes = {"protect": frozenset({office.hash("dev-ann")})}
    policy = office.deploy("new", **changes)
    office.cycle()
    office.run("approve", policy.hash, *WHY)
    result = office.run("freeze", "dev-ann", *WHY)
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not office.ledger.freezes()


def test_a_freeze_of_a_key_that_is_protected_since_is_no_more_told_of(office: Office) -> None:
    office.run("freeze", "dev-ann", *WHY)
    run_functions(office)
    assert settings(office, "dev-ann").disabled
    office.deploy("careful", protect=frozenset({office.hash("dev-ann")}))
    office.cycle()
    assert not settings(office, "dev-ann").disabled
    office.cycle()
    assert "Not held: the budgets file protects it" in office.run("status", "dev-ann").stdout
    assert "Frozen" not in office.run("status").stdout


def test_in_observe_nothing_is_changed_so_nothing_is_frozen() -> None:
    office = Office(mode=Mode.OBSERVE)
    office.guard.cycle()
    result = office.run("freeze", "dev-ann", *WHY)
    assert result.exit_code == 2
    assert "mode: observe; disable it at OpenRouter. Nothing was changed." in flat(result.stderr)


def test_a_deleted_key_is_not_frozen(office: Office) -> None:
    key = office.hash("dev-ann")
    office.account.delete_key(key)
    office.cycle()
    result = office.run("freeze", key, *WHY)
    assert result.exit_code == 2
    assert "it was deleted before" in flat(result.stderr)
