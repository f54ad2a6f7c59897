"""`budget-guard grant`: more money at once, by somebody, for a reason, until a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from budget_guard.domain.errors import SettingsError
from budget_guard.domain.windows import Window
from tests.cli.desk import Office

WHY = ("--reason", "launch")


@pytest.fixture
def office() -> Office:
    """Return an office where dev-cid is stopped at its 5 USD."""
    office = Office()
    office.guard.cycle()
    office.spend("dev-cid", "5")
    office.cycle()
    office.guard.evaluate()
    return office


def test_a_grant_is_written_told_and_evaluated_at_once(office: Office) -> None:
    result = office.run("grant", "developers", "12.50", "--key", "dev-cid", "--for", "4h", *WHY)
    assert result.exit_code == 0
    (grant,) = office.ledger.grants()
    assert (grant.budget, grant.key) == ("developers", office.hash("dev-cid"))
    assert (grant.amount, grant.reason, grant.by) == (Decimal("12.50"), "launch", "user/ann")
    assert (grant.begins, grant.ends) == (office.now, office.now + timedelta(hours=4))
    assert "today: 5.00 -> 17.50 USD, 12.50 left until 00:00 UTC" in result.stdout
    assert grant.id in result.stdout
    (start,) = office.starter.starts
    assert start.time == office.now


def test_the_key_is_let_go_by_the_evaluation_that_it_starts(office: Office) -> None:
    assert not office.spend("dev-cid", "1")
    office.run("grant", "developers", "10", "--key", "dev-cid", "--for", "4h", *WHY)
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    assert office.spend("dev-cid", "1")


def test_each_cap_of_a_budget_is_lifted_and_told(office: Office) -> None:
    result = office.run("grant", "prod-api", "20", "--until", "2026-11-18T18:00Z", *WHY)
    assert "today: 100.00 -> 120.00 USD" in result.stdout
    assert "this month: 1500.00 -> 1520.00 USD" in result.stdout
    assert "prod-api, by its own limit, spent 0.00 of 50.00 USD today" in result.stdout
    assert office.ledger.grants()[0].ends == datetime(2026, 11, 18, 18, tzinfo=UTC)


def test_somebody_else_can_be_named(office: Office) -> None:
    office.run("grant", "prod-api", "20", "--for", "1d", "--by", "bob", *WHY)
    assert office.ledger.grants()[0].by == "bob"


def test_a_grant_that_cannot_be_evaluated_at_once_is_kept_and_says_so(office: Office) -> None:
    office.starter.failing = SettingsError("The function Evaluate could not be started")
    result = office.run("grant", "prod-api", "20", "--for", "30m", *WHY)
    assert result.exit_code == 0
    assert office.ledger.grants()
    assert "counts from the next evaluation" in result.stdout
    assert "could not be started" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("prod-apy", "20", "--for", "4h"), "did you mean prod-api?"),
        (("zzz", "20", "--for", "4h"), "there are prod-api, developers, everything"),
        (("developers", "20", "--for", "4h"), "say which with --key"),
        (("prod-api", "20", "--for", "4h", "--key", "prod-api"), "grant it without --key"),
        (("developers", "20", "--for", "4h", "--key", "prod-api"), "is not in the budget"),
        (("prod-api", "20", "--until", "2026-11-18T09:05:00Z"), "is not in the future"),
        (("prod-api", "0", "--for", "4h"), "is not an amount in USD above 0"),
        (("prod-api", "--", "-5"), "is not an amount in USD above 0"),
        (("prod-api", "1e3", "--for", "4h"), "is not an amount in USD above 0"),
        (("prod-api", "NaN", "--for", "4h"), "is not an amount in USD above 0"),
        (("prod-api", "20", "--for", "4"), "is not a span of time"),
        (("prod-api", "20", "--until", "tonight"), "is not a time such as"),
        (("prod-api", "20", "--until", "2026-11-20", "--for", "1h"), "not both"),
        (("prod-api", "20"), "say how much, and until when"),
        (("prod-api", "--for", "4h"), "say how much, and until when"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_the_way_out(
    office: Office, arguments: tuple[str, ...], told: str
) -> None:
    result = office.run("grant", *WHY, *arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output
    assert not office.ledger.grants()
    assert not office.starter.starts


@pytest.mark.parametrize("reason", [(), ("--reason", " \x1b[2J ")])
def test_a_grant_needs_a_reason_that_can_be_read(office: Office, reason: tuple[str, ...]) -> None:
    result = office.run("grant", "prod-api", "20", "--for", "4h", *reason)
    assert result.exit_code == 2
    assert "say why with --reason" in result.stderr


def test_before_any_evaluation_there_is_nothing_to_grant() -> None:
    result = Office().run("grant", "prod-api", "20", "--for", "4h", *WHY)
    assert result.exit_code == 2
    assert "has not evaluated a budgets file yet" in result.stderr


def test_a_grant_can_be_ended_and_what_was_spent_of_it_stays(office: Office) -> None:
    office.run("grant", "developers", "10", "--key", "dev-cid", "--for", "4h", *WHY)
    office.guard.chain(office.guard.evaluate, office.guard.enforce)
    office.spend("dev-cid", "3")
    office.cycle()
    (grant,) = office.ledger.grants()
    result = office.run("grant", "developers", "--end", grant.id[:6])
    assert result.exit_code == 0
    assert office.ledger.grants()[0].ends == office.now
    assert len(office.starter.starts) == 2
    report = office.guard.evaluate()
    assert report is not None
    assert office.run("grant", "developers", "--end", grant.id[:6]).exit_code == 2
    cap = next(one.cap for one in report.plan.constraints if one.subject == grant.key)
    assert cap == Decimal(8)
    assert office.ledger.grants()[0].settled[Window.DAILY] == Decimal(8)


@pytest.mark.parametrize("name", ["", "ffff"])
def test_ending_a_grant_that_is_not_there_names_those_that_are(office: Office, name: str) -> None:
    office.run("grant", "prod-api", "10", "--for", "4h", *WHY)
    result = office.run("grant", "prod-api", "--end", name)
    assert result.exit_code == 2
    assert office.ledger.grants()[0].id in result.stderr
    assert "none" in office.run("grant", "everything", "--end", name).stderr
