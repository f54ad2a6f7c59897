"""`budget-guard status`: what a person at the terminal, or a program, sees."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from budget_guard.domain.errors import NotifierError
from budget_guard.domain.holds import Intent, Refusals
from budget_guard.domain.policy import Budget, Mode
from budget_guard.domain.polls import PollReport
from tests.cli.desk import ALWAYS, BUDGETS, DAILY, Office, flat, golden


def busy(**more: object) -> Office:
    """Return an office on a morning on which one key is stopped, one fenced, one released."""
    office = Office(**more)  # type: ignore[arg-type]
    office.guard.cycle()
    for name, cost in (("prod-api", "30"), ("dev-ann", "4.7"), ("dev-bob", "2"), ("dev-cid", "5")):
        office.spend(name, cost)
    office.cycle()
    office.spend("prod-api", "12")
    office.cycle()
    office.pass_(2)
    office.run("grant", "prod-api", "20", "--for", "4h", "--reason", "launch", "--by", "ann")
    office.run("release", "dev-gil", "--reason", "a demo", "--by", "bob")
    return office


@pytest.mark.parametrize("columns", [80, 120])
def test_a_busy_morning_on_one_screen(columns: int) -> None:
    office = busy(columns=columns)
    result = office.run("status")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= columns
    golden(f"status-{columns}.txt", result.stdout, office)


def test_one_key_for_the_team_that_uses_it() -> None:
    office = busy()
    result = office.run("status", "dev-cid")
    assert result.exit_code == 0
    golden("status-key.txt", result.stdout, office)


def test_a_key_that_its_own_limit_binds_says_so() -> None:
    shown = flat(busy().run("status", "prod-api").stdout)
    assert "fence 50.00 USD in its lifetime; 8.00 USD left, bound by its own limit" in shown
    assert "its own settings, 50.00 USD daily, come back" in shown


def test_a_program_gets_exact_amounts_and_times() -> None:
    answer = json.loads(busy().run("status", "--json").stdout)
    assert answer["mode"] == "enforce"
    prod, developers, _ = answer["budgets"]
    assert (prod["caps"][0]["spent"], prod["caps"][0]["cap"]) == ("42", "120")
    assert (developers["per_key"], developers["keys"]) == (True, 7)
    assert [one["state"] for one in developers["caps"][:2]] == ["stopped", "fenced"]
    assert answer["held"][0]["left"] == "0"
    assert answer["at"] == "2026-11-18T09:12:00+00:00"
    assert answer["missing"] == []


def test_a_program_gets_a_keys_trail() -> None:
    answer = json.loads(busy().run("status", "dev-cid", "--json").stdout)
    assert answer["bound_by"] == "the daily cap of developers"
    (change,) = answer["trail"]
    assert change["before"]["limit"]["amount"] is None
    assert change["after"]["limit"] == {"amount": "5", "reset": "daily"}


def test_a_new_deployment_says_what_comes_and_what_is_to_be_put() -> None:
    result = Office().run("status")
    assert result.exit_code == 0
    assert "Nothing was polled yet" in result.stdout
    assert "Nothing was evaluated yet" in result.stdout
    assert "aws secretsmanager put-secret-value --secret-id arn:aws:" in result.stdout
    assert "Seen: nothing yet." in result.stdout


def test_what_keeps_a_poll_from_working_comes_first() -> None:
    office = busy()
    problem = "The secret arn:x has no management key in it yet. Put one: aws secretsmanager ..."
    office.ledger.save(PollReport(office.now, "r", problem=problem, needs_hands=True))
    assert f"! The last poll had a problem: {problem}" in office.run("status").stdout


@pytest.mark.parametrize(
    ("mode", "told"), [(Mode.OBSERVE, "set mode: enforce"), (Mode.RELEASE, "gives every key back")]
)
def test_a_mode_that_holds_nothing_is_named(mode: Mode, told: str) -> None:
    office = Office(mode=mode)
    office.guard.cycle()
    shown = flat(office.run("status").stdout)
    assert told in shown
    assert f"8 keys, {mode}" in shown


def test_functions_that_stopped_and_stale_workspaces_stand_out() -> None:
    office = busy()
    office.pass_(40)
    shown = office.run("status").stdout
    assert "Nothing was evaluated since 2026-11-18 09:10 UTC" in shown
    assert "Default STALE, 42 min ago" in shown
    assert "nothing new is known of its workspace; its fence stays" in shown
    assert "100 % 14 h stale" in flat(shown)


def test_who_will_not_hear_an_alert_is_named() -> None:
    office = busy()
    office.notifier.pending = ["bob@example.com"]
    assert "! Not confirmed, so without alerts: bob@example.com" in office.run("status").stdout
    office.notifier.pending, office.notifier.subscribed = [], []
    assert "! Nobody gets the alerts" in office.run("status").stdout


def test_that_sns_cannot_be_asked_does_not_hide_the_rest() -> None:
    class Deaf:
        def unconfirmed(self) -> tuple[str, ...]:
            message = "The subscriptions cannot be listed (AccessDenied)"
            raise NotifierError(message)

    office = busy()
    office.notifier = Deaf()  # type: ignore[assignment]
    shown = office.run("status").stdout
    assert "Who gets the alerts is not known: The subscriptions cannot be listed" in shown
    assert "prod-api" in shown


def test_a_key_cannot_forge_the_page_by_its_name() -> None:
    evil = "x[/bold]\x1b[2J\nBudget Guard: all is well [link=https://evil.example]here[/link]"
    budget = Budget("each", {DAILY: Decimal(5)}, per_key=True, hold=ALWAYS)
    office = Office(names=(evil,), budgets=(budget,))
    office.guard.cycle()
    office.pass_(1)
    for arguments in (("status",), ("status", office.hash(evil)[:8])):
        result = office.run(*arguments)
        assert result.exit_code == 0
        assert "\x1b" not in result.output
        assert "[/bold]" in result.output
        assert not any(line.startswith("Budget Guard:") for line in result.output.splitlines())


def test_long_lists_are_cut_and_counted() -> None:
    budget = Budget("each", {DAILY: Decimal(5)}, per_key=True, hold=ALWAYS)
    office = Office(names=tuple(f"k{number}" for number in range(14)), budgets=(budget,))
    office.guard.cycle()
    shown = office.run("status").stdout
    assert "Held keys (14)" in shown
    assert "and 4 more: see --json" in shown
    assert "and 9 more" in shown


def test_a_person_at_work_on_a_key_is_told_of() -> None:
    office = busy()
    office.pass_(5)
    office.account.patch_key(office.hash("dev-cid"), {"limit": Decimal(50)})
    office.cycle()
    page = office.run("status", "dev-cid").stdout
    assert "Not held: a person changed it" in page
    assert "let go" in page


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("dev-bob", "no budget asks for it yet"),
        ("dev-gil", "bob released it: a demo"),
        ("stray", "it is in no budget"),
    ],
)
def test_a_key_that_is_not_held_says_why(name: str, why: str) -> None:
    office = busy(
        names=("prod-api", "stray", *(f"dev-{n}" for n in ("ann", "bob", "cid", "gil"))),
        budgets=BUDGETS[:2],
    )
    assert f"Not held: {why}" in office.run("status", name).stdout


def test_a_deleted_key_says_so() -> None:
    office = busy()
    office.account.delete_key(office.hash("dev-fay"))
    office.cycle()
    digits = next(k for k, one in office.ledger.observations().items() if one.gone_at)[:10]
    assert "it was deleted before 2026-11-18 09:17 UTC" in office.run("status", digits).stdout


def test_a_key_of_a_stale_workspace_and_one_under_way() -> None:
    office = busy()
    office.spend("dev-eve", "4.9")
    office.pass_(5)
    office.guard.poll()
    assert "Not held: about to be: dev-eve" in office.run("status", "dev-eve").stdout
    office.pass_(20)
    assert "nothing new is known of its workspace, so" in office.run("status", "dev-dan").stdout


def test_a_key_that_its_own_limit_stops_is_not_the_guards_doing() -> None:
    office = Office(budgets=BUDGETS[2:])
    office.guard.cycle()
    office.spend("prod-api", "50")
    office.cycle()
    shown = office.run("status", "prod-api").stdout
    assert "no budget asks for it yet; its own limit is spent" in shown


def test_a_protected_key_says_so() -> None:
    office = busy()
    safe = frozenset({office.hash("dev-dan")})
    office.guard.policy = replace(office.guard.policy, protect=safe)
    office.cycle()
    assert "Not held: the budgets file protects it" in office.run("status", "dev-dan").stdout


def test_what_is_not_done_yet_and_what_cannot_be_done_is_told() -> None:
    office = busy()
    office.spend("dev-eve", "4.9")
    office.pass_(5)
    office.guard.chain(office.guard.poll, office.guard.evaluate)
    hold = office.ledger.hold(office.hash("dev-cid"))
    assert hold
    refused = Refusals(5, office.now, office.now, "403: no", for_good=True)
    office.ledger.save(replace(hold, refusals=refused))
    shown = flat(office.run("status").stdout)
    # dev-gil's release needs nothing: it is not held.
    assert "Not done yet (1) dev-eve: dev-eve, in developers, spent 4.90" in shown
    assert "cannot be changed: 403: no" in shown
    assert "cannot be changed: 403: no" in flat(office.run("status", "dev-cid").stdout)


def test_a_fence_that_was_sent_and_not_answered_is_shown() -> None:
    office = busy()
    hold = office.ledger.hold(office.hash("dev-cid"))
    assert hold
    assert hold.confirmed
    sent = Intent("i", hold.confirmed.settings, office.now, "spent", "run")
    bare = replace(hold, confirmed=None, confirmed_at=None, intents=(sent,))
    office.ledger.save(bare, replace(bare, key="f" * 64))
    shown = flat(office.run("status").stdout)
    assert "fence 5.00 USD daily, sent; its own: no limit" in shown
    assert "nothing is known of the key; its fence stays" in shown


def test_a_long_trail_is_cut_and_counted() -> None:
    office = busy()
    (change,) = office.ledger.audit(office.hash("dev-cid"))
    office.ledger.save(*(replace(change, id=f"a{number}") for number in range(12)))
    assert "and 3 more: see --json" in office.run("status", "dev-cid").stdout


@pytest.mark.parametrize("text", ["nobody", "abc", ""])
def test_an_unknown_key_is_refused_with_what_helps(text: str) -> None:
    result = busy().run("status", text)
    assert result.exit_code == 2
    assert "at least 6 digits" in " ".join(result.stderr.split())


def test_a_name_means_the_key_that_has_it_now() -> None:
    office = Office(names=("twin",), budgets=BUDGETS[2:])
    office.guard.cycle()
    office.account.delete_key(office.hash("twin"))
    office.account.create_key({"name": "twin", "limit": 7})
    office.cycle()
    assert "7.00 USD in its lifetime" in office.run("status", "twin").stdout


def test_a_name_that_two_keys_have_is_refused_with_both() -> None:
    office = Office(names=("prod-api", "twin", "twin"))
    office.guard.cycle()
    result = office.run("status", "twin")
    assert result.exit_code == 2
    for key in office.account.keys.values():
        assert (key.hash[:16] in result.stderr) == (key.name == "twin")


def test_a_mode_that_observes_leaves_keys_alone() -> None:
    office = Office(mode=Mode.OBSERVE)
    office.guard.cycle()
    assert "Not held: the budgets file says mode: observe" in office.run("status", "dev-ann").stdout
