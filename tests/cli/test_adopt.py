"""`budget-guard adopt`: a key's plaintext into a secret, scriptable, and shown to nobody."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from budget_guard.cli.plaintext import LONGEST, ask_hidden, read_plaintext
from budget_guard.domain.errors import RequestError, SettingsError
from budget_guard.domain.keys import Key, Limit, Settings
from budget_guard.domain.money import MICRO
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.faults import Fault
from budget_guard.use_cases.rotation.naming import claimed
from tests.cli import adopted
from tests.cli.adopted import adopt, lineage, plaintext
from tests.cli.desk import TEAM_KEYS, TEAMS, Office, flat, golden
from tests.domain.builders import DAY, HOUR, usd

EVERYTHING = RotationRule(every=30 * DAY)


@pytest.fixture
def office() -> Office:
    return adopted.office()


def new(office: Office, name: str) -> Settings:
    return office.account.keys[office.hash(name)].terms.settings


def test_a_key_is_adopted_and_how_to_read_it_is_said(office: Office) -> None:
    result = adopt(office)
    assert result.exit_code == 0
    golden("adopt.txt", result.stdout, office)
    made = lineage(office)
    assert made.every == 30 * DAY
    assert office.vault.schedules == {made.secret: 30 * DAY}
    kept = office.vault.current(made.secret)
    assert kept is not None
    assert kept.api_key.get_secret_value() == plaintext(office, "prod-api")
    assert plaintext(office, "prod-api") not in result.output
    assert "user/ann put it under rotation" in flat(office.run("status", "prod-api").stdout)


def test_fifty_keys_are_adopted_by_a_script_and_again_by_the_next(office: Office) -> None:
    names = [f"prod-{number}" for number in range(50)]
    for name in names:
        office.account.create_key({"name": name})
    office.cycle()
    for _ in range(2):
        assert [adopt(office, name).exit_code for name in names] == [0] * 50
    assert len(office.ledger.lineages()) == len(office.vault.schedules) == 50
    assert not office.ledger.rotations()
    assert not office.vault.rotations


def test_a_key_without_a_rule_is_adopted_and_says_which_line_is_missing(office: Office) -> None:
    result = adopt(office, "dev-ann")
    assert result.exit_code == 0
    assert 'rotation: [{keys: ["dev-ann"], every: 30d}]' in result.stdout
    assert lineage(office, "dev-ann").every is None
    assert not office.vault.schedules
    told = json.loads(adopt(office, "dev-ann", "--json").stdout)
    assert (told["name"], told["every_hours"], told["first"]) == ("dev-ann", None, None)


def test_a_key_that_the_guard_may_not_touch_says_so(office: Office) -> None:
    office.deploy("protecting", protect=frozenset({office.hash("prod-api")}))
    office.guard.evaluate()
    shown = flat(adopt(office).stdout)
    assert "never at once; but not as long as the budgets file protects it" in shown


def test_the_schedule_follows_when_the_rule_is_there(office: Office) -> None:
    adopt(office, "dev-ann")
    office.deploy("with a rule", rotation=(EVERYTHING,))
    office.guard.evaluate()
    assert adopt(office, "dev-ann").exit_code == 0
    assert lineage(office, "dev-ann").every == 30 * DAY


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "No plaintext came on standard input"),
        ("\n", "No plaintext came on standard input"),
        ("one two", "is not one key"),
        ("sk-or-v1-né", "is not one key"),
        ("x" * (LONGEST + 1), "is not one key"),
        ("sk-or-v1-made-up", "This is the plaintext of no key that can be used here"),
    ],
)
def test_what_is_no_plaintext_is_refused_and_not_quoted(
    office: Office, given: str, told: str
) -> None:
    result = office.run("adopt", "prod-api", answer=given)
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not given.strip() or given not in result.output
    assert not office.ledger.lineages()


def test_another_key_s_plaintext_is_refused(office: Office) -> None:
    result = office.run("adopt", "prod-api", answer=plaintext(office, "dev-ann"))
    assert result.exit_code == 2
    assert "This is not the plaintext of prod-api" in flat(result.stderr)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "say which key, or --new NAME"),
        (("prod-api", "--new", "x"), "say which key, or --new NAME"),
        (("prod-api", "--limit", "5"), "that is for --new"),
        (("--new", "x", "--reset", "daily"), "give --limit too"),
        (("--new", "x", "--expires", "2026-11-18"), "--expires is past (2026-11-18 00:00 UTC)"),
        (("--new", "x", "--workspace", "nowhere"), "There is no workspace 'nowhere'"),
        (("--new", "prod-api"), "There is a key 'prod-api' already"),
        (("nobody",), "has seen no key 'nobody'"),
    ],
)
def test_what_cannot_be_adopted_is_refused(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    result = office.run("adopt", *arguments, answer="sk-or-v1-x")
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not office.ledger.lineages()


def test_a_name_that_successors_have_already_is_refused_with_the_way_out(office: Office) -> None:
    adopt(office)
    office.account.create_key({"name": "prod-api #2"})
    office.cycle()
    second = adopt(office, "prod-api #2")
    shown = flat(second.stderr)
    assert second.exit_code == 2
    assert "prod-api #2 was not put under rotation: its successors would be named prod-api" in shown
    assert f"which the secret {lineage(office).secret} holds" in shown
    assert "Rename this key at OpenRouter first; or, if nobody needs the other one" in shown
    made = office.run("adopt", "--new", "prod-api #5")
    assert made.exit_code == 2
    assert "Give the new key another name; or" in flat(made.stderr)
    assert len(office.ledger.lineages()) == 1


def test_while_somebody_takes_a_name_another_waits(office: Office) -> None:
    key = Key("", "prod-batch", office.account.workspaces.default)
    with claimed(key, office.ledger, run="somebody's", now=office.now):
        result = office.run("adopt", "--new", "prod-batch")
    assert result.exit_code == 2
    assert "A key of the name prod-batch is being put under rotation just now" in flat(
        result.stderr
    )
    assert office.run("adopt", "--new", "prod-batch").exit_code == 0


def test_a_plaintext_as_an_argument_is_refused_and_not_quoted(office: Office) -> None:
    secret = plaintext(office, "prod-api")
    result = office.run("adopt", secret, answer="")
    assert result.exit_code == 2
    assert "arguments can be read by others" in flat(result.stderr)
    assert secret not in result.output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_the_plaintext_is_asked_for_unseen() -> None:
    given = read_plaintext(Terminal("not read"), lambda: " sk-or-v1-typed ")
    assert given == SecretStr("sk-or-v1-typed")
    with pytest.raises(RequestError, match="No plaintext"):
        read_plaintext(Terminal(), lambda: "")
    with CliRunner().isolation(input="sk-or-v1-typed\n") as (out, *_):
        assert ask_hidden() == "sk-or-v1-typed"
        assert b"typed" not in out.getvalue()


@pytest.mark.parametrize(
    ("every", "told"),
    [(DAY, "every day,"), (36 * HOUR, "every 36 hours,"), (2 * DAY, "every 2 days,")],
)
def test_a_schedule_is_said_as_people_say_it(every: timedelta, told: str) -> None:
    office = adopted.office(rotation=(RotationRule(every=every),))
    assert f"it is rotated {told}" in flat(adopt(office).stdout)


def test_a_new_key_is_made_and_adopted_and_nobody_sees_it(office: Office) -> None:
    result = office.run("adopt", "--new", "prod-batch", "--limit", "20", "--reset", "weekly")
    assert result.exit_code == 0
    golden("adopt-new.txt", result.stdout, office)
    assert new(office, "prod-batch") == Settings(Limit(usd(20), Window.WEEKLY))
    assert len(office.starter.starts) == 1
    assert plaintext(office, "prod-batch") not in result.output


def test_a_new_key_that_nothing_bounds_says_so(office: Office) -> None:
    assert "NOTHING bounds" in office.run("adopt", "--new", "prod-batch").stdout


def test_a_new_key_under_a_budget_may_spend_nothing_before_it_has_its_share() -> None:
    office = adopted.office(budgets=TEAMS, names=TEAM_KEYS, rotation=(EVERYTHING,))
    shown = flat(office.run("adopt", "--new", "search-new").stdout)
    assert "gives it its share of search, both" in shown
    assert new(office, "search-new").limit == Limit(MICRO)
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.cycle()
    office.cycle()
    share = new(office, "search-new").limit.amount
    assert share is not None
    assert 1 < share < 100
    assert office.spend("search-new", "1")
    office.run("release", "search-new", "--reason", "a demo")
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    assert new(office, "search-new") == Settings()


def test_a_new_key_that_only_a_late_hold_is_for_gets_what_was_asked_for(office: Office) -> None:
    office.run("adopt", "--new", "dev-zed", "--limit", "10", "--reset", "daily")
    assert new(office, "dev-zed").limit == Limit(MICRO)
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    assert new(office, "dev-zed") == Settings(Limit(usd(10), Window.DAILY))


def test_a_new_key_with_an_end_keeps_it(office: Office) -> None:
    office.run("adopt", "--new", "prod-batch", "--limit", "5", "--expires", "2027-01-01")
    made = office.account.keys[office.hash("prod-batch")]
    assert f"{made.expires_at:%Y-%m-%d}" == "2027-01-01"


def test_without_a_workspace_seen_there_is_none_to_make_a_key_in() -> None:
    result = Office().run("adopt", "--new", "prod-batch")
    assert result.exit_code == 2
    assert "has seen no workspace yet" in flat(result.stderr)


def test_of_several_workspaces_one_must_be_named(office: Office) -> None:
    office.account.workspaces.add("Research", office.now)
    office.cycle()
    result = office.run("adopt", "--new", "prod-batch")
    assert result.exit_code == 2
    assert "Say in which workspace, with --workspace ID: there are" in flat(result.stderr)
    assert office.run("adopt", "--new", "prod-batch", "--workspace", "Research").exit_code == 0


def test_a_key_that_is_being_rotated_waits(office: Office) -> None:
    adopt(office)
    with adopted.rotating_now(office):
        result = adopt(office)
    assert result.exit_code == 2
    assert "is being rotated, or looked after, just now" in flat(result.stderr)


def test_a_lost_answer_leaves_no_key_behind(office: Office) -> None:
    fault: Any = {"method": "POST", "path": "/keys", "drop": True}
    office.guard.faults.add(Fault(**fault))
    assert office.run("adopt", "--new", "prod-batch").exit_code == 2
    assert not office.ledger.lineages()
    assert office.run("adopt", "--new", "prod-batch").exit_code == 0


def test_an_evaluation_that_does_not_start_is_told(office: Office) -> None:
    office.starter.failing = SettingsError("The function Evaluate could not be started")
    shown = office.run("adopt", "--new", "dev-zed").stdout
    assert "counts from the next evaluation" in flat(shown)
