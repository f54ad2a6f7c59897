"""What each function does when something that it needs is missing or down."""

from datetime import timedelta
from pathlib import Path

import pytest
from botocore.stub import Stubber

from budget_guard.domain.alerts import Kind
from budget_guard.domain.errors import (
    BudgetsFileError,
    GuardError,
    NotifierError,
    SettingsError,
)
from budget_guard.handlers import runtime
from budget_guard.sandbox.openrouter import Fault
from budget_guard.use_cases.leases import Lease
from tests.handlers.deployment import ANY_KEY, HANDLERS, Deployment

DOWN = Fault(status=503, times=99)
TOO_LITTLE_TO_RETRY = 20.0
"""Seconds of a run: after its reserve, no wait for OpenRouter fits."""


@pytest.mark.parametrize(
    ("function", "variables"),
    [
        ("poll_usage", {"TABLE_NAME", "EVALUATE_FUNCTION_NAME", "OPENROUTER_BASE_URL"}),
        (
            "evaluate",
            {"ALERTS_TOPIC_ARN", "ENFORCE_FUNCTION_NAME", "ROTATE_FUNCTION_NAME", "STACK_NAME"},
        ),
        ("enforce", {"MANAGEMENT_KEY_SECRET_ARN", "OPENROUTER_BASE_URL"}),
        ("rotate", {"MANAGEMENT_KEY_SECRET_ARN", "OPENROUTER_BASE_URL"}),
    ],
)
def test_every_missing_variable_is_named(
    function: str, variables: set[str], guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in variables:
        monkeypatch.delenv(variable)
    with pytest.raises(SettingsError) as raised:
        guard.run(function)
    named = {word for word in str(raised.value).split() if word.isupper()}
    assert named == variables


def test_an_address_that_is_none_is_named(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", "openrouter.ai")
    with pytest.raises(SettingsError, match="OPENROUTER_BASE_URL"):
        guard.run("poll_usage")


def test_without_a_management_key_runs_end_well_and_say_what_to_do(guard: Deployment) -> None:
    guard.chain()
    (warning,) = guard.output.warnings
    assert f"aws secretsmanager put-secret-value --secret-id {guard.secret}" in warning
    assert "Traceback" not in guard.output.text
    assert len(guard.output.metrics("RunsFinished")) == 2
    report = guard.ledger.poll_report()
    assert report is not None
    assert report.needs_hands


def test_the_missing_key_is_asked_for_once_and_its_coming_told(guard: Deployment) -> None:
    for _ in range(3):
        guard.chain()
        guard.account.clock.advance(timedelta(minutes=5))
    (asked,) = guard.alerts()
    assert asked.kind is Kind.BLIND
    assert "put-secret-value" in asked.entries[0].text
    guard.put_key()
    guard.chain()
    (told,) = guard.alerts()
    assert (told.kind, told.incidents) == (Kind.RESOLVED, asked.incidents)


@pytest.mark.parametrize("credential", ["an inference key", "an unknown key"])
def test_a_key_of_the_wrong_kind_is_asked_about_and_not_shown(
    credential: str, guard: Deployment
) -> None:
    plaintext, _ = guard.new_key()
    guard.put_key(plaintext if credential == "an inference key" else f"{ANY_KEY}v1-revoked")
    guard.chain()
    (warning,) = guard.output.warnings
    assert "management key" in warning
    (alert,) = guard.alerts()
    assert alert.kind is Kind.BLIND
    assert ANY_KEY not in alert.model_dump_json()
    assert plaintext not in guard.everything_stored()


def test_a_key_taken_away_before_enforce_leaves_the_wish_open(guard: Deployment) -> None:
    _, key = guard.new_key(spent="9.5")
    guard.put_key()
    guard.run("poll_usage")
    guard.run("evaluate")
    guard.put_key("not-set")
    assert guard.run("enforce") == {"outcome": "no management key"}
    assert "no management key in it yet" in guard.output.warnings[0]
    assert key in guard.ledger.wishes()


def test_while_openrouter_is_down_a_poll_fails_but_evaluate_was_started(
    guard: Deployment,
) -> None:
    guard.put_key()
    guard.api.faults.add(DOWN)
    with pytest.raises(GuardError, match="503"):
        guard.run("poll_usage", seconds=TOO_LITTLE_TO_RETRY)
    assert [name for name, _ in guard.starts] == ["evaluate"]
    assert not guard.output.metrics("RunsFinished")


def test_one_workspace_that_cannot_be_read_fails_the_poll_after_the_start(
    guard: Deployment,
) -> None:
    guard.put_key()
    guard.api.faults.add(Fault(path="/keys", status=500, times=99))
    with pytest.raises(GuardError, match="workspace Default"):
        guard.run("poll_usage", seconds=TOO_LITTLE_TO_RETRY)
    assert [name for name, _ in guard.starts] == ["evaluate"]


def test_while_secrets_manager_is_busy_a_poll_fails_but_evaluate_was_started(
    guard: Deployment,
) -> None:
    with Stubber(runtime.client("secretsmanager")) as stub:
        stub.add_client_error("get_secret_value", "ThrottlingException")
        with pytest.raises(GuardError, match="ThrottlingException"):
            guard.run("poll_usage")
    assert [name for name, _ in guard.starts] == ["evaluate"]
    report = guard.ledger.poll_report()
    assert report is not None
    assert not report.needs_hands


def test_a_start_that_fails_is_an_error_after_all_is_recorded(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.put_key()
    monkeypatch.setenv("EVALUATE_FUNCTION_NAME", "nowhere")
    with pytest.raises(SettingsError, match="nowhere"):
        guard.run("poll_usage")
    assert guard.ledger.poll_report() is not None


@pytest.mark.parametrize(
    ("function", "lease"),
    [("poll_usage", "poll"), ("evaluate", "evaluate"), ("enforce", "enforce")],
)
def test_a_run_that_another_keeps_out_ends_well(
    function: str, lease: str, guard: Deployment
) -> None:
    guard.new_key(spent="9.5")
    guard.put_key()
    guard.run("poll_usage")
    guard.run("evaluate")
    started = len(guard.starts)
    now = guard.account.clock.now
    guard.ledger.acquire(Lease(lease, "another", now + timedelta(minutes=1)), now=now)
    summary = guard.run(function)
    assert summary["outcome"] == "another run is at work"
    assert lease in summary["lease"]
    assert guard.output.metrics("RunsFinished")[-1][1]["function"] == function
    assert len(guard.starts) == started
    assert not guard.account.books.changes


@pytest.mark.parametrize("function", ["evaluate", "enforce"])
@pytest.mark.parametrize("text", [None, "", "{", '{"mode": "enforce"}'])
def test_budgets_that_cannot_be_used_are_an_error_and_nothing_is_done(
    function: str, text: str | None, guard: Deployment, budgets: Path
) -> None:
    budgets.unlink() if text is None else budgets.write_text(text)
    with pytest.raises(BudgetsFileError, match="nothing was done"):
        guard.run(function)
    assert not guard.starts


def test_an_alert_that_sns_refuses_stays_pending_and_the_run_fails(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.new_key(spent="9.5")
    guard.put_key()
    guard.run("poll_usage")
    monkeypatch.setenv("ALERTS_TOPIC_ARN", f"{guard.topic}-gone")
    with pytest.raises(NotifierError, match="stays pending"):
        guard.run("evaluate")
    (pending,) = guard.ledger.unsent()
    assert [name for name, _ in guard.starts] == ["evaluate", "enforce"]
    monkeypatch.setenv("ALERTS_TOPIC_ARN", guard.topic)
    guard.run("evaluate")
    assert [alert.event_id for alert in guard.alerts()] == [pending.event_id]
    assert not guard.ledger.unsent()


@pytest.mark.parametrize("function", HANDLERS)
def test_a_ledger_that_is_not_there_is_an_error(
    function: str, guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "nowhere")
    with pytest.raises(SettingsError, match="nowhere"):
        guard.run(function)
