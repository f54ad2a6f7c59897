"""A completed day of a key: by model and provider, exact, and of that day only."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.domain.costs import Cost, Figures
from budget_guard.domain.errors import (
    GuardError,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from tests.adapters.openrouter.scripted import HASH, Script, answer, refusal
from tests.adapters.openrouter.scripted_costs import costs

DAY = date(2026, 11, 17)
FIGURES = [
    "usage",
    "byok_usage_inference",
    "requests",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
]


def day_row(**fields: Any) -> dict[str, Any]:
    return {
        "date": "2026-11-17",
        "model": "openai/gpt-4.1",
        "model_permaslug": "openai/gpt-4.1-2025-04-14",
        "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
        "provider_name": "OpenAI",
        "usage": 0.015,
        "byok_usage_inference": 0.012,
        "requests": 5,
        "prompt_tokens": 50,
        "completion_tokens": 125,
        "reasoning_tokens": 25,
        "cached_tokens": 10,
        **fields,
    }


def read(*rows: object) -> tuple[Cost, ...]:
    return costs(Script(answer({"data": list(rows)}))).activity(HASH, DAY)


def confused(*rows: object) -> str:
    with pytest.raises(ProviderConfusing) as caught:
        read(*rows)
    return str(caught.value)


def test_a_day_of_one_key_is_asked_for() -> None:
    script = Script(answer({"data": []}))
    assert costs(script).activity(HASH, DAY) == ()
    (request,) = script.requests
    assert (request.method, request.url.path) == ("GET", "/api/v1/activity")
    assert dict(request.url.params) == {"date": "2026-11-17", "api_key_hash": HASH}


def test_a_row_is_read_into_its_own_figures() -> None:
    figures = Figures(Decimal("0.015"), Decimal("0.012"), 5, 50, 125, 25, 10)
    assert read(day_row(byok_requests=2, workspace_id="w")) == (
        Cost(HASH, figures, "openai/gpt-4.1-2025-04-14", "OpenAI"),
    )


def test_endpoints_of_one_model_and_provider_are_one_row_and_all_are_in_order() -> None:
    found = read(
        day_row(provider_name="Azure"),
        day_row(model_permaslug="anthropic/claude", usage="2"),
        day_row(endpoint_id="other", usage="0.1", requests="3"),
        day_row(),
    )
    assert [(one.model, one.provider, one.figures.requests) for one in found] == [
        ("anthropic/claude", "OpenAI", 5),
        ("openai/gpt-4.1-2025-04-14", "Azure", 5),
        ("openai/gpt-4.1-2025-04-14", "OpenAI", 8),
    ]
    assert found[2].figures.credits == Decimal("0.115")


@pytest.mark.parametrize("text", ["2026-11-17", "2026-11-17 00:00:00", "2026-11-17T00:00:00.000Z"])
def test_every_form_of_the_day_is_that_day(text: str) -> None:
    assert len(read(day_row(date=text))) == 1


@pytest.mark.parametrize("value", ["2026-11-18", "2026-11-16 00:00:00", "", "17.11.2026", None, 5])
def test_a_row_of_another_day_is_refused(value: object) -> None:
    assert "GET /activity was answered with an unusable `data.1.date`" in confused(
        day_row(), day_row(date=value)
    )


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_row_without_a_permaslug_has_the_models_slug(nothing: object) -> None:
    assert read(day_row(model_permaslug=nothing))[0].model == "openai/gpt-4.1"


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_row_without_model_or_provider_is_kept(nothing: object) -> None:
    (row,) = read(day_row(model_permaslug=nothing, model=nothing, provider_name=nothing))
    assert (row.model, row.provider) == ("unknown", "unknown")


@pytest.mark.parametrize("field", ["date", "model_permaslug", "provider_name", *FIGURES])
def test_a_missing_field_is_refused_by_its_name(field: str) -> None:
    row = day_row()
    del row[field]
    assert f"`data.0.{field}`: Field required" in confused(row)


@pytest.mark.parametrize("field", [*FIGURES, "cached_tokens"])
@pytest.mark.parametrize("value", [-1, True, "some", [], 1e15])
def test_a_figure_that_is_none_is_refused_by_its_name(field: str, value: object) -> None:
    assert f"`data.0.{field}`" in confused(day_row(**{field: value}))


@pytest.mark.parametrize("field", FIGURES)
def test_a_figure_without_a_value_is_not_nothing(field: str) -> None:
    assert f"`data.0.{field}`" in confused(day_row(**{field: None}))


def test_cached_tokens_are_newer_than_the_rest() -> None:
    row = day_row()
    del row["cached_tokens"]
    assert read(row)[0].figures.cached == read(day_row(cached_tokens=None))[0].figures.cached == 0


def test_more_cached_than_prompt_tokens_are_taken_as_told() -> None:
    assert read(day_row(cached_tokens=80))[0].figures.cached == 80


def test_rows_that_are_no_rows_are_refused() -> None:
    assert "`data.0`: Input should be an object" in confused("x")
    bodies: tuple[dict[str, Any], ...] = ({"data": {}}, {})
    for body in bodies:
        with pytest.raises(ProviderConfusing, match=r"GET /activity .*`data`"):
            costs(Script(answer(body))).activity(HASH, DAY)


def test_amounts_keep_their_digits() -> None:
    body = json.dumps({"data": [day_row(usage="@")]}).replace('"@"', "0.12345678901234567890")
    (row,) = costs(Script(answer(body))).activity(HASH, DAY)
    assert row.figures.credits == Decimal("0.12345678901234567890")


def test_a_day_that_is_not_completed_is_refused_by_openrouter() -> None:
    said = "Date must be within the last 30 (completed) UTC days"
    with pytest.raises(ProviderRejected, match="last 30"):
        costs(Script(refusal(400, said))).activity(HASH, DAY)


def test_an_unknown_hash_is_a_refusal_of_the_day_only() -> None:
    with pytest.raises(ProviderRejected) as caught:
        costs(Script(refusal(404))).activity(HASH, DAY)
    assert caught.value.status == 404


def test_an_overload_is_waited_out_and_a_wrong_key_is_not() -> None:
    script = Script(refusal(429), refusal(503), answer({"data": [day_row()]}))
    assert len(costs(script).activity(HASH, DAY)) == 1
    with pytest.raises(ProviderUnavailable):
        costs(Script(refusal(500))).activity(HASH, DAY)
    with pytest.raises(ManagementKeyError):
        costs(Script(refusal(403))).activity(HASH, DAY)


@settings(deadline=None)
@given(
    field=st.sampled_from(sorted(day_row())),
    value=st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
)
def test_any_value_in_any_field_is_understood_or_refused(field: str, value: object) -> None:
    try:
        (row,) = read(day_row(**{field: value}))
    except GuardError as error:
        assert f"data.0.{field}" in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert row.figures.credits >= 0
