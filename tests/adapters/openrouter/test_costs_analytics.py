"""Questions to analytics, and rows with all their traps: exact figures, or nothing at all."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Figures
from budget_guard.domain.errors import (
    GuardError,
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    ProviderUnavailable,
)
from budget_guard.use_cases.costs.source import Grain, Row
from tests.adapters.openrouter.scripted import HASH, SECRET, Script, answer, refusal
from tests.adapters.openrouter.scripted_costs import (
    ASKED,
    TEN,
    WORKSPACE,
    ask,
    costs,
    meta,
    rows,
    sent,
    told_row,
)

METRICS_ASKED = [name for name in told_row() if name not in {"date__hour", "api_key_id", "model"}]
USD = ["credits_usage", "byok_usage"]
COUNTS = [name for name in METRICS_ASKED if name not in USD]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | st.text() | FLOATS
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def confused(body: object, **more: Any) -> str:
    with pytest.raises(ProviderConfusing) as caught:
        ask(body, **more)
    return str(caught.value)


def test_a_question_asks_for_keys_and_models_of_one_workspace_by_the_hour() -> None:
    script = Script(meta(), answer(rows()))
    costs(script).ask(ASKED)
    assert sent(script) == {
        "metrics": METRICS_ASKED,
        "dimensions": ["api_key_id", "model"],
        "granularity": "hour",
        "time_range": {"start": "2026-11-18T10:00:00Z", "end": "2026-11-18T12:00:00Z"},
        "filters": [{"field": "workspace", "operator": "eq", "value": WORKSPACE}],
        "order_by": {"field": "date", "direction": "asc"},
        "limit": 10_000,
    }
    request = script.requests[-1]
    assert (request.method, request.url.path) == ("POST", "/api/v1/analytics/query")
    assert request.headers["content-type"] == "application/json"


def test_a_question_about_one_key_names_its_hash_and_no_names_come_back() -> None:
    script = Script(meta(), answer(rows({**told_row(provider="OpenAI"), "api_key_id": "other"})))
    question = replace(ASKED, axis=Axis.PROVIDER, key=HASH)
    (row,) = costs(script).ask(question).rows
    assert (row.key_name, row.label) == (None, "OpenAI")
    assert sent(script)["dimensions"] == ["provider"]
    assert sent(script)["filters"] == [
        {"field": "workspace", "operator": "eq", "value": WORKSPACE},
        {"field": "api_key_id", "operator": "eq", "value": HASH},
    ]


def test_times_are_sent_in_utc_with_seconds_and_none_is_left_out() -> None:
    script = Script(meta(), answer(rows()))
    begins = TEN.astimezone(UTC) + timedelta(seconds=5)
    costs(script).ask(replace(ASKED, begins=begins, ends=begins + timedelta(microseconds=1)))
    assert sent(script)["time_range"] == {
        "start": "2026-11-18T10:00:05Z",
        "end": "2026-11-18T10:00:06Z",
    }


def test_a_row_is_read_into_its_own_figures() -> None:
    told = ask(rows(told_row(), cachedAt=1747699200000, new_field={"a": 1}))
    figures = Figures(Decimal("1.25"), Decimal("0.5"), 7, 1000, 200, 50, 300)
    assert told.rows == (Row(TEN, "prod-api", "openai/gpt-5", figures),)
    assert (told.is_cut, told.warnings) == (False, ())


def test_unknown_fields_of_a_row_are_ignored() -> None:
    assert ask(rows(told_row(user_email=None, p90_latency={}))) == ask(rows(told_row()))


@pytest.mark.parametrize("digits", ["3.17561396", "0.1", "7", "1e-7", "0.30", "12345678901.123456"])
def test_an_amount_keeps_its_digits_as_a_number_and_as_a_text(digits: str) -> None:
    body = json.dumps(rows(told_row(credits_usage="@")))
    for written in (digits, f'"{digits}"'):
        (row,) = ask(body.replace('"@"', written)).rows
        assert row.figures.credits == Decimal(digits)


@pytest.mark.parametrize("written", [7, "7", 7.0, "7.0", "7e0"], ids=repr)
def test_a_count_is_read_from_a_number_and_from_a_text(written: object) -> None:
    (row,) = ask(rows(told_row(tokens_prompt=written))).rows
    assert row.figures.prompt == 7


def test_figures_without_a_value_are_nothing() -> None:
    (row,) = ask(rows(told_row(**dict.fromkeys(METRICS_ASKED)))).rows
    assert row.figures == Figures()


@pytest.mark.parametrize("metric", METRICS_ASKED)
def test_a_missing_figure_is_never_read_as_nothing(metric: str) -> None:
    row = told_row()
    del row[metric]
    assert confused(rows(told_row(), row)).startswith(
        f"POST /analytics/query was answered with an unusable `data.data.1.{metric}`: Field required"
    )


@pytest.mark.parametrize("metric", USD)
@pytest.mark.parametrize(
    "value",
    [
        *("-0.01", "1e13", "true", "[]", "{}"),
        *('"-0.01"', '"1e13"', '"NaN"', '"Infinity"', '""', '"free"', '"$5"', '" 5"', '"1_0"'),
    ],
)
def test_an_amount_that_is_none_is_refused_with_its_field(metric: str, value: str) -> None:
    body = json.dumps(rows(told_row(**{metric: "@"}))).replace('"@"', value)
    assert f"`data.data.0.{metric}`" in confused(body)


def test_an_amount_below_zero_by_rounding_is_nothing() -> None:
    (row,) = ask(rows(told_row(credits_usage=-2.7e-20, byok_usage="-1e-18"))).rows
    assert (row.figures.credits, row.figures.byok) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize("metric", COUNTS)
@pytest.mark.parametrize(
    "value", ["-1", "1.5", "1e15", "1e-999999999", "true", '"many"', '"٣"', "[]"]
)
def test_a_count_that_is_none_is_refused_with_its_field(metric: str, value: str) -> None:
    body = json.dumps(rows(told_row(**{metric: "@"}))).replace('"@"', value)
    assert f"`data.data.0.{metric}`" in confused(body)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-18 10:00:00",
        "2026-11-18T10:00:00",
        "2026-11-18T10:00:00Z",
        "2026-11-18T10:00:00.000Z",
        "2026-11-18T10:00:00+00:00",
        "2026-11-18T11:00:00.000000+01:00",
    ],
)
@pytest.mark.parametrize("name", ["date__hour", "created_at__hour"])
def test_every_form_of_a_buckets_time_is_read(name: str, text: str) -> None:
    row = told_row()
    del row["date__hour"]
    (found,) = ask(rows({**row, name: text})).rows
    assert found.at == TEN
    assert found.at.tzinfo is UTC


def test_a_date_alone_is_midnight() -> None:
    (row,) = ask(rows(told_row(date__hour="2026-11-18"))).rows
    assert row.at == datetime(2026, 11, 18, tzinfo=UTC)


def test_minutes_are_read_where_minutes_were_asked_for() -> None:
    question = replace(ASKED, grain=Grain.MINUTE)
    minute = {**told_row(), "created_at__minute": "2026-11-18 10:17:00"}
    (row,) = ask(rows(minute), question=question).rows
    assert row.at == TEN + timedelta(minutes=17)
    assert "`data.data.0.date__minute`: Field required" in confused(
        rows(told_row()), question=question
    )


@pytest.mark.parametrize(
    "value", ["soon", "", None, 1747699200000, "2026-11-18 10:17:00", "0001-01-01T00:00:00+09:00"]
)
def test_a_time_that_begins_no_hour_is_refused(value: object) -> None:
    assert "`data.data.0.date__hour`" in confused(rows(told_row(date__hour=value)))


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_row_without_a_model_or_a_key_is_kept(nothing: object) -> None:
    (row,) = ask(rows(told_row(model=nothing, api_key_id=nothing))).rows
    assert (row.label, row.key_name) == ("unknown", None)


def test_a_key_that_is_told_by_its_number_is_called_by_it() -> None:
    (row,) = ask(rows(told_row(api_key_id=12345))).rows
    assert row.key_name == "12345"


@pytest.mark.parametrize("field", ["model", "api_key_id", "date__hour"])
def test_a_row_that_lacks_who_what_or_when_is_refused(field: str) -> None:
    row = told_row()
    del row[field]
    assert f"`data.data.0.{field}`: Field required" in confused(rows(row))


@pytest.mark.parametrize("value", [True, [], {"name": "x"}, 1.5, -1])
@pytest.mark.parametrize("field", ["model", "api_key_id"])
def test_a_label_that_is_no_text_is_refused(field: str, value: object) -> None:
    assert f"`data.data.0.{field}`" in confused(rows(told_row(**{field: value})))


def test_an_answer_that_was_cut_says_so() -> None:
    assert ask(rows(told_row(), truncated=True)).is_cut


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        (None, "metadata"),
        ([], "metadata"),
        ({}, "metadata.truncated"),
        ({"truncated": "false"}, "metadata.truncated"),
        ({"truncated": None}, "metadata.truncated"),
    ],
)
def test_an_answer_that_does_not_say_whether_it_was_cut_is_refused(
    metadata: object, field: str
) -> None:
    body = rows(told_row())
    assert f"`data.{field}`" in confused({"data": {**body["data"], "metadata": metadata}})


@pytest.mark.parametrize("field", ["data", "metadata"])
def test_an_answer_without_its_parts_is_refused(field: str) -> None:
    body = rows(told_row())
    del body["data"][field]
    assert f"`data.{field}`: Field required" in confused(body)


def test_rows_that_are_no_rows_are_refused_by_their_place() -> None:
    assert "`data.data`: Input should be a list" in confused({"data": {"data": {}}})
    assert "`data.data.1`: Input should be an object" in confused(rows(told_row(), "x"))
    assert "`data`: Input should be an object" in confused({"data": []})


def test_warnings_are_passed_on_as_one_clean_line_each() -> None:
    some = ["Hash abc could not be resolved", f"odd\n {SECRET}"]
    assert ask(rows(warnings=some)).warnings == (
        "Analytics warns: Hash abc could not be resolved",
        "Analytics warns: odd [redacted]",
    )
    assert ask(rows(warnings=None)).warnings == ()


@pytest.mark.parametrize("value", ["beware", [1], {}])
def test_warnings_that_are_no_texts_are_refused(value: object) -> None:
    assert "`data.warnings`" in confused(rows(warnings=value))


def test_no_value_of_the_answer_is_quoted() -> None:
    row = told_row(**dict.fromkeys(told_row(), "hunter2"))
    assert "hunter2" not in confused(rows(row))


@pytest.mark.parametrize(
    "failure",
    [
        *(refusal(status) for status in (425, 429, 500, 502, 503, 524, 529)),
        pytest.param(refusal(429, **{"Retry-After": "2"}), id="429, with a time to wait"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
    ],
    ids=str,
)
def test_a_question_is_repeated_as_a_read_is(failure: httpx.Response | Exception) -> None:
    script = Script(meta(), failure, failure, answer(rows(told_row())))
    assert len(costs(script).ask(ASKED).rows) == 1
    assert [one.method for one in script.requests] == ["GET", "POST", "POST", "POST"]
    assert len({one.content for one in script.requests[1:]}) == 1


def test_a_question_that_nobody_answers_is_given_up() -> None:
    script = Script(meta(), refusal(503))
    with pytest.raises(ProviderUnavailable, match="POST /analytics/query"):
        costs(script).ask(ASKED)
    assert len(script.requests) == 1 + 8


def test_a_retry_after_longer_than_the_time_left_is_not_waited_for() -> None:
    script = Script(meta(), refusal(429, **{"Retry-After": "700"}))
    with pytest.raises(ProviderUnavailable):
        costs(script).ask(ASKED)
    assert len(script.requests) == 2


def test_a_question_that_takes_too_long_counts_as_cut_and_is_not_repeated() -> None:
    script = Script(meta(), refusal(408, "Operation timed out. Please try again later."))
    told = costs(script).ask(ASKED)
    assert (told.rows, told.is_cut) == ((), True)
    assert len(script.requests) == 2


def test_a_refused_question_is_a_refusal() -> None:
    with pytest.raises(ProviderRejected, match="400") as caught:
        costs(Script(meta(), refusal(400, f"no {SECRET}"))).ask(ASKED)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_ask_is_named(status: int) -> None:
    for script in (Script(refusal(status)), Script(meta(), refusal(status))):
        with pytest.raises(ManagementKeyError, match="settings/management-keys"):
            costs(script).ask(ASKED)


@settings(deadline=None)
@given(field=st.sampled_from(sorted(told_row())), value=JSON)
@example(field="credits_usage", value="1" * 5000)
@example(field="request_count", value=10**400)
@example(field="model", value="evil \ud800")
def test_any_value_in_any_field_is_understood_or_refused(field: str, value: object) -> None:
    try:
        (row,) = ask(rows(told_row(**{field: value}))).rows
    except ProviderConfusing as error:
        assert f"data.data.0.{field}" in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert 0 <= row.figures.credits + row.figures.byok < 10**14
        assert row.label.encode()


@settings(deadline=None)
@given(JSON)
def test_any_data_is_understood_or_refused(data: object) -> None:
    for script in (Script(answer({"data": data})), Script(meta(), answer({"data": data}))):
        try:
            costs(script).ask(ASKED)
        except GuardError:
            continue
