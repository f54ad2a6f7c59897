"""What tools read: the canonical event, its schema, and that both agree."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from budget_guard.adapters.alerts import event, schema
from budget_guard.domain.alerts import Alert, Kind
from tests.adapters.alerts.samples import ALERTS, HASH, PROD, alert, developer

VALIDATOR = Draft202012Validator(schema.json_schema(), format_checker=FormatChecker())


def told(one: Alert, entries: int | None = None) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(event.text(one, "BudgetGuard", entries=entries))
    return fields


def test_the_generated_schema_is_in_step_with_the_model() -> None:
    generated = schema.GENERATED.read_text(encoding="utf-8")
    assert generated == schema.text(), "run: python -m budget_guard.adapters.alerts.schema"


def test_the_schema_is_a_schema_and_refuses_other_events() -> None:
    Draft202012Validator.check_schema(schema.json_schema())
    good = told(ALERTS["fenced"])
    assert not VALIDATOR.is_valid(good | {"schema": "budget-guard.alert/2"})
    assert not VALIDATOR.is_valid({name: good[name] for name in good if name != "event_id"})
    assert not VALIDATOR.is_valid(good | {"entries": [good["entries"][0] | {"spent": 91.2}]})


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_an_event_of_the_schema(name: str) -> None:
    VALIDATOR.validate(told(ALERTS[name]))


def test_an_event_has_every_digit_and_the_whole_hash() -> None:
    fields = told(ALERTS["fenced"])
    (entry,) = fields["entries"]
    assert fields["schema"] == "budget-guard.alert/1"
    assert fields["at"] == "2026-11-18T18:48:00Z"
    assert fields["incidents"] == [PROD.incident]
    assert fields["summary"].startswith("WARNING prod-search fenced")
    assert entry["spent"] == "91.2018273645"
    assert entry["key"] == HASH
    assert entry["resets_at"] == "2026-11-19T00:00:00Z"


def test_an_amount_is_never_written_with_an_exponent() -> None:
    tiny = replace(PROD, spent=PROD.cap and PROD.cap.scaleb(-12), cap=PROD.cap)
    (entry,) = told(alert(Kind.FENCED, tiny))["entries"]
    assert entry["spent"] == "0.000000000100"


def test_the_figures_of_a_signal_can_be_read_without_its_sentence() -> None:
    (entry,) = told(ALERTS["unusual"])["entries"]
    assert (entry["before"], entry["after"]) == ("0.0101", "0.0420")
    assert entry["unit"] == "usd_per_request"
    assert entry["contributors"] == [
        {"name": "acme/large", "usd": "101.2"},
        {"name": "acme/small", "usd": "3.1"},
    ]


def test_an_alert_without_figures_has_no_fields_for_them() -> None:
    (entry,) = told(ALERTS["fenced"])["entries"]
    assert not entry.keys() & {"before", "after", "unit", "contributors"}


def test_contributors_are_at_most_three_and_made_safe_to_show() -> None:
    names = ["sk-or-v1-0123abcd", "evil\x1b[31m\nname", "n" * 100, "fourth"]
    crowd = replace(PROD, contributors=tuple((name, Decimal("1e-12")) for name in names))
    (entry,) = told(alert(Kind.UNUSUAL, crowd))["entries"]
    assert [one["name"] for one in entry["contributors"]] == [
        "sk-or-***",
        "evil name",
        f"{'n' * 57}...",
    ]
    assert entry["contributors"][0]["usd"] == "0.000000000001"


@pytest.mark.parametrize("name", ALERTS)
def test_only_what_is_over_is_resolved(name: str) -> None:
    assert (told(ALERTS[name])["state"] == "resolved") == (name == "resolved")


def test_what_is_left_out_is_counted() -> None:
    fields = told(alert(Kind.FENCED, *(developer(number) for number in range(9))), entries=2)
    assert len(fields["entries"]) == len(fields["incidents"]) == 2
    assert fields["omitted"] == 7


@given(st.text(max_size=300))
def test_no_name_breaks_an_event_or_shows_a_secret(name: str) -> None:
    leaky = f"{name}\x1b[31m sk-or-v1-0123abcd\n{name}"
    one = alert(Kind.FENCED, replace(PROD, key_name=leaky, text=f"{leaky} spent"))
    text = event.text(one, "BudgetGuard")
    VALIDATOR.validate(json.loads(text))
    assert "0123abcd" not in text
    assert "\x1b" not in text
    assert "\\u001b" not in text
