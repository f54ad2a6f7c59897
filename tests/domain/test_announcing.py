"""Alerts: each step of an incident is told once, in one list per run and kind."""

from dataclasses import replace
from uuid import UUID

import pytest

from budget_guard.domain.alerts import Alert, AlertState, Condition, Entry, Incident, Kind
from budget_guard.domain.announcing import announce
from budget_guard.domain.ladder import Severity
from tests.domain.builders import DAILY, HOUR, MINUTE, NOW, usd

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


def a_condition(
    name: str, step: int = 800, kind: Kind = Kind.THRESHOLD, severity: Severity = WARNING
) -> Condition:
    return Condition(kind, step, severity, Entry(name, f"{name} at {step}"))


def an_incident(name: str, step: int = 800, kind: Kind = Kind.THRESHOLD) -> Incident:
    return Incident(name, kind, step, NOW - HOUR, "event", Entry(name, f"{name} at {step}"))


def told(
    conditions: list[Condition], *incidents: Incident
) -> tuple[tuple[Alert, ...], tuple[Incident, ...]]:
    return announce(conditions, {one.id: one for one in incidents}, NOW)


def test_a_new_incident_is_told_with_its_step() -> None:
    (alert,), ended = told([a_condition("a")])
    assert (alert.kind, alert.severity, alert.at, ended) == (Kind.THRESHOLD, WARNING, NOW, ())
    assert alert.state is AlertState.PREPARED
    assert alert.opens == (
        Incident("a", Kind.THRESHOLD, 800, NOW, alert.event_id, Entry("a", "a at 800")),
    )
    assert alert.closes == ()


@pytest.mark.parametrize(("step", "alerts"), [(800, 0), (799, 0), (801, 1)])
def test_an_incident_is_told_again_only_when_it_got_worse(step: int, alerts: int) -> None:
    assert len(told([a_condition("a", step)], an_incident("a"))[0]) == alerts


def test_rule_14_there_is_one_alert_per_kind_with_a_list_worst_first() -> None:
    alerts, _ = told(
        [
            a_condition("b"),
            a_condition("a"),
            a_condition("worse", 900),
            a_condition("worst", 700, severity=CRITICAL),
            a_condition("blind", 1, Kind.BLIND, CRITICAL),
        ]
    )
    lists = {one.kind: [entry.incident for entry in one.entries] for one in alerts}
    assert lists == {Kind.THRESHOLD: ["worst", "worse", "a", "b"], Kind.BLIND: ["blind"]}
    assert [one.severity for one in alerts] == [CRITICAL, CRITICAL]
    assert alerts[0].steps == (700, 900, 800, 800)


def test_long_lists_come_in_alerts_of_250() -> None:
    alerts, _ = told([a_condition(f"k{number}") for number in range(501)])
    assert [len(one.entries) for one in alerts] == [250, 250, 1]
    assert len({one.event_id for one in alerts}) == 3
    many = [an_incident(f"k{number}") for number in range(251)]
    resolved, _ = told([], *many)
    assert [len(one.closes) for one in resolved] == [250, 1]


def test_the_event_id_is_fixed_by_what_is_told_and_when() -> None:
    (one,), _ = told([a_condition("a"), a_condition("b")])
    (again,), _ = told([a_condition("b"), a_condition("a")])
    assert one.event_id == again.event_id
    assert str(UUID(one.event_id)) == one.event_id
    (worse,), _ = told([a_condition("a", 900), a_condition("b")])
    (later,), _ = announce([a_condition("a"), a_condition("b")], {}, NOW + MINUTE)
    (other,), _ = told([a_condition("a", kind=Kind.FENCED), a_condition("b", kind=Kind.FENCED)])
    ids = {one.event_id, worse.event_id, later.event_id, other.event_id}
    assert len(ids) == 4


def test_an_incident_that_is_over_is_told_as_resolved_without_what_no_longer_applies() -> None:
    entry = Entry(
        incident="a",
        text="prod spent 100.00 of 100.00 USD today",
        budget="prod",
        owner="ann",
        key="#api",
        key_name="api",
        window=DAILY,
        spent=usd(100),
        cap=usd(100),
        burn_per_hour=usd(3),
        exhausts_at=NOW,
        resets_at=NOW,
        action="fenced",
        todo="wait",
        undo="release",
        runbook="https://wiki",
    )
    (alert,), ended = told([], replace(an_incident("a"), entry=entry))
    assert (alert.kind, alert.severity, alert.closes, ended) == (
        Kind.RESOLVED,
        Severity.INFO,
        ("a",),
        (),
    )
    assert alert.opens == ()
    assert alert.entries == (
        replace(
            entry,
            text="over: prod spent 100.00 of 100.00 USD today",
            burn_per_hour=None,
            exhausts_at=None,
            resets_at=None,
            action=None,
            todo=None,
            undo=None,
        ),
    )


SILENT = {
    Kind.OVERRIDE,
    Kind.OVERRIDE_MASS,
    Kind.RESTRICT_REFUSED,
    Kind.UNMANAGED,
    Kind.TOO_THIN,
    Kind.PROTECT_PROPOSED,
    Kind.MIX_SHIFTED,
    Kind.REPRICED,
    Kind.ROTATION_DUE,
    Kind.ROTATION_PROPOSED,
    Kind.STRAY,
}


@pytest.mark.parametrize("kind", sorted(SILENT))
def test_what_nobody_needs_to_hear_the_end_of_ends_in_silence(kind: Kind) -> None:
    assert told([], an_incident("a", kind=kind)) == ((), (an_incident("a", kind=kind),))


@pytest.mark.parametrize("kind", sorted(set(Kind) - SILENT))
def test_the_end_of_anything_else_is_told(kind: Kind) -> None:
    (alert,), ended = told([], an_incident("a", kind=kind))
    assert (alert.kind, alert.closes, ended) == (Kind.RESOLVED, ("a",), ())


def test_without_conditions_and_incidents_nothing_is_told() -> None:
    assert told([]) == ((), ())
