"""A session or job that repeats itself: far beyond any usual one, and only with money."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.alerts import Kind
from budget_guard.domain.generations import Generation
from budget_guard.domain.ownership import People
from budget_guard.domain.sampling import place_of
from budget_guard.domain.signals import loops
from budget_guard.domain.signals.loops import Repeats, looping
from budget_guard.domain.signals.requests import Busiest, DayRequests, What
from budget_guard.domain.signals.rules import Loops
from budget_guard.domain.signals.signal import Signal
from tests.domain.builders import DAY, HOUR
from tests.domain.generations import a_generation, said
from tests.domain.signals.hours import PEOPLE, TODAY, midnight, of_a_lineage

RULES = Loops()
UNTIL = midnight() + 12 * HOUR


def requests(
    count: int, label: str = "s-1", back: int = 1, key: str | None = "#s1", cost: str = "0.25"
) -> list[Generation]:
    """Return requests of one session in an hour before `UNTIL`."""
    one = a_generation(cost=cost, created_at=UNTIL - back * HOUR, key=key, session=label)
    return [replace(one, id=f"gen-{label}-{back}-{n}") for n in range(count)]


def of_job(some: Iterable[Generation], job: str = "import") -> list[Generation]:
    return [replace(one, said=said(job=job)) for one in some]


def repeats(some: Iterable[Generation], selected: str = "all", people: People = PEOPLE) -> Repeats:
    found = Repeats(people, UNTIL - 3 * HOUR, UNTIL)
    for one in some:
        found.add(one, place_of(one)[1], selected)
    return found


def days(
    *most: int, key: str = "#s1", what: What = What.SESSION, selected: str = "all"
) -> list[DayRequests]:
    """Return days on which the busiest session of a key made so many requests in an hour."""
    return [
        DayRequests(TODAY - back * DAY, UNTIL, busiest=(Busiest(selected, key, what, one),))
        for back, one in enumerate(most, start=1)
    ]


def found(
    some: Iterable[Generation], before: list[DayRequests], rules: Loops = RULES
) -> tuple[Signal, ...]:
    return looping(repeats(some), before, rules)


def test_a_loop_is_told_with_its_session_its_key_its_owner_old_and_new_figure_and_models() -> None:
    some = requests(100)
    some[0] = replace(some[0], served="acme/large")
    (signal,) = found(some, days(12, 20, 8))
    assert signal.kind is Kind.LOOP
    assert signal.id.startswith("loop/#s1/session/")
    assert (signal.owner, signal.key, signal.key_name) == ("search", "#s1", "s1")
    assert (signal.before, signal.after) == (Decimal(12), Decimal(100))
    assert signal.contributors == (
        ("acme/small", Decimal("24.75")),
        ("acme/large", Decimal("0.25")),
    )
    assert signal.text == (
        "s1: session s-1 made 100 requests in an hour (25.00 USD), usually up to 12; from 11:00 to "
        "12:00 UTC, of the requests on record; most by acme/small 24.75, acme/large 0.25 USD; "
        "owner search"
    )
    assert (
        signal.todo
        == 'see what this session does; to stop it: budget-guard freeze #s1 --reason "..."'
    )


def test_the_requests_of_a_session_with_two_generations_of_a_key_are_counted_together() -> None:
    people = of_a_lineage(PEOPLE, "s1", "s2")
    before, after = requests(40), requests(40, key="#s2")
    some = [*before, *(replace(one, id=f"{one.id}-2") for one in after)]
    (signal,) = looping(repeats(some, people=people), days(20, 20, 20), RULES)
    assert (signal.id.split("/")[1], signal.after) == ("#s1", Decimal(80))
    assert (signal.key, signal.owner) == ("#s2", "search")
    assert found(some, days(20, 20, 20)) == ()


@pytest.mark.parametrize(("count", "is_told"), [(60, False), (61, True)])
def test_a_session_may_make_so_many_times_what_any_usually_makes(count: int, is_told: bool) -> None:
    assert bool(found(requests(count), days(20, 20, 20))) == is_told


@pytest.mark.parametrize(("count", "is_told"), [(30, False), (31, True)])
def test_a_few_requests_are_nobodys_loop(count: int, is_told: bool) -> None:
    assert bool(found(requests(count), days(1, 1, 1))) == is_told


@pytest.mark.parametrize(("least", "is_told"), [("25", True), ("25.01", False)])
def test_little_money_is_not_told(least: str, is_told: bool) -> None:
    assert bool(found(requests(100), days(5, 5, 5), Loops(3, Decimal(least)))) == is_told


def test_requests_of_many_sessions_are_no_loop() -> None:
    some = [one for n in range(20) for one in requests(10, f"s-{n}")]
    assert found(some, days(10, 10, 10)) == ()


def test_an_hour_counts_alone() -> None:
    some = [one for back in (1, 2, 3) for one in requests(30, back=back)]
    assert found(some, days(10, 10, 10)) == ()


def test_for_three_hours_a_loop_is_told_by_its_busiest_hour() -> None:
    (signal,) = found([*requests(100, back=3), *requests(50, back=1)], days(9, 9, 9))
    assert "from 09:00 to 10:00 UTC" in signal.text
    assert found(requests(100, back=4), days(9, 9, 9)) == ()


def test_a_job_is_told_as_such_and_its_sessions_are_not_told_once_more() -> None:
    some = of_job(requests(100))
    before = [*days(9, 9, 9), *days(9, 9, 9, what=What.JOB)]
    merged = [
        DayRequests(one.day, one.at, busiest=(*one.busiest, *other.busiest))
        for one, other in zip(before[:3], before[3:], strict=True)
    ]
    (signal,) = found(some, merged)
    assert "s1: job import made 100 requests in an hour" in signal.text
    assert [one.id.split("/")[2] for one in found(requests(100), merged)] == ["session"]


@pytest.mark.parametrize(("past", "is_told"), [([], False), ([5, 5], False), ([5, 5, 5], True)])
def test_a_key_too_new_is_held_against_its_owners_other_keys(
    past: list[int], is_told: bool
) -> None:
    assert bool(found(requests(100), days(*past, key="#s2"))) == is_told
    assert not found(requests(100), days(*past, key="#r1"))


def test_of_an_owners_keys_the_busiest_is_what_is_usual() -> None:
    both = [
        DayRequests(
            TODAY - back * DAY,
            UNTIL,
            busiest=tuple(Busiest("all", "#s2", What.SESSION, n) for n in (50, 5)),
        )
        for back in (1, 2, 3)
    ]
    assert not found(requests(150, key="#s1"), both)


def test_one_loop_does_not_hide_the_next_and_a_weekly_job_is_usual() -> None:
    assert found(requests(100), days(9, 500, 9, 9))
    assert not found(requests(100), days(9, 9, 9, 9, 9, 9, 500))


def test_history_of_another_selection_is_not_comparable() -> None:
    assert not found(requests(100), days(5, 5, 5, selected="above 0.05"))
    one = looping(repeats(requests(100), "1 in 100"), days(5, 5, 5, selected="1 in 100"), RULES)
    assert "of the requests on record (a sample of 1 in 100)" in one[0].text


@pytest.mark.parametrize(
    ("count", "usual", "is_told"), [(8, 1, False), (9, 1, True), (15, 5, False), (16, 5, True)]
)
def test_of_a_sample_fewer_requests_and_less_money_stand_for_more(
    count: int, usual: int, is_told: bool
) -> None:
    before = days(usual, usual, usual, selected="1 in 4")
    some = repeats(requests(count, cost="0.0556"), "1 in 4")
    assert bool(looping(some, before, RULES)) == is_told


def test_a_loop_in_two_selections_is_told_once_by_the_larger() -> None:
    both = repeats(requests(100), "sent")
    for one in requests(50):
        both.add(one, place_of(one)[1], "all")
    before = [*days(5, 5, 5), *days(5, 5, 5, selected="sent")]
    (signal,) = looping(both, before, RULES)
    assert signal.after == 100


@pytest.mark.parametrize(("key", "name"), [("?old", "old"), (None, "a key that is not known")])
def test_a_key_whose_hash_nobody_knows_cannot_be_frozen(key: str | None, name: str) -> None:
    (signal,) = found(requests(100, key=key), days(5, 5, 5, key=key or "?"))
    assert (signal.key, signal.owner) == (None, None)
    assert signal.text.startswith(f"{name}: session s-1 made")
    assert signal.todo == "see what this session does"


def test_of_very_many_loops_the_busiest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "MOST_TOLD", 2)
    some = [one for n in (40, 60, 50) for one in requests(n, f"s-{n}")]
    assert {one.after for one in found(some, days(5, 5, 5))} == {50, 60}


def test_of_a_day_the_busiest_hour_of_any_session_and_any_job_of_a_key_is_kept() -> None:
    some = [*requests(3), *requests(5, "s-2", back=2), *of_job(requests(2, "s-3", back=5))]
    assert repeats(some).of_day(TODAY) == (
        Busiest("all", "#s1", What.JOB, 2),
        Busiest("all", "#s1", What.SESSION, 5),
    )
    assert repeats(some).of_day(TODAY - DAY) == ()


def test_of_very_many_keys_the_busiest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "MOST_KEPT", 2)
    some = [one for n in (1, 3, 2) for one in requests(n, key=f"#k{n}")]
    assert [one.key for one in repeats(some).of_day(TODAY)] == ["#k2", "#k3"]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 90)), max_size=4),
    st.lists(st.integers(1, 90), min_size=3, max_size=7),
)
def test_what_two_days_had_is_never_told(now: list[tuple[int, int]], past: list[int]) -> None:
    some = [one for n, (back, count) in enumerate(now) for one in requests(count, f"s-{n}", back)]
    most = max((count for _, count in now), default=1)
    assert not found(some, days(most, most, *past[:5]))
