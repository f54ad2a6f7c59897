"""`budget-guard release`: a key or all keys back, with or without the functions."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.errors import ManagementKeyError, ProviderUnavailable, SettingsError
from budget_guard.domain.holds import FOR_EVER, Hold
from budget_guard.domain.keys import Limit, Reading, Settings
from budget_guard.domain.policy import Budget, Mode
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Fence, Wish
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ports import Change
from tests.cli.desk import ALWAYS, DAILY, Office

WHY = ("--reason", "incident 4")
ALL = ("release", "--all", *WHY)


@pytest.fixture
def office() -> Office:
    """Return an office where dev-cid and dev-ann are fenced, and prod-api always is."""
    office = Office()
    office.guard.cycle()
    for name in ("dev-cid", "dev-ann"):
        office.spend(name, "5")
    office.cycle()
    office.pass_(4)
    return office


def limits(office: Office) -> dict[str, Limit]:
    return {key.name: key.terms.settings.limit for key in office.account.keys.values()}


@pytest.mark.parametrize("how", ["dev-cid", "hash", "digits"])
def test_a_key_is_released_until_midnight_and_comes_back_at_once(office: Office, how: str) -> None:
    key = office.hash("dev-cid")
    text = {"hash": key, "digits": key[:6].upper()}.get(how, how)
    result = office.run("release", text, *WHY)
    assert result.exit_code == 0
    (release,) = office.ledger.releases()
    assert (release.key, release.by, release.reason) == (key, "user/ann", "incident 4")
    assert release.until == office.now.replace(hour=0, minute=0) + timedelta(days=1)
    assert "it gets back: no limit" in result.stdout
    assert len(office.starter.starts) == 1
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    assert limits(office)["dev-cid"] == Limit()


def test_a_key_can_be_released_longer(office: Office) -> None:
    office.run("release", "dev-cid", "--for", "2d", *WHY)
    assert office.ledger.releases()[0].until == office.now + timedelta(days=2)


def test_a_key_that_is_not_held_is_kept_from_being_held(office: Office) -> None:
    result = office.run("release", "dev-bob", *WHY)
    assert "it was not held: no limit" in result.stdout
    office.spend("dev-bob", "5")
    office.cycle()
    assert limits(office)["dev-bob"] == Limit()


def test_a_release_taken_back_holds_again(office: Office) -> None:
    office.run("release", "dev-cid", *WHY)
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.pass_(5)
    result = office.run("release", "--end", "dev-cid")
    assert result.exit_code == 0
    office.cycle()
    assert limits(office)["dev-cid"] == Limit(Decimal(5), Window.DAILY)
    assert office.run("release", "--end", "dev-cid").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dev-cid",), "say why with --reason"),
        (WHY, "say which key, or --all"),
        (("dev-cid", "--all", *WHY), "say which key, or --all"),
        (("nobody", *WHY), "has seen no key 'nobody'"),
        (("dev-cid", "--until", "2026-11-18", *WHY), "is not in the future"),
        (("--all", "--yes", "--for", "4h", *WHY), "--all lasts until it is ended"),
        (("--all", "--yes"), "say why with --reason"),
        (("--end", "dev-cid"), "There is no release of dev-cid to end"),
        (("--end", "--all"), "There is no release of all keys to end"),
    ],
)
def test_what_cannot_be_released_is_refused(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    before = limits(office)
    result = office.run("release", *arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert not office.ledger.releases()
    assert limits(office) == before


def test_all_keys_are_given_back_without_the_functions(office: Office) -> None:
    result = office.run(*ALL, "--yes")
    assert result.exit_code == 0
    assert set(limits(office).values()) == {Limit(), Limit(Decimal(50), Window.DAILY)}
    assert "3 given back." in result.stdout
    assert "50.00 USD daily" in result.stdout
    assert not office.starter.starts
    assert not office.ledger.wishes()
    (release,) = office.ledger.releases()
    assert (release.key, release.until) == (None, FOR_EVER)


def test_functions_that_still_run_leave_released_keys_alone(office: Office) -> None:
    office.run(*ALL, "--yes")
    changes = len(office.account.books.changes)
    office.cycle()
    office.cycle()
    assert len(office.account.books.changes) == changes
    assert office.run("release", "--all", "--end").exit_code == 0
    office.cycle()
    assert limits(office)["dev-cid"] == Limit(Decimal(5), Window.DAILY)


def test_every_change_is_on_record_with_its_reason(office: Office) -> None:
    office.run(*ALL, "--yes")
    newest = office.ledger.audit(office.hash("dev-cid"))[0]
    assert newest.reason == "user/ann released all keys: incident 4"
    assert newest.after == Settings()


def test_without_yes_it_asks_and_a_no_changes_nothing(office: Office) -> None:
    before = limits(office)
    result = office.run(*ALL, answer="n\n")
    assert result.exit_code == 1
    assert "Give 3 held keys their own settings" in result.output
    assert limits(office) == before
    assert not office.ledger.releases()
    assert office.run(*ALL, answer="y\n").exit_code == 0
    assert limits(office) != before


def test_a_fence_wished_but_not_made_is_dropped(office: Office) -> None:
    key = office.hash("dev-bob")
    want = Fence(Limit(Decimal(1)), include_byok=False)
    wish = Wish(key, want, "", office.now, 1, urgent=True, hours_left=Decimal(0))
    office.ledger.save(wish)
    office.run(*ALL, "--yes")
    office.guard.enforce()
    assert limits(office)["dev-bob"] == Limit()


class Refusing(InProcessOpenRouter):
    """OpenRouter, which does not change one key."""

    refused = ""

    def change(self, key_hash: str, change: Change) -> Reading:
        if key_hash == self.refused:
            message = "PATCH /keys was answered 503"
            raise ProviderUnavailable(message)
        return super().change(key_hash, change)


def test_one_key_that_cannot_be_given_back_does_not_keep_the_others(office: Office) -> None:
    openrouter = Refusing(office.account, office.guard.faults)
    openrouter.refused = office.hash("dev-cid")
    office.connect = lambda: openrouter
    result = office.run(*ALL, "--yes")
    assert result.exit_code == 1
    assert "2 given back, 1 NOT" in result.stdout
    assert "FAILED" in result.stdout
    assert "PATCH /keys was answered 503" in " ".join(result.stdout.split())
    assert "dev-cid" in result.stdout
    assert set(office.ledger.wishes()) == {office.hash("dev-cid")}
    office.connect = None
    assert office.run(*ALL, "--yes").exit_code == 0
    assert limits(office)["dev-cid"] == Limit()


@pytest.mark.parametrize("name", ["evaluate", "enforce"])
def test_a_function_at_work_is_waited_for(office: Office, name: str) -> None:
    ends = office.now + timedelta(seconds=22)
    office.ledger.acquire(Lease(name, "a function's", ends), now=office.now)
    assert office.run(*ALL, "--yes").exit_code == 0
    assert office.slept[:5] == [5] * 5
    assert limits(office)["dev-cid"] == Limit()


@pytest.mark.parametrize("name", ["evaluate", "enforce"])
def test_a_function_that_stays_at_work_is_named_after_a_minute(office: Office, name: str) -> None:
    before = limits(office)
    ends = office.now + timedelta(minutes=4)
    office.ledger.acquire(Lease(name, "a function's", ends), now=office.now)
    result = office.run(*ALL, "--yes")
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert f"The function {name} is still at work after a minute" in told
    assert "run the same command again" in told
    assert limits(office) == before
    office.pass_(4)
    assert office.run(*ALL, "--yes").exit_code == 0


def test_a_key_that_was_changed_just_now_is_tried_again(office: Office) -> None:
    office.account.patch_key(office.hash("dev-cid"), {"limit": Decimal(70)})
    office.ledger.save(_confirmed_now(office, "dev-cid"))
    result = office.run(*ALL, "--yes")
    assert result.exit_code == 0
    assert sum(office.slept) >= 40
    assert limits(office)["dev-cid"].amount == Decimal(70)
    assert "a person's" in result.stdout


def _confirmed_now(office: Office, name: str) -> Hold:
    hold = office.ledger.hold(office.hash(name))
    assert hold is not None
    return replace(hold, confirmed_at=office.now)


def test_without_a_management_key_the_release_is_on_record_and_says_what_to_do(
    office: Office,
) -> None:
    def connect() -> InProcessOpenRouter:
        message = "The secret arn:x has no management key in it yet."
        raise ManagementKeyError(message)

    office.connect = connect
    result = office.run(*ALL, "--yes")
    assert result.exit_code == 2
    assert "has no management key" in result.stderr
    assert office.ledger.releases()


def test_more_keys_than_one_lease_is_renewed_for() -> None:
    names = tuple(f"k{number}" for number in range(45))
    budget = Budget("each", {DAILY: Decimal(5)}, per_key=True, hold=ALWAYS)
    office = Office(names=names, budgets=(budget,))
    office.guard.cycle()
    office.pass_(5)
    result = office.run(*ALL, "--yes")
    assert "45 given back." in result.stdout
    assert set(limits(office).values()) == {Limit()}


def test_nothing_held_is_soon_given_back() -> None:
    office = Office(mode=Mode.OBSERVE)
    office.guard.cycle()
    result = office.run(*ALL, "--yes")
    assert result.exit_code == 0
    assert "0 given back." in result.stdout


def test_a_release_that_cannot_be_evaluated_at_once_says_so(office: Office) -> None:
    office.starter.failing = SettingsError("no such function")
    result = office.run("release", "dev-cid", *WHY)
    assert result.exit_code == 0
    assert "counts from the next evaluation. no such function" in " ".join(result.stdout.split())


def test_a_key_released_with_all_others_says_how_to_end_that(office: Office) -> None:
    office.run(*ALL, "--yes")
    result = office.run("release", "--end", "dev-cid")
    assert result.exit_code == 2
    assert "release --end --all" in " ".join(result.stderr.split())
