"""Why a request is on record, and what is usual of days."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.sampling import Count, Sampled, by_hour, place_of
from budget_guard.domain.signals.requests import of_those, selection, stands_for, usual_most
from tests.domain.builders import DAY, NOW
from tests.domain.generations import a_generation
from tests.domain.signals.hours import TODAY

ONE = a_generation(cost="0.06")
TAKEN = next(n for n in range(1, 99) if OneIn(7).takes(f"gen-{n}", Decimal(1)))


@pytest.mark.parametrize(
    ("choice", "name", "selected"),
    [
        (None, "gen-1", "sent"),
        (OneIn(1), "gen-1", "all"),
        (Above(Decimal("0.050")), "gen-1", "above 0.05"),
        (Above(Decimal(100)), "gen-1", "sent"),
        (OneIn(7), f"gen-{TAKEN}", "1 in 7"),
    ],
)
def test_a_request_is_on_record_as_the_file_said_when_its_hour_was_read(
    choice: Choice, name: str, selected: str
) -> None:
    one = a_generation(name, cost="0.06")
    hour = place_of(one)[1]
    hours = by_hour([Sampled("w1", hour, NOW, choice, Count(1))])
    assert selection(one, hour, hours) == selected


def test_of_an_hour_that_was_not_counted_only_what_was_sent_is_on_record() -> None:
    assert selection(ONE, place_of(ONE)[1], {}) == "sent"


@pytest.mark.parametrize(
    ("selected", "words"),
    [
        ("all", "of the requests on record"),
        ("sent", "of the requests on record (told by applications)"),
        ("above 0.05", "of the requests on record (above 0.05 USD)"),
        ("1 in 7", "of the requests on record (a sample of 1 in 7)"),
    ],
)
def test_a_selection_is_told_in_words(selected: str, words: str) -> None:
    assert of_those(selected) == words
    assert stands_for(selected) == (7 if selected == "1 in 7" else 1)


@pytest.mark.parametrize(
    ("values", "most"),
    [
        ((), None),
        ((3, 9), None),
        ((3, 9, 5), 5),
        ((3, 9, 5, 1, 1, 1, 2), 5),
        ((3, 9, 5, 1, 1, 1, 7), 7),
    ],
)
def test_the_second_most_is_usual_unless_a_week_ago_there_was_more(
    values: Sequence[int], most: int | None
) -> None:
    past = {TODAY - back * DAY: Decimal(one) for back, one in enumerate(values, start=1)}
    assert usual_most(past, TODAY) == (None if most is None else Decimal(most))
