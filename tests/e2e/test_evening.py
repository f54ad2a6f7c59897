"""The built-in story, played whole on the deployed stack: what it left is what was promised."""

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from budget_guard.adapters import alerts
from budget_guard.domain.alerts import Kind
from budget_guard.domain.audit import Audit
from budget_guard.domain.keys import Limit
from budget_guard.domain.windows import Window, end, start
from budget_guard.sandbox.turns import hearing
from tests.e2e.conftest import Played
from tests.e2e.watching import finished

NO_LIMIT = Limit()
SCHEMA = Path(alerts.__file__).parent / "alert.schema.json"


def daily(amount: int) -> Limit:
    return Limit(Decimal(amount), Window.DAILY)


def midnight(evening: Played) -> datetime:
    return end(Window.DAILY, evening.bill.opened)


def limits(evening: Played, name: str) -> list[tuple[str, Limit]]:
    """When the guard set which limit on a key; a lifetime's without what the days before took."""
    key, begins = evening.on.hashes[name], start(Window.DAILY, evening.bill.opened)
    before = evening.on.account.books.tallies[key].before(begins).credits
    return [
        (f"{one.at:%H:%M}", _since(before, one.after.limit))
        for one in evening.changes
        if one.hash == key
    ]


def _since(before: Decimal, limit: Limit) -> Limit:
    if limit.amount is None or limit.reset is not None:
        return limit
    return Limit(limit.amount - before)


def test_every_promised_cap_held(evening: Played) -> None:
    promised = [row for row in evening.rows if row.promised]
    assert len(promised) == 25
    assert [row for row in promised if not row.holds or row.broken or row.unheld] == []


def test_the_promise_was_put_to_the_test(evening: Played) -> None:
    """Keys ran into their fences, and callers were refused there."""
    nearly = Decimal("0.99")
    reached = {
        row.key or row.budget
        for row in evening.rows
        if row.promised and row.spent >= row.cap * nearly
    }
    shared = {"assistants", "production"}
    assert reached == {"prod-search", "batch-nightly", "dev-cho", "batch-embed", *shared}
    refused = {evening.on.name(one.hash) for one in evening.on.account.books.refused}
    assert {"agent-crawler", "agent-support", "prod-mail"} <= refused
    assert reached - {"batch-embed", *shared} <= refused


def test_every_change_in_the_books_has_one_audit_record_and_the_other_way_round(
    evening: Played,
) -> None:
    booked = Counter((one.hash, one.at, one.before, one.after) for one in evening.changes)
    on_record = Counter((one.key, one.at, one.before, one.after) for one in changing(evening))
    assert booked == on_record
    assert booked.total() >= 14


def changing(evening: Played) -> list[Audit]:
    """The audit records of changes at OpenRouter: that a key was adopted is none."""
    records = (one for its in evening.audit.values() for one in its)
    return [one for one in records if one.before != one.after]


def test_every_change_has_one_line_in_the_log_with_its_reason(evening: Played) -> None:
    """But for the old key's end, which has a line of its own."""
    retired = {(one.key, one.at) for one in changing(evening) if one.id.startswith("retired")}
    assert len(retired) == 1
    assert [one["key"] for one in evening.records if one["message"] == "old key disabled"] == [
        key for key, _ in retired
    ]
    lines = [one for one in evening.records if one["message"] == "key applied"]
    told = Counter((one["key"], datetime.fromisoformat(one["time"])) for one in lines)
    changes = [(one.hash, one.at) for one in evening.changes]
    assert told == Counter(one for one in changes if one not in retired)
    reasons = {one.key: one.reason for one in changing(evening)}
    assert all(one["reason"] and one["before"] and one["after"] for one in lines)
    assert reasons.keys() == {one["key"] for one in lines}


def test_every_run_has_one_summary_and_none_an_error(evening: Played) -> None:
    """But a step of the rotation, which has no time to wait: it is asked for again."""
    runs = [line for line in evening.log if line.startswith("START")]
    summaries = [one for one in evening.records if one["message"] == "run finished"]
    assert len(runs) - 1 == len(summaries) > 3 * 25
    assert {one["level"] for one in evening.records} == {"INFO"}
    assert len([line for line in evening.log if "Traceback" in line]) == 1
    failed = [line for line in evening.log if "[ERROR]" in line]
    assert [line for line in failed if "no time left" not in line] == []


def test_the_functions_started_each_other(evening: Played) -> None:
    """A run keeps its name from function to function, so the chain shows in the logs."""
    followed = {one["run"] for one in finished(evening.records, "Enforce")}
    assert any(run.startswith("PollUsage-") for run in followed)


def test_no_function_ran_while_the_guard_was_switched_off(evening: Played) -> None:
    """From 22:36 to 23:11; its fences stopped the runaway meanwhile, and then money moved to it."""
    off, back = (midnight(evening) - timedelta(minutes=at) for at in (84, 49))
    runs = [one for one in evening.records if one["message"] == "run finished"]
    assert [one for one in runs if off < datetime.fromisoformat(one["time"]) < back] == []
    assert [one for one in evening.changes if off < one.at < back] == []
    key = evening.on.hashes["agent-crawler"]
    refused = [one.at for one in evening.on.account.books.refused if one.hash == key]
    assert len([at for at in refused if off < at < back]) > 20
    before, after = limits(evening, "agent-crawler")[:2]
    assert (before[0], after[0]) == ("22:01", "23:11")
    assert before[1].amount
    assert after[1].amount
    assert after[1].amount > before[1].amount


