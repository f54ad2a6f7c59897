"""The sample events have the form in which the schedules start the functions."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

EVENTS = Path(__file__).parents[2] / "events"
ALL = sorted(EVENTS.glob("*.json"), key=lambda path: path.name)
OF_OTHERS = (".url", ".create-secret")
"""Sent by HTTP, and by Secrets Manager."""
SAMPLES = [path for path in ALL if not path.stem.endswith(OF_OTHERS)]


def read(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def inputs(template: Template) -> list[dict[str, Any]]:
    """Return what Scheduler is told to send, before it fills the placeholders in."""
    found = template.find_resources("AWS::Scheduler::Schedule").values()
    return [json.loads(one["Properties"]["Target"]["Input"]) for one in found]


def test_the_placeholders_are_those_that_every_schedule_has(template: Template) -> None:
    assert inputs(template) == [read("poll_usage.placeholders")] * 5


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_has_the_fields_that_schedules_send(path: Path, template: Template) -> None:
    (form, *_) = inputs(template)
    assert read(path.stem).keys() == form.keys()


def test_every_trigger_has_a_sample() -> None:
    assert [path.stem for path in ALL] == [
        "enforce.scheduled",
        "enforce.started-by-evaluate",
        "evaluate.midnight",
        "evaluate.scheduled",
        "evaluate.started-by-poll",
        "headroom.url",
        "poll_costs.scheduled",
        "poll_usage.placeholders",
        "poll_usage.scheduled",
        "rotate.create-secret",
        "rotate.loop",
    ]
