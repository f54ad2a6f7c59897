"""What the constraints of a key leave to its lineage, all that others can spend taken off."""

from collections.abc import Iterable

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.rooms import rooms
from budget_guard.domain.rotation import Limited, Room, free
from budget_guard.domain.windows import Window
from tests.domain.builders import (
    ALWAYS,
    DAILY,
    MONTHLY,
    NEVER,
    NOW,
    a_budget,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
    usd,
)


def facts(*all_seen: Observation, budgets: tuple[Budget, ...], holds: Iterable[Hold] = ()) -> Facts:
    return facts_of(all_seen, policy_of(*budgets), holds=holds)


def test_a_key_alone_has_all_that_is_left_of_each_window() -> None:
    budget = a_budget(hold=ALWAYS, daily=100, monthly=500)
    key = seen("api", counters(30, 60, 90), limited(100))
    found = rooms(facts(key, budgets=(budget,), holds=[held("api", limited(100))]), "#api")
    assert found == (Room(usd(70), DAILY), Room(usd(410), MONTHLY))


def test_what_the_other_keys_of_a_budget_can_still_spend_is_not_free() -> None:
    budget = a_budget(hold=ALWAYS, daily=100)
    one = seen("api", counters(30), limited(50))
    two = seen("web", counters(10), limited(25))
    holds = [held("api", limited(50)), held("web", limited(25))]
    asked = facts(one, two, budgets=(budget,), holds=holds)
    assert rooms(asked, "#api") == (Room(usd(60) - usd(15), DAILY),)


def test_a_key_that_is_not_fenced_yet_is_counted_by_what_it_is_about_to_get() -> None:
    budget = a_budget(hold=ALWAYS, daily=100)
    one = seen("api", counters(0), limited(20))
    two = seen("web", counters(0))
    (room,) = rooms(facts(one, two, budgets=(budget,), holds=[held("api", limited(20))]), "#api")
    assert usd(20) <= room.left < usd(100)


def test_its_own_limit_is_a_room_whether_a_budget_holds_it_or_not() -> None:
    key = seen("api", counters(20), limited(50, Window.DAILY))
    for budgets in ((), (a_budget(hold=NEVER, daily=1),)):
        assert rooms(facts(key, budgets=budgets), "#api") == (Room(usd(30), DAILY),)
    budget = a_budget(hold=ALWAYS, monthly=500)
    found = rooms(facts(key, budgets=(budget,)), "#api")
    assert found == (Room(usd(480), MONTHLY), Room(usd(30), DAILY))


def test_a_key_that_nothing_bounds_has_no_room() -> None:
    assert rooms(facts(seen("api"), budgets=(a_budget(hold=NEVER, daily=1),)), "#api") == ()


def test_what_is_free_counts_byok_where_a_budget_does() -> None:
    budget = a_budget(hold=ALWAYS, daily=100, include_byok=True)
    key = seen("api", counters(30, byok=5), limited(60, byok=True))
    found = rooms(
        facts(key, budgets=(budget,), holds=[held("api", limited(60, byok=True))]), "#api"
    )
    old = Limited(held("api", limited(60, byok=True)).possible(NOW), key.reading.counters, NOW)
    assert found == (Room(usd(65), DAILY, include_byok=True),)
    assert free(found, [old], NOW) == usd(40)
