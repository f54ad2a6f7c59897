"""Days of generations summed up: all that a report tells when they themselves have expired."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.choices import Above, Choice, OneIn
from budget_guard.domain.costs import NOTHING, Figures
from budget_guard.domain.daily import MOST_LABELS, NOBODY, OTHERS, Summary, Tag
from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.outcomes import PerSuccess, Rate, wasted_cost
from budget_guard.domain.sampling import Count, Sampled, coverage, estimate
from tests.domain.builders import DAY, HOUR, NOW, usd
from tests.domain.generations import ACME, a_generation, said, strata_of

TODAY = NOW.date()
DOWN = Attempt("Beta", 503, "acme/small")


def summed(some: Iterable[Generation], *sampled: Sampled) -> Summary:
    return Summary(TODAY, sampled, some)


def costs(some: Iterable[Generation], tag: Tag) -> Mapping[str, Figures]:
    (found,) = (one for one in summed(some).tags(NOW) if one.tag is tag)
    return {one.label: one.figures for one in found.rows}


def test_costs_are_told_by_app_user_session_and_job() -> None:
    one = a_generation(cost=1, app="7", session="s1", said=said(user="ann", job="import"))
    other, rest = a_generation(cost=2, external_user="ann"), a_generation(cost=4)
    three = [one, other, rest]
    assert costs(three, Tag.USER) == {"ann": one.figures + other.figures, NOBODY: rest.figures}
    for tag, label in ((Tag.APP, "7"), (Tag.SESSION, "s1"), (Tag.JOB, "import")):
        assert costs(three, tag) == {label: one.figures, NOBODY: other.figures + rest.figures}
    assert costs([], Tag.APP) == {}


def test_labels_are_told_the_dearest_first_and_after_the_thousandth_as_one() -> None:
    many = [a_generation(cost=n, app=f"app-{n}") for n in range(1, MOST_LABELS + 3)]
    found = list(costs(many, Tag.APP).items())
    assert len(found) == MOST_LABELS + 1
    assert found[0][0] == f"app-{MOST_LABELS + 2}"
    assert (found[-1][0], found[-1][1].credits) == (OTHERS, usd(3))
    assert sum((one for _, one in found), NOTHING).requests == len(many)


def test_a_label_is_of_bounded_length() -> None:
    (label,) = costs([a_generation(app="x" * 5000)], Tag.APP)
    assert len(label) == 256


def test_each_hour_tells_what_fell_back_and_what_was_for_tools_or_for_nothing() -> None:
    found = summed(
        [
            a_generation(cost=1, attempts=(DOWN, ACME), created_at=NOW + HOUR),
            a_generation(cost=2, tools=usd("0.02"), cancelled=True),
            a_generation(cost=4),
        ]
    ).outcomes(NOW)
    first, second = found.hours
    assert (first.hour, second.hour) == (NOW.replace(minute=0), NOW.replace(minute=0) + HOUR)
    assert (first.figures.requests, first.fell_back) == (2, 0)
    assert (first.tools, first.wasted) == (usd("0.02"), usd(2))
    assert (second.figures.credits, second.fell_back, second.wasted) == (usd(1), 1, usd(0))
    assert found.fallbacks == Rate(1, 3)


def test_a_success_costs_what_its_failures_and_its_steps_cost_too() -> None:
    some = [
        a_generation(cost=1, said=said(job="import")),
        a_generation(cost=2, said=said(job="import", outcome="failed")),
        a_generation(cost=3, said=said(job="import", outcome="ok")),
        a_generation(cost=4, said=said(outcome="ok")),
        a_generation(cost=50),
        a_generation(cost=60, said=said(job="chat")),
    ]
    assert summed(some).outcomes(NOW).per_success == PerSuccess(usd(10), 2)
    assert summed(some[4:]).outcomes(NOW).per_success == PerSuccess(usd(0), 0)


@st.composite
def days_of(draw: st.DrawFn) -> tuple[list[Sampled], list[Generation]]:
    """Return hours of two days, some of them without a count, and what is on record of them."""
    choices: list[Choice] = [None, Above(Decimal("0.1")), OneIn(2), OneIn(1)]
    hours, some = [], []
    for back in range(4):
        at = NOW.replace(minute=0) - back * 8 * HOUR
        made = [
            a_generation(
                f"gen-{back}-{number}",
                Decimal(cents) / 100,
                cancelled=cancelled,
                created_at=at + timedelta(minutes=number),
            )
            for number, (cents, cancelled) in enumerate(
                draw(st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=8))
            )
        ]
        exist = Count(len(made) + 3, sum((one.cost for one in made), usd(1)))
        if draw(st.booleans()):
            hours.append(Sampled("w1", at, NOW, draw(st.sampled_from(choices)), exist))
        some += made
    return hours, some


@given(days_of())
def test_days_summed_up_estimate_what_their_generations_do(
    world: tuple[list[Sampled], list[Generation]],
) -> None:
    hours, some = world
    days = {one.created_at.date() for one in some} | {one.hour.date() for one in hours}
    strata = [
        stratum
        for day in days
        for stratum in Summary(
            day,
            [one for one in hours if one.hour.date() == day],
            [one for one in some if one.created_at.date() == day],
        )
        .outcomes(NOW)
        .strata
    ]
    whole = strata_of(hours, some, wasted_cost)
    assert coverage(strata) == coverage(whole)
    assert estimate(strata) == estimate(whole)


@pytest.mark.parametrize("days", [0, 1])
def test_a_day_without_any_sums_up_to_nothing(days: int) -> None:
    found = Summary((NOW - days * DAY).date(), (), ()).outcomes(NOW)
    assert (found.hours, found.strata, found.fallbacks) == ((), (), Rate(0, 0))
