"""Windows against a calendar that is walked day by day."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.windows import Window, end, most_instances, same_instance, start
from tests.domain.builders import DAILY, DAY, MONTHLY, WEEKLY, utc

OFFSETS = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - the strategy adds the zone
WINDOWS = st.sampled_from(list(Window))


def name_of(window: Window, day: date) -> tuple[int, ...]:
    """Return what a calendar calls the window instance that `day` is in."""
    match window:
        case Window.DAILY:
            return (day.toordinal(),)
        case Window.WEEKLY:
            return day.isocalendar()[:2]
        case Window.MONTHLY:
            return (day.year, day.month)


def utc_day(at: datetime) -> date:
    return (at - (at.utcoffset() or timedelta())).replace(tzinfo=None).date()


@given(WINDOWS, MOMENTS)
def test_a_window_instance_is_the_longest_run_of_days_with_its_name(
    window: Window, at: datetime
) -> None:
    first = last = utc_day(at)
    while name_of(window, first - DAY) == name_of(window, utc_day(at)):
        first -= DAY
    while name_of(window, last + DAY) == name_of(window, utc_day(at)):
        last += DAY
    assert start(window, at) == utc(f"{first} 00:00")
    assert end(window, at) == utc(f"{last + DAY} 00:00")


@given(WINDOWS, MOMENTS, st.integers(-40, 40), st.integers(0, 24 * 60))
def test_two_moments_share_an_instance_when_the_calendar_names_both_alike(
    window: Window, at: datetime, days: int, minutes: int
) -> None:
    other = at + timedelta(days=days, minutes=minutes)
    alike = name_of(window, utc_day(at)) == name_of(window, utc_day(other))
    assert same_instance(window, at, other) == alike


def test_midnight_belongs_to_the_new_day() -> None:
    midnight = utc("2026-11-19 00:00")
    assert start(DAILY, midnight) == midnight
    assert end(DAILY, midnight) == utc("2026-11-20 00:00")


def test_a_week_is_from_monday_to_sunday() -> None:
    assert start(WEEKLY, utc("2026-11-22 23:59")) == utc("2026-11-16 00:00")
    assert end(WEEKLY, utc("2026-11-22 23:59")) == utc("2026-11-23 00:00")


@pytest.mark.parametrize("inner", Window)
@pytest.mark.parametrize("outer", Window)
def test_the_most_instances_that_fit_are_those_found_in_twenty_years_of_days(
    inner: Window, outer: Window
) -> None:
    touched: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for number in range(365 * 20):
        day = date(2020, 1, 1) + number * DAY
        touched.setdefault(name_of(outer, day), set()).add(name_of(inner, day))
    assert most_instances(inner, outer) == max(len(names) for names in touched.values())


def test_a_month_has_up_to_31_days_and_touches_up_to_six_weeks() -> None:
    assert (most_instances(DAILY, MONTHLY), most_instances(WEEKLY, MONTHLY)) == (31, 6)
