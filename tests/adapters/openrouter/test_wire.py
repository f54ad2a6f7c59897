"""Bodies: exact numbers in, exact numbers out, and nothing is concluded from garbage."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from budget_guard.domain.errors import GuardError, ManagementKeyError, ProviderConfusing
from budget_guard.domain.keys import Limit, Settings, Spent
from budget_guard.domain.windows import Window
from budget_guard.use_cases.listings import Listing
from budget_guard.use_cases.ports import Change
from tests.adapters.openrouter.scripted import HASH, NOON, Script, answer, connected, one_key, row

COUNTERS = [name for name in row() if "usage" in name]
NEEDED = [*COUNTERS, "limit", "limit_reset", "limit_remaining", "disabled", "hash", "name"]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | st.text() | FLOATS
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def confused(response: httpx.Response) -> str:
    with pytest.raises(ProviderConfusing) as caught:
        connected(Script(response)).key(HASH)
    return str(caught.value)


@pytest.mark.parametrize("digits", ["3.17561396", "29.9999982", "0.1", "7", "1e-7", "5E2", "0.30"])
def test_amounts_are_read_with_exactly_their_digits(digits: str) -> None:
    body = json.dumps({"data": row(usage="@", limit="@", limit_remaining="@")})
    reading = connected(Script(answer(body.replace('"@"', digits)))).key(HASH)
    assert reading.counters.lifetime == Spent(credits=Decimal(digits))
    assert reading.settings.limit.amount == reading.limit_remaining == Decimal(digits)


@settings(deadline=None)
@given(st.decimals(0, 10**9, places=6))
@example(Decimal("12345678901.123456789"))
@example(Decimal("0.000001"))
@example(Decimal("1E+3"))
def test_amounts_are_written_as_numbers_with_exactly_their_digits(amount: Decimal) -> None:
    script = Script(one_key())
    connected(script).change(HASH, Change(limit=Limit(amount, Window.DAILY)))
    sent = json.loads(script.requests[0].content, parse_float=Decimal, parse_int=Decimal)
    assert sent == {"limit": amount, "limit_reset": "daily"}


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (Change(limit=Limit()), {"limit": None, "limit_reset": None}),
        (Change(include_byok=True), {"include_byok_in_limit": True}),
        (Change(disabled=False), {"disabled": False}),
    ],
)
def test_only_the_fields_given_are_sent(change: Change, body: dict[str, Any]) -> None:
    script = Script(one_key())
    connected(script).change(HASH, change)
    assert json.loads(script.requests[0].content) == body
    assert script.requests[0].headers["content-type"] == "application/json"


def test_every_counter_lands_in_its_own_place() -> None:
    numbered = {name: number for number, name in enumerate(COUNTERS, start=1)}
    counters = connected(Script(answer({"data": row(**numbered)}))).key(HASH).counters
    for window in (None, *Window):
        suffix = "" if window is None else f"_{window}"
        both = Spent(Decimal(numbered[f"usage{suffix}"]), Decimal(numbered[f"byok_usage{suffix}"]))
        assert counters.of(window) == both


def test_unknown_fields_are_ignored_and_missing_new_ones_tolerated() -> None:
    reading = connected(Script(one_key(budgets=[{"scope": 1}], external_user=7))).key(HASH)
    assert reading.settings == Settings()


def listed(fields: dict[str, Any]) -> Listing:
    page = answer({"data": [fields]}), answer({"data": []})
    return connected(Script(*page)).keys("w", {listed_fingerprint(row())})


def listed_fingerprint(fields: dict[str, Any]) -> str:
    page = answer({"data": [fields]}), answer({"data": []})
    (reading,) = connected(Script(*page)).keys("w").readings
    return reading.fingerprint


ANOTHER = {
    **dict.fromkeys([*COUNTERS, "limit", "limit_remaining"], 0.1),
    **dict.fromkeys(["include_byok_in_limit", "disabled"], True),
    "limit_reset": "weekly",
    "expires_at": "2027-08-24T10:30:00Z",
    **dict.fromkeys(["hash", "name", "label", "creator_user_id", "workspace_id"], "another"),
}


@pytest.mark.parametrize("field", ANOTHER)
def test_a_known_row_is_read_again_if_any_field_of_it_is_another(field: str) -> None:
    assert not listed(row()).readings
    assert listed(row(**{field: ANOTHER[field]})).readings


@pytest.mark.parametrize("field", ANOTHER)
def test_a_known_row_with_an_unusable_field_is_refused_by_name(field: str) -> None:
    with pytest.raises(ProviderConfusing, match=rf"data\.0\.{field}"):
        listed(row(**{field: []}))


@pytest.mark.parametrize("field", NEEDED)
def test_a_known_row_that_lacks_a_field_is_refused_by_name(field: str) -> None:
    body = row()
    del body[field]
    with pytest.raises(ProviderConfusing, match=rf"data\.0\.{field}`: Field required"):
        listed(body)


def test_a_row_that_lacks_what_may_be_left_out_has_a_fingerprint_if_only_null_is_meant() -> None:
    without = {name: value for name, value in row().items() if name != "label"}
    assert not listed_fingerprint(without)
    assert listed_fingerprint(row()) == listed_fingerprint(row(expires_at=None))


def test_fields_that_nobody_reads_do_not_change_a_fingerprint() -> None:
    assert not listed(row(last_used_at="2026-11-18T12:05:31Z", mood="good")).readings


@pytest.mark.parametrize("field", NEEDED)
def test_a_missing_field_is_never_read_as_nothing(field: str) -> None:
    body = row()
    del body[field]
    assert f"GET /keys/{HASH}" in (said := confused(answer({"data": body})))
    assert f"data.{field}" in said


@pytest.mark.parametrize("field", [*COUNTERS, "limit"])
@pytest.mark.parametrize(
    "value",
    ["-0.01", "NaN", "Infinity", "1e13", '"5"', "true", "1e999999999", "1e99999999999999999999"],
)
def test_an_amount_that_is_none_is_refused_with_its_field(field: str, value: str) -> None:
    body = json.dumps({"data": row(**{field: "@"})}).replace('"@"', value)
    confused(answer(body))
    confused(answer(body.replace(value, "1" * 5000)))


@pytest.mark.parametrize("value", ["hourly", "Daily", "", 1, [], {}])
def test_an_unknown_reset_window_is_refused_by_name(value: object) -> None:
    assert "data.limit_reset" in confused(one_key(limit=5, limit_reset=value))


def test_what_is_over_the_limit_leaves_less_than_nothing() -> None:
    assert connected(Script(one_key(limit_remaining=-3))).key(HASH).limit_remaining == -3


@pytest.mark.parametrize("text", ["2027-08-24T10:30:00Z", "2027-08-24T12:30:00.000000+02:00"])
def test_both_forms_of_a_time_are_read(text: str) -> None:
    expires = connected(Script(one_key(expires_at=text))).key(HASH).key.expires_at
    assert expires is not None
    assert expires.isoformat() == "2027-08-24T10:30:00+00:00"


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2025-08-24T10:30:00Z", "2025-08-24"),
        ("2025-08-24T00:30:00+02:00", "2025-08-23"),
        ("yesterday", "None"),
        (None, "None"),
        (7, "None"),
    ],
)
def test_the_day_a_key_was_made_on_is_known_or_not_and_refuses_nothing(
    value: object, day: str
) -> None:
    assert str(connected(Script(one_key(created_at=value))).key(HASH).key.created_on) == day


@pytest.mark.parametrize(
    "value", ["tomorrow", "2027-08-24", "2027-08-24T10:30:00", "0001-01-01T00:00:00+09:00", 1]
)
def test_a_time_without_a_zone_or_none_at_all_is_refused(value: object) -> None:
    assert "data.expires_at" in confused(one_key(expires_at=value))


def test_another_keys_answer_is_refused() -> None:
    assert "data.hash" in confused(one_key(hash="cd" * 32))


@pytest.mark.parametrize("value", ["..", "", "a/b", "a?b", "a" * 129])
def test_a_hash_that_is_none_cannot_become_a_path(value: str) -> None:
    with pytest.raises(ProviderConfusing, match=r"GET /keys .*data\.0\.hash"):
        connected(Script(answer({"data": [row(hash=value)]}))).keys("w")


def test_half_a_surrogate_pair_in_a_name_does_not_blind_the_guard() -> None:
    assert connected(Script(one_key(name="evil \ud800"))).key(HASH).key.name == "evil ?"


@pytest.mark.parametrize(
    "body", ["", "{", "<html>", b"\xff\xfe", "[" * 100_000, "null", '{"a": NaN}']
)
def test_a_body_that_is_not_json_is_refused(body: str | bytes) -> None:
    confused(answer(body))


def test_no_value_of_the_body_is_quoted() -> None:
    assert "hunter2" not in confused(one_key(limit="hunter2", usage="hunter2"))


@pytest.mark.parametrize("own", [{"is_management_key": True}, {"is_provisioning_key": True}])
def test_a_management_key_is_known_by_either_name(own: dict[str, Any]) -> None:
    connected(Script(answer({"data": own}))).require_management_key()


def test_another_kind_of_key_is_told_so() -> None:
    own = {"is_management_key": False, "is_provisioning_key": True}
    with pytest.raises(ManagementKeyError, match=r"inference key.*settings/management-keys"):
        connected(Script(answer({"data": own}))).require_management_key()


def test_a_key_of_no_stated_kind_is_not_taken_for_a_management_key() -> None:
    with pytest.raises(ProviderConfusing, match="is_management_key"):
        connected(Script(answer({"data": {}}))).require_management_key()


def test_the_balance_is_what_was_bought_less_what_was_used() -> None:
    body = '{"data": {"total_credits": 100.1, "total_usage": 100.2}}'
    assert connected(Script(answer(body))).balance() == Decimal("-0.1")


def every_call(response: httpx.Response) -> None:
    openrouter = connected(Script(response))
    for call in (
        openrouter.require_management_key,
        openrouter.workspaces,
        lambda: openrouter.keys("w"),
        lambda: openrouter.key(HASH),
        lambda: openrouter.change(HASH, Change(disabled=True)),
        openrouter.balance,
    ):
        try:
            call()
        except GuardError:
            continue


@settings(deadline=None)
@given(status=st.integers(100, 600), body=st.binary() | JSON.map(json.dumps), date=st.text())
def test_any_answer_at_all_is_understood_or_refused_by_an_error_of_the_guard(
    status: int, body: bytes | str, date: str
) -> None:
    headers = [(b"Date", date.encode()), (b"Retry-After", date.encode())]
    every_call(httpx.Response(status, headers=headers, content=body))


@settings(deadline=None)
@given(field=st.sampled_from(sorted(row())), value=JSON)
def test_any_value_in_any_field_is_understood_or_refused(field: str, value: object) -> None:
    body = json.dumps({"data": row(**{field: value})})
    try:
        reading = connected(Script(answer(body))).key(HASH)
    except ProviderConfusing as error:
        assert f"data.{field}" in str(error)  # noqa: PT017 - both outcomes are right
    else:
        for window in (None, *Window):
            spent = reading.counters.of(window)
            assert 0 <= spent.credits + spent.byok < 10**14


@settings(deadline=None)
@given(JSON)
def test_any_data_is_understood_or_refused(data: object) -> None:
    every_call(answer({"data": data}, date=NOON))
