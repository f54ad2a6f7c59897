"""`budget-guard test-alert`: the way real alerts go, and who is at its end."""

import pytest

from budget_guard.domain.alerts import Kind
from tests.cli.desk import Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_test_alert_goes_out_and_names_who_gets_it(office: Office) -> None:
    office.notifier.subscribed = ["on-call@example.com", "arn:aws:sqs:eu-central-1:1:pager"]
    result = office.run("test-alert")
    assert result.exit_code == 0
    (alert,) = office.notifier.alerts
    assert alert.kind is Kind.TEST
    assert "sent by user/ann" in alert.entries[0].text
    assert alert.event_id in result.stdout
    for endpoint in office.notifier.subscribed:
        assert f"goes to        {endpoint}" in result.stdout


def test_whoever_did_not_confirm_is_named_with_the_way_to_do_so(office: Office) -> None:
    office.notifier.pending = ["bob@example.com"]
    result = office.run("test-alert", "--by", "[red]eve")
    assert result.exit_code == 0
    assert "not confirmed  bob@example.com" in result.stdout
    assert (
        f"aws sns subscribe --protocol email --topic-arn {office.deployment.topic} "
        "--notification-endpoint bob@example.com" in result.stdout
    )
    assert "[red]eve" in office.notifier.alerts[0].entries[0].text


def test_that_nobody_gets_it_is_a_failure(office: Office) -> None:
    office.notifier.subscribed = []
    result = office.run("test-alert")
    assert result.exit_code == 1
    assert "Nobody gets alerts." in result.stdout
    assert "--notification-endpoint ADDRESS" in result.stdout


def test_that_sns_does_not_take_it_is_told_without_a_trace(office: Office) -> None:
    office.notifier.failing = 1
    result = office.run("test-alert")
    assert result.exit_code == 2
    assert "was told to fail" in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
