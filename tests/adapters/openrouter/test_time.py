"""An answer is dated by OpenRouter's clock, and never counts as begun later than it was."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.domain.errors import ProviderConfusing
from budget_guard.domain.keys import Limit
from budget_guard.use_cases.ports import Change
from tests.adapters.openrouter.scripted import HASH, Script, Seconds, connected, one_key

MIDNIGHT = "Thu, 19 Nov 2026 00:00:00 GMT"
A_SECOND_LATER = "Thu, 19 Nov 2026 00:00:01 GMT"


def test_a_reading_is_dated_by_the_answer_and_began_its_duration_earlier() -> None:
    reading = connected(Script(one_key()), clock=Seconds(step=2.5)).key(HASH)
    assert reading.at == datetime(2026, 11, 18, 12, 0, 0, tzinfo=UTC)
    assert reading.began == datetime(2026, 11, 18, 11, 59, 57, 500_000, tzinfo=UTC)


def test_only_the_attempt_that_was_answered_counts() -> None:
    script = Script(httpx.ReadTimeout("slow"), one_key())
    reading = connected(script, clock=Seconds(step=1)).key(HASH)
    assert (reading.at - reading.began).total_seconds() == 1


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "2026-11-18T12:00:00Z", "0", "Wed, 99 Nov"]
)
def test_an_answer_without_a_usable_date_is_not_used(date: str | None) -> None:
    with pytest.raises(ProviderConfusing, match=f"GET /keys/{HASH} .* Date"):
        connected(Script(one_key(date=date))).key(HASH)


def test_an_answer_that_crossed_midnight_is_read_again() -> None:
    script = Script(one_key(date=MIDNIGHT, usage_daily=9), one_key(date=A_SECOND_LATER))
    reading = connected(script, clock=Seconds(step=0.25)).key(HASH)
    assert reading.at == datetime(2026, 11, 19, 0, 0, 1, tzinfo=UTC)
    assert len(script.requests) == 2


def test_an_answer_within_the_first_second_of_the_day_is_known_to_be_of_that_day() -> None:
    script = Script(one_key(date=MIDNIGHT))
    reading = connected(script, clock=Seconds(step=0.25)).key(HASH)
    assert reading.began == reading.at == datetime(2026, 11, 19, tzinfo=UTC)
    assert len(script.requests) == 2


def test_dates_that_go_back_and_forth_over_midnight_are_given_up() -> None:
    before = "Wed, 18 Nov 2026 23:59:59 GMT"

    def to_and_fro(_: httpx.Request) -> httpx.Response:
        return one_key(date=MIDNIGHT if len(script.requests) % 2 else before)

    script = Script(to_and_fro)
    with pytest.raises(ProviderConfusing, match="two days"):
        connected(script, clock=Seconds(step=90_000)).key(HASH)


def test_a_server_whose_clock_is_behind_answers_for_the_day_that_it_has() -> None:
    script = Script(one_key(date=MIDNIGHT), one_key(date="Wed, 18 Nov 2026 23:59:59 GMT"))
    reading = connected(script, clock=Seconds(step=0.25)).key(HASH)
    assert reading.at == datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC)
    assert reading.began == reading.at - timedelta(seconds=0.25)


def test_a_change_answered_across_midnight_is_read_not_sent_again() -> None:
    script = Script(one_key(date=MIDNIGHT), one_key(date=A_SECOND_LATER))
    reading = connected(script, clock=Seconds(step=0.25)).change(HASH, Change(limit=Limit()))
    assert [one.method for one in script.requests] == ["PATCH", "GET"]
    assert reading.at == datetime(2026, 11, 19, 0, 0, 1, tzinfo=UTC)


@settings(deadline=None)
@given(
    sent=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis wants naive bounds
    there=st.floats(0, 60),
    back=st.floats(0, 60),
)
def test_began_is_never_later_than_the_request(sent: datetime, there: float, back: float) -> None:
    answered = sent + timedelta(seconds=there)
    script = Script(one_key(date=format_datetime(answered, usegmt=True)))
    clock = Seconds(step=there + back)
    reading = connected(script, clock=clock).key(HASH)
    again = timedelta(seconds=(there + back) * (len(script.requests) - 1))
    assert reading.began <= sent + again
