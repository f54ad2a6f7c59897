"""The schema that editors use agrees with the check, and the generated copy with the schema."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from budget_guard.adapters.budgets import schema
from budget_guard.adapters.budgets.yaml_file import Report

VALIDATOR = Draft202012Validator(schema.json_schema())

BUDGET: dict[str, Any] = {"name": "one", "keys": ["*"], "cap": {"daily": 5}}

RESTRICT = {"at": "80%", "severity": "info", "do": "restrict", "restrict_to": "cheap"}


def file(budget: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"mode": "enforce", "budgets": [BUDGET | (budget or {})], **fields}


def test_the_generated_file_is_in_step_with_the_model() -> None:
    in_step = schema.GENERATED.read_text(encoding="utf-8") == schema.text()
    assert in_step, "run: budget-guard check --schema > the generated file"


def test_the_schema_is_a_schema_with_a_title_and_a_description_of_each_field() -> None:
    described = schema.json_schema()
    Draft202012Validator.check_schema(described)
    assert described["title"] == "Budget Guard budgets file"
    parts = [described, *(d for d in described["$defs"].values() if "properties" in d)]
    fields = [field for part in parts for field in part["properties"].values()]
    assert len(fields) > 25
    assert all(field["description"] and field["examples"] for field in fields)


def test_the_examples_of_the_schema_are_valid() -> None:
    described = schema.json_schema()
    parts = [described, *(d for d in described["$defs"].values() if "properties" in d)]
    for part in parts:
        for field in part["properties"].values():
            one = Draft202012Validator({"$defs": described["$defs"], **field})
            assert all(one.is_valid(example) for example in field["examples"])


def test_the_schema_accepts_a_good_file(good: str) -> None:
    VALIDATOR.validate(yaml.safe_load(good))


@pytest.mark.parametrize(
    "content",
    [
        file({"cap": {"daily": 0}}),
        file({"cap": {"daily": "12.50", "monthly": 0.5}}),
        file({"hold": "50%"}),
        file({"per_key": True}),
        file(protect=[]),
        file(protect=["ab" * 32, "AB" * 32, "ci-*", "abc", "3fa9c1d2abc?"]),
        file(scope={"workspaces": ["w1", "prod-*"]}),
        file(account={"runway_below": "2d", "balance_below": "7"}),
        file(rotation=[{"keys": ["a"]}]),
        file(rotation=[{"keys": ["a"], "every": "4h", "drain_max": "1h", "allowance": 0}]),
        file(rotation=[{"keys": ["a"], "force": True, "on_leak": "rotate"}]),
        file(thresholds=[RESTRICT]),
        file(thresholds=[{"at": "80%", "severity": "info", "do": "rotate"}]),
        file(costs={}),
        file(costs={"generations": "none"}),
        file(costs={"premium_above": 20}),
        file(costs={"premium_above": "12.50"}),
        file(costs={"generations": "above 0.05"}),
        file(costs={"generations": "1 in 1000000"}),
        file(signals={}),
        file(signals={"unexplained": "off", "mix_shifted": {"by": "30%"}, "unusual": {}}),
        file(signals={"unusual": {"times": 6, "at_least": "0.50"}}),
        file(signals={"prices": {"by": "5%", "at_least": 1, "withdrawn_within": "30d"}}),
        file(signals={"fallbacks": {"by": "10%", "at_least": 5}, "loops": {"times": 100}}),
    ],
)
def test_schema_and_check_accept_the_same(
    checked: Callable[[str | bytes], Report], content: dict[str, Any]
) -> None:
    assert VALIDATOR.is_valid(content)
    assert not checked(yaml.safe_dump(content)).errors


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"budgets": []},
        file(mod="enforce"),
        file(mode="on"),
        file(protect=["3fa9c1d2abcd"]),
        file(protect=["3FA9C1D2ABCD..."]),
        file(protect=["ab" * 33]),
        file(protect=[""]),
        file(protect=["x" * 257]),
        file(scope=None),
        file(scope={}),
        file(scope="prod"),
        file(scope={"workspaces": []}),
        file(scope={"workspaces": ["w1"], "keys": ["*"]}),
        file(thresholds=[]),
        file(thresholds=[{"at": 0.8, "severity": "info"}]),
        file(thresholds=[{"at": "80%"}]),
        file(thresholds=[{"at": "80%", "severity": "info", "do": "restrict"}]),
        file(thresholds=[{"at": "80%", "severity": "info", "do": "stop"}]),
        file(thresholds=[{"at": "80%", "severity": "info", "restrict_to": "g"}]),
        file(thresholds=[RESTRICT | {"restrict_to": ""}]),
        file(thresholds=[RESTRICT | {"do": "rotate"}]),
        file(rotation=[]),
        file(rotation={"keys": ["a"]}),
        file(rotation=[{"every": "30d"}]),
        file(rotation=[{"keys": []}]),
        file(rotation=[{"keys": ["a"], "every": "300m"}]),
        file(rotation=[{"keys": ["a"], "drain": 30}]),
        file(rotation=[{"keys": ["a"], "allowance": -1}]),
        file(rotation=[{"keys": ["a"], "on_leak": "restrict"}]),
        file(rotation=[{"keys": ["a"], "on_leak": "off"}]),
        file(rotation=[{"keys": ["a"], "forced": True}]),
        file(safety={"patches_per_second": 51}),
        file(safety={"max_jump": 0}),
        file(account={"runway_below": 72}),
        file(costs={"generations": None}),
        file(costs={"premium_above": -1}),
        file(costs={"premium_above": None}),
        file(costs={"generations": 0.05}),
        file(costs={"generations": "above  1"}),
        file(costs={"generations": "1 in 1000001"}),
        file(costs={"generations": "All"}),
        file(signals="off"),
        file(signals={"unusual": "on"}),
        file(signals={"unusual": None}),
        file(signals={"unusual": {"times": 1}}),
        file(signals={"mix_shifted": {"by": 25}}),
        file(signals={"prices": {"withdrawn_within": 30}}),
        file(signals={"unexplained": {"at_least": -1}}),
        file(signals={"fallbacks": {"at_least": 4}}),
        file(signals={"loops": {"times": 101}}),
        file({"cap": {}}),
        file({"cap": 5}),
        file({"cap": {"daily": None}}),
        file({"cap": {"daily": -5}}),
        file({"cap": {"daily": "5 USD"}}),
        file({"name": ""}),
        file({"name": "é"}),
        file({"owner": None}),
        file({"owner": "x" * 65}),
        file({"runbook": "wiki"}),
        file({"keys": []}),
        file({"keys": "prod-*"}),
        file({"keys": [""]}),
        file({"workspaces": []}),
        file({"hold": "0%"}),
        file({"hold": 90}),
        file({"per_key": "yes"}),
    ],
)
def test_schema_and_check_refuse_the_same(
    checked: Callable[[str | bytes], Report], content: object
) -> None:
    assert not VALIDATOR.is_valid(content)
    assert checked(yaml.safe_dump(content)).errors


def test_the_generated_file_lies_beside_the_model() -> None:
    assert Path(schema.GENERATED).is_file()
