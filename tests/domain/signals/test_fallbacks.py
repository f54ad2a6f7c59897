"""More fallbacks than usual: told with who failed and who served, of enough requests, and only up."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Kind
from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Attempt, Generation
from budget_guard.domain.ownership import People
from budget_guard.domain.sampling import place_of
from budget_guard.domain.signals.fallbacks import fallen
from budget_guard.domain.signals.requests import DayRequests, Route, Tried
from budget_guard.domain.signals.routes import Routes, asked, fell_over
from budget_guard.domain.signals.rules import Fallbacks
from budget_guard.domain.signals.signal import Signal
from tests.domain.builders import DAY, HOUR, usd
from tests.domain.generations import a_generation
from tests.domain.signals.hours import PEOPLE, TODAY, midnight, of_a_lineage

RULES = Fallbacks()
UNTIL = midnight() + 12 * HOUR
DOWN, BETA = Attempt("Acme", 503, "acme/small"), Attempt("Beta", 200, "acme/small")


def requests(
    count: int, fell: int, back: int = 1, key: str = "#s1", dearer: str = "1"
) -> list[Generation]:
    """Return requests of an hour before `UNTIL`, some of which fell back from Acme to Beta."""
    at = UNTIL - back * HOUR
    served = [a_generation(f"gen-{back}-{n}", created_at=at, key=key) for n in range(count - fell)]
    other = a_generation(
        "gen",
        cost=Decimal("0.25") * Decimal(dearer),
        created_at=at,
        key=key,
        provider="Beta",
        attempts=(DOWN, BETA),
    )
    return [*served, *(replace(other, id=f"gen-{back}-{key}-{n}") for n in range(fell))]


def routes(some: Iterable[Generation], selected: str = "all", people: People = PEOPLE) -> Routes:
    found = Routes(people, UNTIL - 3 * HOUR, UNTIL)
    for one in some:
        found.add(one, place_of(one)[1], selected)
    return found


def days(
    *parts: int, of: int = 800, selected: str = "all", owner: str | None = "search"
) -> list[DayRequests]:
    """Return days on which so many of each hundred requests to Acme fell back."""
    each = of // 8
    return [
        DayRequests(
            TODAY - back * DAY,
            UNTIL,
            tuple(
                Tried(Route(selected, one, "Acme"), (each,) * 8, (each * part // 100,) * 8)
                for one in {None, owner}
            ),
        )
        for back, part in enumerate(parts, start=1)
    ]


def found(
    some: Iterable[Generation], before: list[DayRequests], rules: Fallbacks = RULES
) -> tuple[Signal, ...]:
    return fallen(routes(some), before, rules)


def test_as_many_fallbacks_as_ever_are_not_told() -> None:
    assert found(requests(100, 4), days(4, 5, 6)) == ()


def test_more_are_told_with_who_failed_who_served_for_how_much_more_and_whose_they_are() -> None:
    (signal,) = found(requests(100, 50, dearer="1.5"), days(2, 2, 3, 4, 2, 2, 2))
    assert (signal.id, signal.kind) == ("fallbacks/search/Acme", Kind.FALLBACKS)
    assert (signal.before, signal.after) == (Decimal("0.02"), Decimal("0.5"))
    assert (signal.owner, signal.contributors) == ("search", (("s1", usd("18.75")),))
    assert signal.text == (
        "search: 50 % of 100 requests to Acme fell back in 3 hours, usually 2 % (up to 3 %), of "
        "the requests on record; Acme failed 50 times (503), Beta served 50, 50 % dearer per token "
        "(6.25 USD); most by s1 18.75 USD"
    )


def test_the_generations_of_a_key_are_named_as_one() -> None:
    people = of_a_lineage(PEOPLE, "s1", "s2")
    some = [*requests(50, 25), *requests(50, 25, key="#s2")]
    (signal,) = fallen(routes(some, people=people), days(2, 2, 3, 4, 2, 2, 2), RULES)
    assert signal.contributors == (("s2", usd("12.5")),)


@pytest.mark.parametrize(("count", "is_told"), [(19, False), (20, True)])
def test_few_requests_tell_nothing(count: int, is_told: bool) -> None:
    assert bool(found(requests(count, count), days(0, 0, 0))) == is_told


def test_of_few_requests_what_may_be_chance_is_not_told() -> None:
    assert not found(requests(20, 5), days(0, 0, 0))
    assert found(requests(200, 50), days(0, 0, 0))


@pytest.mark.parametrize(("past", "is_told"), [([], False), ([1, 1], False), ([1, 1, 1], True)])
def test_a_route_without_a_history_is_not_judged(past: list[int], is_told: bool) -> None:
    assert bool(found(requests(100, 60), days(*past))) == is_told


def test_days_with_few_requests_are_no_history() -> None:
    assert not found(requests(100, 60), days(1, 1, 1, of=16))


def test_one_bad_day_does_not_hide_the_next_and_two_make_it_usual() -> None:
    assert found(requests(100, 60), days(1, 80, 1, 1))
    assert not found(requests(100, 60), days(1, 80, 80, 1))


def test_the_same_weekday_a_week_before_counts_even_alone() -> None:
    assert not found(requests(100, 60), days(1, 1, 1, 1, 1, 1, 80))


@pytest.mark.parametrize("selected", ["above 0.05", "sent"])
def test_history_of_another_selection_is_not_comparable(selected: str) -> None:
    assert not found(requests(100, 60), days(1, 1, 1, selected=selected))
    same = routes(requests(100, 60), selected)
    (signal,) = fallen(same, days(1, 1, 1, selected=selected), RULES)
    assert "of the requests on record (" in signal.text


def test_of_two_selections_the_larger_is_told_once() -> None:
    both = routes(requests(100, 60))
    for one in requests(30, 29):
        both.add(one, place_of(one)[1], "sent")
    (signal,) = fallen(both, [*days(1, 1, 1), *days(1, 1, 1, selected="sent")], RULES)
    assert signal.after == Decimal("0.6")


def test_where_each_owner_has_too_few_the_account_is_told_with_the_dearest_owner() -> None:
    some = requests(15, 12) + requests(15, 11, key="#r1") + requests(10, 9, key="#nobody")
    before = [*days(1, 1, 1, owner=None)]
    (signal,) = found(some, before)
    assert (signal.id, signal.owner) == ("fallbacks/*/Acme", "search")
    assert [name for name, _ in signal.contributors] == ["s1", "r1", "nobody"]
    assert signal.text.startswith("the account: 80 % of 40 requests to Acme fell back")
    assert signal.text.endswith("; owner search")


def test_what_was_told_goes_on_until_it_is_half_as_much() -> None:
    some, before = routes(requests(400, 72)), days(0, 0, 0)
    assert fallen(some, before, RULES) == ()
    assert fallen(some, before, RULES, {"fallbacks/search/Acme"})
    assert not fallen(routes(requests(400, 40)), before, RULES, {"fallbacks/search/Acme"})


def test_older_requests_are_not_lately() -> None:
    assert not found(requests(100, 60, back=4), days(1, 1, 1))
    (signal,) = found([*requests(100, 60, back=4), *requests(50, 40)], days(1, 1, 1))
    assert "Acme failed 40 times" in signal.text


@pytest.mark.parametrize(
    ("dearer", "told"),
    [("1.04", " at the same price"), ("0.5", ", 50 % cheaper per token (6.25 USD)")],
)
def test_the_price_is_told_by_the_token(dearer: str, told: str) -> None:
    (signal,) = found(requests(100, 50, dearer=dearer), days(0, 0, 0))
    assert f"Beta served 50{told}; most by" in signal.text


def test_where_nothing_was_served_at_once_no_price_is_told() -> None:
    (signal,) = found(requests(50, 50), days(0, 0, 0))
    assert "Beta served 50; most by" in signal.text


def test_where_nobody_served_that_is_told() -> None:
    nobody = [
        replace(one, provider=None, attempts=(DOWN, replace(BETA, status=429)), key=None)
        for one in requests(30, 30)
    ]
    (signal,) = fallen(routes(nobody), days(0, 0, 0, owner=None), RULES)
    assert "Acme failed 30 times (503, 429), nobody served 30; most by unknown keys" in signal.text


def test_another_model_is_named_and_one_failure_is_once() -> None:
    large = replace(BETA, model="beta/large")
    some = [
        replace(one, attempts=(replace(DOWN, status=None), large), served="beta/large")
        for one in requests(30, 30)
    ]
    some[0] = replace(some[0], attempts=(DOWN, large))
    (signal,) = found(some, days(0, 0, 0))
    assert "; Acme failed once (503), Beta with beta/large served 30; most by" in signal.text


def test_what_a_router_chose_is_no_fallback() -> None:
    routed = a_generation(requested="openrouter/auto")
    assert asked(routed) == "acme/small"
    assert not fell_over(routed, asked(routed))
    assert asked(a_generation(attempts=(), requested="a", served="b")) == "a"


def test_a_provider_that_nobody_tells_of_is_nobody() -> None:
    (only, _) = routes([a_generation(attempts=(), provider=None, key="#s1")]).passages
    assert only.provider == "nobody"


def test_a_day_is_kept_in_steps_of_three_hours_for_owner_and_account() -> None:
    some = [
        replace(a_generation(str(n), key="#s1"), created_at=midnight() + n * HOUR)
        for n in range(24)
    ]
    some[4] = replace(some[4], attempts=(DOWN, BETA))
    kept = routes(some).of_day(TODAY)
    assert [one.route for one in kept] == [Route("all", o, "Acme") for o in ("search", None)]
    assert {one.requests for one in kept} == {(3,) * 8}
    assert {one.fell_back for one in kept} == {(0, 1, 0, 0, 0, 0, 0, 0)}
    assert routes(some).of_day(TODAY - DAY) == ()


@given(st.integers(20, 300), st.integers(0, 100), st.lists(st.integers(0, 100), min_size=3))
def test_a_part_that_was_reached_on_two_days_is_never_told(
    count: int, percent: int, past: list[int]
) -> None:
    some = requests(count, count * percent // 100)
    assert not found(some, days(percent, percent, *past[:5]))


def test_a_request_without_tokens_has_no_price() -> None:
    free = [replace(one, figures=Figures(usd(1), requests=1)) for one in requests(50, 30)]
    (signal,) = found(free, days(0, 0, 0))
    assert "Beta served 30; most by" in signal.text
