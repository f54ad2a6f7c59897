"""Observations: the newest reading, and what would be lost with the ones before."""

# Exact decimals are compared with plain integers here.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.keys import Reading, Spent
from budget_guard.domain.observations import (
    FORMER_KEPT,
    Former,
    HourMark,
    Observation,
    is_ambiguous,
    is_news,
    observe,
    observe_gone,
)
from budget_guard.domain.windows import Window, same_instance
from tests.domain.builders import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONTHLY,
    NOW,
    WEEKLY,
    a_key,
    a_reading,
    counters,
    limited,
    seen,
    usd,
    utc,
)

AMOUNTS = st.integers(0, 50)
READINGS = st.lists(
    st.tuples(st.integers(0, 60 * 24 * 3), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
    min_size=2,
    max_size=8,
)


@given(READINGS)
def test_no_counter_goes_down_within_a_window_instance(rows: list[tuple[int, ...]]) -> None:
    at, before = NOW, None
    for minutes, *amounts, byok in rows:
        at += minutes * MINUTE
        reading = a_reading("api", counters(*amounts, byok=byok), at=at)
        now = observe(before, reading)
        for window in (None, *Window):
            shown, known = reading.counters.of(window), now.reading.counters.of(window)
            was = before.reading.counters.of(window) if before else Spent()
            rolled = window and before and not same_instance(window, before.reading.at, at)
            assert known == (shown if rolled else shown.at_least(was))
        before = now


def test_a_new_day_takes_the_daily_counter_as_it_is_and_keeps_the_longer_ones() -> None:
    before = seen("api", counters(30, byok=3), at=NOW)
    after = observe(before, a_reading("api", counters(1, 2, 3, 4), at=NOW + DAY)).reading.counters
    assert after.of(DAILY) == Spent(usd(1), usd(0))
    assert after.of(WEEKLY) == after.of(MONTHLY) == after.lifetime == Spent(usd(30), usd(3))


def test_an_older_reading_changes_nothing() -> None:
    before = seen("api", counters(3), at=NOW)
    assert observe(before, a_reading("api", counters(9), at=NOW - MINUTE)) is before


def test_a_reading_of_the_same_second_counts() -> None:
    again = observe(seen("api", counters(3)), a_reading("api", counters(4)))
    assert again.reading.counters.lifetime.credits == 4


def test_the_first_reading_is_an_observation_with_one_mark() -> None:
    first = observe(None, a_reading("api", counters(3)))
    assert first == Observation(first.reading, (HourMark(NOW, Spent(usd(3))),))
    assert first.key == a_key("api")


def test_a_key_that_answers_again_is_not_gone() -> None:
    gone = observe_gone(seen(), NOW)
    assert observe(gone, a_reading(at=NOW + HOUR)).gone_at is None


def test_gone_is_when_it_was_first_seen_gone() -> None:
    gone = observe_gone(seen("api", counters(7)), NOW)
    assert gone.gone_at == NOW
    assert gone.reading.counters.lifetime.credits == 7
    assert observe_gone(gone, NOW + HOUR) is gone


def spending(per_hour: int, hours: int, *, byok: int = 0) -> Observation:
    """Return a key that was read twelve times an hour while it spent evenly."""
    known = None
    for step in range(hours * 12 + 1):
        spent = counters(usd(per_hour) * step / 12, byok=usd(byok) * step / 12)
        at = NOW - DAY + step * 5 * MINUTE
        known = observe(known, a_reading("api", spent, at=at))
    assert known
    return known


@pytest.mark.parametrize("hours", [1, 2, 3, 9])
def test_the_burn_is_what_is_spent_in_an_hour(hours: int) -> None:
    steady = spending(12, hours, byok=6)
    assert steady.burn(include_byok=False) == pytest.approx(12)
    assert steady.burn(include_byok=True) == pytest.approx(18)


def test_the_burn_looks_back_two_hours_and_no_further() -> None:
    known = spending(600, 1)
    later = known.reading.at + timedelta(hours=2, minutes=1)
    quiet = observe(known, replace(known.reading, at=later))
    assert quiet.burn(include_byok=True) == 0


def test_of_a_key_that_was_read_once_no_burn_is_known() -> None:
    assert observe(None, a_reading("api", counters(50))).burn(include_byok=True) == 0
    assert seen("api", counters(50)).burn(include_byok=True) == 0


def test_a_burn_counts_at_least_a_minute() -> None:
    first = observe(None, a_reading("api", counters(0)))
    soon = observe(first, a_reading("api", counters(1), at=NOW + timedelta(seconds=1)))
    assert soon.burn(include_byok=False) == pytest.approx(60)


def test_an_hour_is_marked_once_and_only_when_something_was_spent() -> None:
    known = observe(None, a_reading("api", counters(1), at=NOW))
    known = observe(known, a_reading("api", counters(2), at=NOW + 30 * MINUTE))
    known = observe(known, a_reading("api", counters(2), at=NOW + HOUR))
    known = observe(known, a_reading("api", counters(2), at=NOW + 2 * HOUR))
    known = observe(known, a_reading("api", counters(5), at=NOW + 3 * HOUR + MINUTE))
    assert [(mark.hour - NOW, mark.spent.credits) for mark in known.hours] == [
        (timedelta(0), 1),
        (HOUR, 2),
        (3 * HOUR, 5),
    ]


def test_48_hours_of_marks_are_kept() -> None:
    known = None
    for hour in range(60):
        known = observe(known, a_reading("api", counters(hour), at=NOW + hour * HOUR))
    assert known
    assert [mark.hour for mark in known.hours] == [NOW + hour * HOUR for hour in range(12, 60)]


@pytest.mark.parametrize("change", [{"name": "new"}, {"workspace": "w2"}, {"creator": "bob"}])
def test_a_renamed_or_moved_key_leaves_what_it_was_with_what_it_had_spent(
    change: dict[str, Any],
) -> None:
    before = seen("api", counters(3))
    is_now = replace(before.key, **change)
    after = observe(
        before, replace(before.reading, key=is_now, counters=counters(4), at=NOW + HOUR)
    )
    assert after.former == (Former(before.key, after.reading.counters, NOW + HOUR),)
    assert after.reading.counters.lifetime.credits == 4
    assert after.key == is_now


def test_a_key_that_keeps_its_name_has_no_former_one() -> None:
    before = seen("api")
    is_now = replace(before.key, label="sk-or...abc", expires_at=NOW)
    assert observe(before, replace(before.reading, key=is_now)).former == ()


def test_former_names_are_kept_for_31_days() -> None:
    known = observe(seen("api"), a_reading("new", hash="#api", at=NOW + HOUR))
    kept = observe(known, a_reading("new", hash="#api", at=NOW + HOUR + FORMER_KEPT))
    assert timedelta(days=31) == FORMER_KEPT
    assert len(kept.former) == 1
    assert observe(kept, replace(kept.reading, at=kept.reading.at + MINUTE)).former == ()


def test_a_key_renamed_twice_has_two_former_names() -> None:
    known = observe(seen("api"), a_reading("new", hash="#api", at=NOW + HOUR))
    known = observe(known, a_reading("newer", hash="#api", at=NOW + 2 * HOUR))
    assert [one.key.name for one in known.former] == ["api", "new"]


def test_readings_that_differ_only_in_time_are_the_same_facts() -> None:
    one = seen("api", counters(3), at=NOW)
    assert one.same_facts(seen("api", counters(3), at=NOW + HOUR))


@pytest.mark.parametrize(
    "other",
    [
        seen("api", counters(4)),
        seen("new", counters(3), hash="#api"),
        seen("api", counters(3), limited(5)),
        seen("api", counters(3), remaining=2),
        replace(seen("api", counters(3)), gone_at=NOW),
        replace(seen("api", counters(3)), hours=(HourMark(NOW, Spent()),)),
    ],
)
def test_whatever_else_differs_is_news(other: Observation) -> None:
    assert not seen("api", counters(3)).same_facts(other)


@pytest.mark.parametrize(
    ("at", "ambiguous"),
    [
        ("2026-11-18 00:00:00", True),
        ("2026-11-18 00:00:59.999", True),
        ("2026-11-18 00:01:00", False),
        ("2026-11-18 23:59:59", False),
    ],
)
def test_counters_of_the_first_minute_of_a_day_may_be_yesterdays(at: str, ambiguous: bool) -> None:
    began: datetime = utc(at)
    assert is_ambiguous(began) == ambiguous


@given(READINGS)
def test_what_a_reading_shows_already_would_not_be_written(rows: list[tuple[int, ...]]) -> None:
    at, before = NOW, seen("api", counters(0))
    for minutes, *amounts, byok in rows:
        at += minutes * MINUTE
        reading = a_reading("api", counters(*amounts, byok=byok), at=at)
        after = observe(before, reading)
        if before.is_shown_by(reading):
            assert before.same_facts(after)
        before = after


@given(READINGS, st.integers(0, 60 * 24 * 90))
def test_a_row_with_the_fingerprint_that_is_kept_would_change_nothing_whenever_it_is_listed(
    rows: list[tuple[int, ...]], later: int
) -> None:
    at, before = NOW, None
    for minutes, *amounts, byok in rows:
        at += minutes * MINUTE
        listed = replace(a_reading("api", counters(*amounts, byok=byok), at=at), fingerprint="f1")
        before = observe(before, listed)
        if before.fingerprint:
            again = observe(before, replace(listed, at=at + later * MINUTE))
            assert before.same_facts(again)
            assert not is_news(before, again)


def test_a_gone_key_has_no_fingerprint_nor_has_a_renamed_one() -> None:
    listed = replace(a_reading("api", counters(3)), fingerprint="f1")
    known = observe(None, listed)
    assert known.fingerprint == "f1"
    assert observe_gone(known, NOW).fingerprint == ""
    assert observe(known, replace(listed, key=a_key("new", hash="#api"))).fingerprint == ""


def test_facts_and_fingerprints_that_are_new_are_news() -> None:
    listed = replace(a_reading("api", counters(3)), fingerprint="f1")
    known = observe(None, listed)
    assert is_news(None, known)
    assert is_news(known, observe(known, replace(listed, settings=limited(5))))
    assert is_news(known, observe(known, replace(listed, fingerprint="f2")))
    assert is_news(observe(None, replace(listed, fingerprint="")), known)
    assert not is_news(known, observe(known, replace(listed, fingerprint="")))
    assert not is_news(known, observe(known, listed))


def test_a_quiet_key_is_shown_by_its_next_reading() -> None:
    quiet = observe(None, a_reading("api", counters(3)))
    assert quiet.is_shown_by(a_reading("api", counters(3), at=NOW + DAY))


@pytest.mark.parametrize(
    "reading",
    [
        a_reading("api", counters(4)),
        a_reading("api", counters(3), limited(5)),
        a_reading("api", counters(3), remaining=2),
        a_reading("other", counters(3)),
    ],
)
def test_any_other_fact_is_not_shown_yet(reading: Reading) -> None:
    assert not observe(None, a_reading("api", counters(3))).is_shown_by(reading)


def test_a_gone_or_renamed_key_and_one_without_marks_are_looked_at_again() -> None:
    known, reading = observe(None, a_reading("api", counters(3))), a_reading("api", counters(3))
    former = (Former(a_key("old"), counters(1), NOW),)
    for other in (
        observe_gone(known, NOW),
        replace(known, former=former),
        seen("api", counters(3)),
    ):
        assert not other.is_shown_by(reading)
