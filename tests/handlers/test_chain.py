"""The three functions, each started by the one before, from a poll to a fence."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from budget_guard.adapters import policy_json
from budget_guard.adapters.budgets import yaml_file
from budget_guard.domain.alerts import Kind
from budget_guard.handlers.evaluation import MOST_BUDGETS
from budget_guard.sandbox.openrouter import Fault
from tests.handlers.deployment import EVENTS, Deployment, sample


@pytest.fixture
def fenced(guard: Deployment) -> str:
    """The hash of a key that one chain has fenced."""
    _, key = guard.new_key(spent="9.5")
    guard.put_key()
    assert list(guard.chain(sample("poll_usage.scheduled"))) == [
        "poll_usage",
        "evaluate",
        "enforce",
    ]
    return key


def test_a_poll_leads_to_a_fence(guard: Deployment, fenced: str) -> None:
    assert guard.account.keys[fenced].terms.settings.limit.amount == Decimal(10)
    hold = guard.ledger.hold(fenced)
    assert hold is not None
    assert hold.is_held


def test_a_change_is_one_log_line_with_its_reason_and_the_baseline(
    guard: Deployment, fenced: str
) -> None:
    (line,) = guard.output.logs("key applied")
    assert (line["key"], line["key_name"]) == (fenced, "prod")
    assert "spent 9.50 of 10.00 USD today" in line["reason"]
    assert (line["before"], line["after"]) == ("no limit", "10.00 USD daily")
    guard.chain()
    assert len(guard.output.logs("key applied")) == 1


def test_each_run_has_one_summary_with_its_name_and_logical_time(
    guard: Deployment, fenced: str
) -> None:
    polled, evaluated, enforced = guard.output.logs("run finished")
    started = {"run": "8f3c2a51d90e4b76", "time": "2026-11-18T09:01:00+00:00"}
    for line in (polled, evaluated, enforced):
        assert line | started == line
    assert (polled["keys"], polled["workspaces"]) == (1, 1)
    assert (evaluated["mode"], evaluated["wishes"], evaluated["stale"]) == ("enforce", 1, [])
    assert (enforced["done"], enforced["failed"], enforced["waiting"]) == (1, 0, 0)
    deployed = guard.ledger.deployed()
    assert deployed is not None
    assert evaluated["policy"] == enforced["policy"] == deployed.policy.hash


def test_each_finished_run_counts_by_its_function(guard: Deployment, fenced: str) -> None:
    assert guard.output.metrics("RunsFinished") == [
        (1, {"function": name, "service": "budget-guard"})
        for name in ("poll_usage", "evaluate", "enforce")
    ]


def test_held_keys_and_failures_are_counted(guard: Deployment, fenced: str) -> None:
    guard.run("evaluate")
    service = {"service": "budget-guard"}
    assert guard.output.metrics("KeysHeld") == [(0, service), (1, service)]
    assert guard.output.metrics("ActionsFailed") == [(0, service)]


def test_keys_with_a_budget_each_share_one_figure_the_highest(guard: Deployment) -> None:
    for name, spent in (("prod-a", "2"), ("prod-b", "9.5"), ("prod-c", "3")):
        guard.new_key(name, spent)
    guard.put_key()
    guard.chain()
    service = {"service": "budget-guard"}
    assert guard.output.metrics("SpendFraction") == [
        (95, {"budget": "each", "window": "daily", **service}),
        (pytest.approx(1.45), {"budget": "everything", "window": "monthly", **service}),
    ]


def test_only_so_many_budgets_have_metrics(guard: Deployment, budgets: Path) -> None:
    rows = "".join(
        f"  - {{name: b{n:02}, keys: ['*'], cap: {{daily: 10}}, hold: never}}\n" for n in range(60)
    )
    source = budgets.with_suffix(".yaml")
    source.write_text(f"mode: observe\nbudgets:\n{rows}")
    budgets.write_text(policy_json.dumps(yaml_file.load(source)))
    guard.new_key(spent="1")
    guard.put_key()
    guard.chain()
    shown = {where["budget"] for _, where in guard.output.metrics("SpendFraction")}
    assert shown == {f"b{n:02}" for n in range(MOST_BUDGETS)}


def test_an_alert_that_went_out_has_its_line(guard: Deployment, fenced: str) -> None:
    (alert,) = guard.alerts()
    assert alert.kind is Kind.THRESHOLD
    (line,) = guard.output.logs("alert sent")
    assert (line["kind"], line["event_id"], line["lines"]) == (alert.kind, alert.event_id, 1)


def test_a_change_that_openrouter_refuses_is_a_warning_and_a_count(guard: Deployment) -> None:
    guard.new_key(spent="9.5")
    guard.put_key()
    guard.api.faults.add(Fault(method="PATCH", status=400, message="no such thing"))
    assert guard.chain()["enforce"]["failed"] == 1
    (line,) = guard.output.logs("key failed")
    assert line["level"] == "WARNING"
    assert "no such thing" in line["reason"]
    assert [value for value, _ in guard.output.metrics("ActionsFailed")] == [1]


def test_functions_start_each_other_with_the_sample_events(guard: Deployment) -> None:
    guard.new_key(spent="9.5")
    guard.put_key()
    guard.account.clock.advance(timedelta(seconds=7))
    guard.run("poll_usage", sample("poll_usage.scheduled"))
    assert guard.starts == [("evaluate", sample("evaluate.started-by-poll"))]
    guard.run("evaluate", sample("evaluate.started-by-poll"))
    assert guard.starts[1:] == [("enforce", sample("enforce.started-by-evaluate"))]


@pytest.mark.parametrize(
    "name",
    sorted(
        path.stem
        for path in EVENTS.glob("*.json")
        if not path.stem.endswith((".url", ".create-secret"))
    ),
)
def test_every_sample_of_a_schedule_is_understood(name: str, guard: Deployment) -> None:
    guard.put_key()
    event, function = sample(name), name.split(".", maxsplit=1)[0]
    guard.run(function, event)
    (line,) = guard.output.logs("run finished")
    is_real = "placeholders" not in name
    assert line["run"] == (event["run"] if is_real else "request-1")
    time = event["time"].replace("Z", "+00:00") if is_real else guard.event()["time"]
    assert line["time"] == time


def test_without_work_enforce_is_not_started_and_asks_for_no_key(guard: Deployment) -> None:
    guard.put_key()
    assert list(guard.chain()) == ["poll_usage", "evaluate"]
    guard.put_key("not-set")
    assert guard.run("enforce")["wishes"] == 0
    assert not guard.output.warnings