def test_the_quiet_colleague_gave_way_and_was_served_when_it_asked(evening: Played) -> None:
    """It asks from 23:13 on; until nine tenths of its team's money are spent it gets what it asks."""
    (first, _), (lowered, _), *later = limits(evening, "agent-support")
    assert (first, lowered) == ("22:01", "22:36")
    assert any("23:13" < at < "23:59" for at, _ in later)
    key, books = evening.on.hashes["agent-support"], evening.on.account.books
    asked = midnight(evening) - timedelta(minutes=47)
    served = [one for one in books.charges if one.hash == key and asked <= one.at]
    assert len([one for one in served if one.at < asked + timedelta(minutes=15)]) > 10


def test_a_protected_key_is_never_touched(evening: Played) -> None:
    assert limits(evening, "prod-checkout") == []
    assert "prod-checkout" not in evening.holds
    (day, _) = [row for row in evening.rows if row.key == "prod-checkout"]
    assert day.spent > day.cap
    assert not day.promised


def test_a_persons_word_stands_until_midnight_and_is_then_the_baseline(evening: Played) -> None:
    assert limits(evening, "dev-bob") == [("22:01", daily(5)), ("00:00", daily(5))]
    assert evening.holds["dev-bob"].baseline.limit == daily(50)


def test_a_grant_lifts_the_fence_at_once(evening: Played) -> None:
    first, granted, *more = limits(evening, "prod-search")
    *_, (next_day, _) = more
    assert first == ("22:01", Limit(Decimal(100)))
    assert granted[0] == "23:21"
    assert Limit(Decimal(115)) in {limit for _, limit in (granted, *more)}
    assert next_day == "00:00"


def test_at_midnight_a_key_gets_its_own_settings_back_without_a_poll(evening: Played) -> None:
    assert limits(evening, "batch-nightly") == [("23:21", daily(40)), ("00:00", NO_LIMIT)]
    key = evening.on.hashes["batch-nightly"]
    restored = [one.at for one in evening.changes if one.hash == key][-1] - midnight(evening)
    assert restored == timedelta(seconds=20)
    assert evening.on.account.keys[evening.on.hashes["batch-nightly"]].terms.settings.limit == (
        NO_LIMIT
    )


def test_a_keys_own_daily_limit_holds_each_day_while_the_guard_holds_the_key(
    evening: Played,
) -> None:
    """By less than one request: the one that was in flight."""
    key, last = evening.on.hashes["prod-reports"], midnight(evening) - timedelta(seconds=1)
    spent = evening.on.account.books.spent([key], Window.DAILY, last)
    assert Decimal(15) <= spent.credits < Decimal("15.15")
    assert [one for _, one in limits(evening, "prod-reports")] == [
        Limit(Decimal(15)),
        Limit(Decimal("30.05")),
    ]
    assert evening.holds["prod-reports"].baseline.limit == daily(15)


def test_a_disabled_key_stays_disabled(evening: Played) -> None:
    assert evening.on.account.keys[evening.on.hashes["dev-eve"]].terms.settings.disabled


def test_the_alerts_are_those_that_the_story_has(evening: Played) -> None:
    heard = Counter(one.kind for one in evening.bill.alerts)
    assert heard.keys() == {
        Kind.THRESHOLD,
        Kind.UNMANAGED,
        Kind.OVERRIDE,
        Kind.FENCED,
        Kind.STOPPED,
        Kind.MIX_SHIFTED,
        Kind.RESOLVED,
    }
    once = (Kind.UNMANAGED, Kind.OVERRIDE, Kind.MIX_SHIFTED, Kind.RESOLVED)
    assert {heard[one] for one in once} == {1}
    stopped = [one for one in evening.bill.alerts if one.kind is Kind.STOPPED]
    keys = [entry.key_name for one in stopped for entry in one.entries if entry.key_name]
    assert keys == ["prod-search", "dev-cho", "batch-nightly"]


def test_one_alert_names_the_dearer_model_and_the_provider_that_stood_in(evening: Played) -> None:
    heard = hearing(evening.bill.turns, "ai-team", evening.bill.alerts)
    assert [one.label for one in heard.turns] == [
        "anthropic/claude-opus-4",
        "Amazon Bedrock",
    ]
    assert heard.alert
    assert heard.alert.at - midnight(evening) == timedelta(minutes=11, seconds=2)
    assert len(heard.alert.entries) == 2


def test_each_alert_arrived_once(evening: Played) -> None:
    arrived = Counter(json.loads(one["Message"])["event_id"] for one in evening.envelopes)
    assert set(arrived.values()) == {1}
    assert arrived.keys() == {one.event_id for one in evening.bill.alerts}


def test_every_alert_is_of_the_published_form(evening: Played) -> None:
    form = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    faults = [
        fault for one in evening.envelopes for fault in form.iter_errors(json.loads(one["Message"]))
    ]
    assert faults == []
    with pytest.raises(Exception, match="not_a_kind"):
        form.validate({**json.loads(evening.envelopes[0]["Message"]), "kind": "not_a_kind"})


def test_alerts_can_be_filtered_by_their_attributes(evening: Played) -> None:
    for envelope in evening.envelopes:
        event = json.loads(envelope["Message"])
        told = {name: one["Value"] for name, one in envelope["MessageAttributes"].items()}
        assert told["kind"] == event["kind"]
        assert told["severity"] == event["severity"]
        assert told["event_id"] == event["event_id"]
        budgets = {one["budget"] for one in event["entries"] if "budget" in one}
        assert set(json.loads(told.get("budget", "[]"))) == budgets
        assert envelope["Subject"].isascii()
        assert len(envelope["Subject"]) < 100
