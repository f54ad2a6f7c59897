"""After `cdk deploy`, before anybody put a management key: the schedules start, and people hear."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain.alerts import Kind
from budget_guard.sandbox.stage import Stage, put_key
from tests.e2e.watching import finished, logged, records

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

PATIENCE = 100.0
"""Seconds: a minute until the schedule is due, the emulator's tick, three cold starts."""


@dataclass(frozen=True, slots=True)
class FirstHour:
    """What was heard and logged while there was no key, and once it was put."""

    blind: list[AlertEvent]
    resolved: list[AlertEvent]
    log: list[str]
    secret: str

    def runs(self, function: str) -> list[dict[str, Any]]:
        return finished(records(self.log), function)


@contextmanager
def switched_on(on: Stage, *names: str) -> Iterator[None]:
    """Enable schedules as an operator would; off again at the end."""
    scheduler: EventBridgeSchedulerClient = on.aws.client("scheduler")
    group = on.outputs["ScheduleGroupName"]

    def switch(state: Literal["ENABLED", "DISABLED"]) -> None:
        for listed in scheduler.list_schedules(GroupName=group)["Schedules"]:
            found: Any = scheduler.get_schedule(GroupName=group, Name=listed["Name"])
            if any(f"Schedules{name}" in listed["Name"] for name in names):
                kept = ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")
                told = {field: found[field] for field in kept}
                scheduler.update_schedule(**told, State=state)

    switch("ENABLED")
    try:
        yield
    finally:
        switch("DISABLED")


def awaited(on: Stage) -> list[AlertEvent]:
    """Return the next alerts to arrive, within a bound; none if there are none."""
    deadline = time.monotonic() + PATIENCE
    while not (heard := on.alerts()) and time.monotonic() < deadline:
        time.sleep(1)
    return heard


@pytest.fixture(scope="session")
def first_hour(deployed: Stage) -> FirstHour:
    with switched_on(deployed, "Poll", "Enforce"):
        blind = awaited(deployed)
    deployed.account.clock.set(datetime.now(UTC) + timedelta(minutes=1))
    put_key(deployed.aws, deployed.outputs, deployed.account.management_key or "")
    deployed.cycle()
    resolved = deployed.alerts()
    secret = deployed.outputs["ManagementKeySecretArn"]
    return FirstHour(blind, resolved, logged(deployed.aws), secret)


def by_schedule(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that no test started: they have the name that the emulator gave them."""
    return [
        one for one in runs if not one["run"].startswith(("PollUsage-", "Evaluate-", "Enforce-"))
    ]


def test_the_schedule_starts_the_poll_and_the_poll_the_evaluation(first_hour: FirstHour) -> None:
    polls, evaluations = by_schedule(first_hour.runs("PollUsage")), first_hour.runs("Evaluate")
    assert polls
    assert {one["run"] for one in polls} <= {one["run"] for one in evaluations}


def test_without_a_key_people_hear_which_command_is_missing(first_hour: FirstHour) -> None:
    (alert,) = first_hour.blind
    (entry,) = alert.entries
    assert alert.kind is Kind.BLIND
    assert "has no management key in it yet" in entry.text
    command = f"aws secretsmanager put-secret-value --secret-id {first_hour.secret}"
    assert command in entry.text


def test_without_a_key_every_run_ends_well(first_hour: FirstHour) -> None:
    levels = {one["level"] for one in records(first_hour.log)}
    assert levels == {"INFO", "WARNING"}
    assert [line for line in first_hour.log if "Traceback" in line or "[ERROR]" in line] == []


def test_once_the_key_is_put_the_next_run_takes_the_alarm_back(first_hour: FirstHour) -> None:
    (alert,) = first_hour.resolved
    assert alert.kind is Kind.RESOLVED
    assert alert.incidents == first_hour.blind[0].incidents
