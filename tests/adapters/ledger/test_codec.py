"""Items: every value survives exactly, other versions are read, broken items are named."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget_guard.adapters.ledger import codec
from budget_guard.adapters.ledger.layout import expires
from budget_guard.adapters.ledger.whole import place
from budget_guard.domain import commands
from budget_guard.domain.alerts import Alert, AlertState, Entry, Kind
from budget_guard.domain.errors import LedgerError
from budget_guard.domain.holds import FOR_EVER, Hold
from budget_guard.domain.keys import Counters, Key, Limit, Settings, Spent
from budget_guard.domain.ladder import Severity
from budget_guard.domain.observations import HourMark, Observation
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Fence, Wish
from budget_guard.use_cases.costs.ledger import CostRecord
from budget_guard.use_cases.ledger import BasicRecord, Record
from tests.adapters.ledger import samples
from tests.adapters.ledger.samples import NOW

ITEM_LIMIT = 400 * 1024

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
AMOUNTS = st.decimals(allow_nan=False) | st.just(Decimal("Infinity"))
MOMENTS = st.just(FOR_EVER) | st.datetimes(timezones=st.just(UTC))
st.register_type_strategy(str, TEXT)
st.register_type_strategy(Decimal, AMOUNTS)
st.register_type_strategy(datetime, MOMENTS)
st.register_type_strategy(Mapping, lambda form: st.dictionaries(*map(st.from_type, get_args(form))))
st.register_type_strategy(
    Sequence, lambda form: st.lists(*map(st.from_type, get_args(form))).map(tuple)
)
RECORDS = st.one_of(
    [
        st.from_type(form)
        for form in (*get_args(BasicRecord.__value__), *get_args(CostRecord.__value__))
    ]
)


def encoded(record: Record) -> dict[str, Any]:
    return dict(codec.encode(place(record), record))


def with_body(record: Record, **changes: Any) -> dict[str, Any]:
    """Return a small record's item with fields of its body changed."""
    item = encoded(record)
    (fields,) = json.loads(codec._text(item["body"]))
    return item | {"body": {"S": json.dumps([fields | changes])}}


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS)
def test_every_record_survives_exactly(record: Record) -> None:
    assert codec.decode(type(record), encoded(record)) == kept(record)


def kept(record: Record) -> Record:
    """Return what of a record is kept: of what lineage a key is, the lineages say."""
    if not isinstance(record, Observation):
        return record
    reading = replace(record.reading, key=replace(record.key, lineage=None))
    former = tuple(replace(one, key=replace(one.key, lineage=None)) for one in record.former)
    return replace(record, reading=reading, former=former)


@pytest.mark.parametrize("number", range(len(samples.EACH)))
def test_every_digit_of_an_amount_survives(number: int) -> None:
    record = samples.EACH[number]
    read = codec.decode(type(record), encoded(record))
    assert repr(_utc(read)) == repr(_utc(record))


def test_a_long_record_is_packed_into_fewer_write_units() -> None:
    hours = tuple(samples.observation().hours) * 48
    record = replace(samples.observation(), hours=hours)
    assert len(encoded(record)["body"]["B"]) < 1000
    assert codec.decode(type(record), encoded(record)) == record


def test_fields_of_another_version_are_ignored_and_missing_ones_have_their_defaults() -> None:
    item = with_body(samples.WORKSPACE, colour="blue", size={"of": ["no", "interest"]})
    assert codec.decode(type(samples.WORKSPACE), item) == samples.WORKSPACE
    older = encoded(samples.hold()) | {"body": {"S": '[{"key": "k", "baseline": {}}]'}}
    assert codec.decode(Hold, older) == Hold("k", Settings())


