"""`budget-guard costs --csv` and `--json`: every line, exact, and nothing else on stdout."""

import csv
import json
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from typing import Any

import jsonschema
import pytest

from tests.cli.desk import Office, flat
from tests.cli.spending import SMALL, Spent, a_week, read

AMOUNT = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
COUNT = {"type": "integer", "minimum": 0}
DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
TOKENS = dict.fromkeys(("requests", "prompt", "completion", "reasoning", "cached"), COUNT)


def an_object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def maybe(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


FIGURES = an_object(credits=AMOUNT, byok=AMOUNT, **TOKENS)
TEXT = {"type": "string"}
LINE = an_object(
    label=TEXT,
    key=maybe(TEXT),
    owner=maybe(TEXT),
    figures=FIGURES,
    before=maybe(FIGURES),
    share=AMOUNT,
    change=maybe(AMOUNT),
)
COUNT = an_object(number={"type": "integer"}, usd=AMOUNT)
ON_RECORD = an_object(
    exist=COUNT,
    kept=COUNT,
    fallbacks=an_object(part={"type": "integer"}, of={"type": "integer"}),
    wasted=AMOUNT,
    wasted_bound=AMOUNT,
    tools=AMOUNT,
    per_success=an_object(spent=AMOUNT, successes={"type": "integer"}),
)
SCHEMA = an_object(
    **{"from": DATE, "to": DATE},
    by={"enum": ["owner", "key", "model", "provider", "day", "user", "app", "job", "session"]},
    premium=maybe(an_object(above=AMOUNT, usd=AMOUNT, share=AMOUNT, share_before=maybe(AMOUNT))),
    on_record=maybe(ON_RECORD),
    read_until=maybe(TEXT),
    closed_until=maybe(DATE),
    total=FIGURES,
    before=FIGURES,
    lines={"type": "array", "items": LINE},
)


def rows(office: Office, *arguments: str) -> list[dict[str, str]]:
    result = office.run("costs", "--csv", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes.endswith(b"\r\n")
    return list(csv.DictReader(StringIO(result.stdout_bytes.decode(), newline="")))


def answer(office: Office, *arguments: str) -> Any:
    result = office.run("costs", "--json", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    jsonschema.validate(told, SCHEMA)
    return told


@pytest.mark.parametrize("by", ["owner", "key", "model", "provider", "day"])
def test_both_have_every_line_and_the_same_exact_amounts(by: str) -> None:
    office = a_week()
    lines = answer(office, "--by", by, "--top", "1")["lines"]
    told = rows(office, "--by", by, "--top", "1")
    assert [one["label"] for one in lines] == [one["label"] for one in told]
    assert [one["figures"]["credits"] for one in lines] == [one["credits_usd"] for one in told]
    assert sum(Decimal(one["credits_usd"]) for one in told) == Decimal("238.40369")
    assert sum(Decimal(one["byok_usd"]) for one in told) == Decimal("30.2")


def test_a_line_has_its_key_owner_share_and_change() -> None:
    office = a_week()
    line = answer(office)["lines"][0]
    assert (line["key"], line["owner"]) == (office.hash("prod-api"), "search-platform")
    assert line["before"]["credits"] == "180.5"
    assert line["change"] == "0.221884"
    first = rows(office)[0]
    assert (first["from"], first["to"]) == ("2026-11-12", "2026-11-18")
    assert (first["credits_usd_before"], first["change"]) == ("180.5", "0.221884")


def test_what_went_to_premium_models_is_told_beside_what_did_before() -> None:
    office = read(
        Office(),
        Spent("prod-api", "30", prompt=900_000, completion=100_000),
        Spent("prod-api", "10", of=SMALL),
        Spent("prod-api", "10", 8, of=SMALL),
    )
    assert answer(office)["premium"] == {
        "above": "20",
        "usd": "30",
        "share": "0.75",
        "share_before": "0",
    }
    shown = flat(office.run("costs").stdout)
    assert "75 % went to premium models: above 20 USD per million tokens." in shown


def test_what_is_not_known_is_null_and_an_empty_field() -> None:
    office = a_week()
    (line,) = (one for one in answer(office)["lines"] if one["label"] == "an old key")
    assert (line["key"], line["owner"], line["change"]) == (None, None, None)
    (row,) = (one for one in rows(office) if one["label"] == "an old key")
    assert (row["key"], row["owner"], row["change"]) == ("", "", "")


def test_days_have_nothing_before_them() -> None:
    office = a_week()
    assert {one["before"] for one in answer(office, "--by", "day")["lines"]} == {None}
    assert {one["credits_usd_before"] for one in rows(office, "--by", "day")} == {""}


def test_how_far_the_figures_go_is_in_the_json() -> None:
    told = answer(a_week())
    assert told["read_until"] == "2026-11-18T09:00:00+00:00"
    assert told["closed_until"] == "2026-11-17"


@pytest.mark.parametrize("form", ["--csv", "--json", "--focus"])
def test_nothing_ever_read_is_said_beside_the_output(form: str) -> None:
    result = Office().run("costs", form)
    assert result.exit_code == 0
    assert "poll_costs has not run" in result.stderr
    assert "poll_costs" not in result.stdout
    if form == "--json":
        jsonschema.validate(json.loads(result.stdout), SCHEMA)
    else:
        assert len(result.stdout_bytes.split(b"\r\n")) == 2


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@cmd", "\t=1", "\N{FULLWIDTH EQUALS SIGN}1"])
def test_no_name_becomes_a_formula(name: str) -> None:
    office = read(Office(names=(name,)), Spent(name, "5"))
    (row,) = rows(office)
    assert row["label"] == f"'{name.strip()}"
    assert f"'{name.strip()}" in office.run("costs", "--focus").stdout
    assert answer(office)["lines"][0]["label"] == name.strip()


def test_names_with_commas_quotes_and_other_letters_stay_whole() -> None:
    name = 'a,"b" für Jürgen 漢字'
    (row,) = rows(read(Office(names=(name,)), Spent(name, "5")))
    assert row["label"] == name
