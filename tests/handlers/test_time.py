"""When a run thinks it is, and what it waits for around midnight."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from budget_guard.domain.errors import SettingsError
from budget_guard.handlers import runtime
from budget_guard.handlers.runtime import run_of, seconds_until
from tests.handlers.deployment import Context, Deployment

CONTEXT: Any = Context()
NOW = datetime(2026, 11, 18, 9, 1, 7, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "clock", lambda: NOW)


@pytest.mark.parametrize(
    "time", ["2026-11-18T08:00:00Z", "2026-11-18T08:00:00+00:00", "2026-11-18T10:00:00+02:00"]
)
def test_the_events_time_is_the_runs(time: str) -> None:
    run = run_of({"time": time, "run": "nightly"}, CONTEXT)
    assert (run.id, run.at) == ("nightly", datetime(2026, 11, 18, 8, tzinfo=UTC))
    assert run.at.tzinfo is UTC
    assert run.began == NOW


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"time": None, "run": None},
        {"time": "", "run": ""},
        {"time": "<aws.scheduler.scheduled-time>", "run": "<aws.scheduler.execution-id>"},
    ],
)
def test_without_a_time_it_is_now_and_the_request_names_the_run(event: dict[str, Any]) -> None:
    run = run_of(event, CONTEXT)
    assert (run.id, run.at) == ("request-1", NOW)


@pytest.mark.parametrize("time", ["yesterday", "2026-11-18T08:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_an_error(time: str) -> None:
    with pytest.raises(SettingsError, match=f"{time}.*nothing was done"):
        run_of({"time": time}, CONTEXT)


@pytest.mark.parametrize(
    ("event", "field"), [({"time": 5}, "time"), ({"run": "r" * 201}, "run"), ({"run": {}}, "run")]
)
def test_an_event_of_another_form_is_an_error_that_names_the_field(
    event: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingsError, match=rf"cannot be used \({field}\)"):
        run_of(event, CONTEXT)


def test_something_that_is_no_object_is_an_error_too() -> None:
    event: Any = []
    with pytest.raises(SettingsError, match="cannot be used"):
        run_of(event, CONTEXT)


def test_two_deliveries_of_one_event_are_two_runs() -> None:
    first, second = (run_of({"run": "nightly"}, CONTEXT) for _ in range(2))
    assert first.token != second.token


@pytest.mark.parametrize(
    ("at", "wait"),
    [
        (MIDNIGHT, 20.0),
        (MIDNIGHT + timedelta(seconds=19, milliseconds=500), 0.5),
        (MIDNIGHT + timedelta(seconds=20), 0.0),
        (MIDNIGHT + timedelta(hours=12), 0.0),
        (MIDNIGHT - timedelta(seconds=1), 0.0),
    ],
)
def test_a_wait_is_until_so_far_into_the_day(at: datetime, wait: float) -> None:
    assert seconds_until(timedelta(seconds=20), at) == wait


def go_to(guard: Deployment, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    guard.account.clock.set(at)
    monkeypatch.setattr(runtime, "clock", lambda: guard.account.clock.now)


@pytest.mark.parametrize(("second", "wait"), [(5, 15.0), (20, 0.0)])
def test_evaluate_waits_until_the_day_has_surely_begun(
    second: int, wait: float, guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_to(guard, MIDNIGHT + timedelta(seconds=second), monkeypatch)
    guard.run("evaluate", {"time": MIDNIGHT.isoformat()})
    assert guard.slept == [wait]


def test_a_poll_in_the_days_first_minute_is_left_to_the_next(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.put_key()
    go_to(guard, MIDNIGHT + timedelta(seconds=46), monkeypatch)
    assert guard.run("poll_usage")["outcome"].startswith("left to the next poll")
    assert guard.ledger.poll_report() is None
    assert not guard.slept
    assert not guard.starts


def test_a_poll_soon_before_the_minute_is_over_waits_for_its_end(
    guard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.new_key()
    guard.put_key()
    go_to(guard, MIDNIGHT + timedelta(seconds=47), monkeypatch)
    assert guard.run("poll_usage")["keys"] == 1
    assert guard.slept == [15.0]