@pytest.mark.parametrize(
    "body",
    [
        {"S": "{"},
        {"S": "[]"},
        {"S": "[{}]"},
        {"S": '[{"key": "k", "baseline": {"disabled": "perhaps"}}]'},
        {"S": '[{"key": "k", "baseline": {"limit": {"amount": "NaN euros"}}}]'},
        {"B": b"not packed"},
        {"N": "1"},
    ],
)
def test_a_broken_item_is_named_and_nothing_is_made_of_it(body: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match=r"pk=HOLD#3 sk=3fa9c1d2.* not a readable Hold"):
        codec.decode(Hold, encoded(samples.hold()) | {"body": body})


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": 7},
        {"spent": {}},
        {"spent": {"lifetime": "1", "hourly": "1"}},
        {"spent": {"lifetime": "much"}},
        {"limit": "5", "reset": "hourly"},
        {"limit": "much"},
        {"disabled": "perhaps"},
        {"remaining": []},
        {"began": None},
        {"gone_at": "2026-11-18T11:00:00"},
        {"former": [{}]},
    ],
)
def test_a_broken_observation_is_named(changes: dict[str, Any]) -> None:
    item = with_body(samples.observation(), **changes)
    with pytest.raises(LedgerError, match=r"pk=OBS#3 sk=3fa9c1d2.* not a readable Observation"):
        codec.decode(Observation, item)


@pytest.mark.parametrize("marks", ["2026-11-18T11", "2026-13-18T11 1", "2026-11-18T11 1,", ","])
def test_a_broken_mark_is_named_with_its_key_when_it_is_looked_at(marks: str) -> None:
    item = with_body(samples.observation(), hours=marks)
    with pytest.raises(LedgerError, match=r"key 3fa9c1d2.* no readable mark"):
        codec.decode(Observation, item).hours[-1]


@pytest.mark.parametrize("field", ["name", "workspace", "label", "creator", "expires_at"])
def test_an_observation_of_nobody_is_named(field: str) -> None:
    with pytest.raises(LedgerError, match="not a readable Observation"):
        codec.decode(Observation, with_body(samples.observation(), **{field: 7}))


def test_an_observation_that_says_its_hash_itself_is_read() -> None:
    item = with_body(samples.observation(), hash=samples.HASH)
    assert codec.decode(Observation, item) == samples.observation()


def test_an_observation_that_an_earlier_version_wrote_is_read() -> None:
    seen = replace(samples.observation(), hours=tuple(samples.observation().hours) * 3)
    text = codec.adapter(Observation).dump_json((seen,)).decode()
    assert codec.decode(Observation, encoded(seen) | {"body": {"S": text}}) == seen


def test_an_observation_that_knows_of_no_row_is_read() -> None:
    item = {name: value for name, value in encoded(samples.observation()).items() if name != "row"}
    key, known = codec.known(item)
    assert (key, known.workspace, known.fingerprint) == (samples.HASH, "w1", "")
    assert known.observation() == samples.observation()


def test_of_a_key_whose_row_is_known_the_rest_is_read_when_it_is_asked_for() -> None:
    _, known = codec.known(encoded(samples.observation()) | {"body": {"S": "{"}})
    assert known.workspace == "w1"
    with pytest.raises(LedgerError, match="pk=OBS#3"):
        known.observation()


@pytest.mark.parametrize("row", [{"N": "1"}, {"S": 7}])
def test_a_broken_row_is_named(row: dict[str, Any]) -> None:
    item = encoded(samples.observation()) | {"row": row}
    with pytest.raises(LedgerError, match=r"pk=OBS#3 .* not a readable Observation"):
        codec.known(item)
    with pytest.raises(LedgerError, match=r"pk=OBS#3 .* not a readable Observation"):
        codec.decode(Observation, item)


@pytest.mark.parametrize("count", range(1, 49))
def test_an_ordinary_key_takes_one_write_unit_however_many_marks_it_has(count: int) -> None:
    seen = samples.observation()
    who = Key(
        seen.key.hash,
        "product01-dev-000001",
        "w" * 36,
        "sk-or-v1-3fa...0000",
        "user_" + "u" * 27,
        created_on=NOW.date(),
    )
    spent = Spent(Decimal("91.20345678"))
    counters = Counters(spent, dict.fromkeys(Window, spent))
    marks = [
        HourMark(NOW - timedelta(hours=back), Spent(spent.credits - back * Decimal("1.07")))
        for back in reversed(range(count))
    ]
    reading = replace(seen.reading, key=who, counters=counters)
    item = encoded(Observation(reading, tuple(marks)))
    assert "row" in item
    assert sum(len(name) + len(*value.values()) for name, value in item.items()) <= 1024


def test_an_item_without_a_body_is_named() -> None:
    item = {name: value for name, value in encoded(samples.hold()).items() if name != "body"}
    with pytest.raises(LedgerError, match="pk=HOLD#3"):
        codec.decode(Hold, item)


def test_a_broken_fence_is_never_taken_for_a_restore() -> None:
    broken = with_body(samples.wish(), want={"limit": {"amount": "?"}, "include_byok": True})
    with pytest.raises(LedgerError, match="not a readable Wish"):
        codec.decode(Wish, broken)


def test_a_restore_and_a_fence_are_told_apart() -> None:
    for want in (samples.wish(restore=True).want, Fence(Limit(), include_byok=False)):
        record = replace(samples.wish(), want=want)
        assert codec.decode(Wish, encoded(record)) == record


def test_what_expires_says_so_in_seconds_since_1970() -> None:
    gone = encoded(samples.observation(gone_at=NOW))["expires"]
    assert gone == {"N": str(int((NOW + timedelta(days=31)).timestamp()))}
    kept = {type(one).__name__ for one in samples.EACH if "expires" not in encoded(one)}
    assert "Observation" in kept
    assert kept.isdisjoint({"SpendRecord", "Audit", "Grant", "Generation", "Sampled"})


def test_a_sent_alert_expires_after_35_days_and_an_unsent_one_never() -> None:
    assert expires(samples.alert(state=AlertState.SENT)) == NOW + timedelta(days=35)
    assert expires(samples.alert(state=AlertState.PENDING)) is None


def test_an_alert_with_500_long_entries_fits_into_one_item() -> None:
    item = encoded(longest_alert())
    assert len(item["body"]["B"]) < ITEM_LIMIT / 2


def longest_alert() -> Alert:
    def entry(number: int) -> Entry:
        key = f"{number * 7919:x}".rjust(64, "a")
        name = f"prod-{key[::-1]}-{'x' * 100}"
        return Entry(
            incident=f"key.fenced/{key}/a-budget-with-a-long-name/daily",
            text=f"{name}, in a-budget-with-a-long-name, spent {number}.20 of 100.00 USD today; "
            "fenced at 8.80 USD more until 00:00 UTC",
            budget="a-budget-with-a-long-name",
            owner="a-team-with-a-long-name",
            key=key,
            key_name=name,
            spent=Decimal(f"{number}.2018273645"),
            cap=Decimal(100),
            burn_per_hour=Decimal(number) / 7,
            exhausts_at=NOW + timedelta(minutes=number),
            resets_at=NOW + timedelta(hours=12),
            action="fenced " * 20,
            todo="Look for the job that spends it. " * 5,
            undo=commands.release(key),
            runbook="https://wiki.example.com/a/long/path/to/the/runbook/of/the/service",
        )

    entries = tuple(entry(number) for number in range(500))
    steps = tuple(range(500))
    return Alert("event-1", Kind.FENCED, Severity.CRITICAL, NOW, entries, steps)


def _utc(record: Record) -> Any:
    """Return the record as plain values, times as text: two names of UTC are one."""
    if isinstance(record, Observation):
        record = replace(record, hours=tuple(record.hours))
    return codec.adapter(type(record)).dump_python((record,), mode="json")


def test_marks_are_kept_as_they_were_until_one_is_added() -> None:
    item = encoded(samples.observation())
    hours = codec.decode(Observation, item).hours
    assert (len(hours), hours[0], tuple(hours[-1:])) == (1, hours[-1], tuple(hours))
    assert hash(hours) == hash(tuple(hours))
    assert hours != ()
    again = replace(samples.observation(), hours=hours)
    assert encoded(again) == item
