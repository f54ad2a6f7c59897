"""What the constraints of a key leave to its lineage, all that others can spend taken off."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold
from budget_guard.domain.lineage import Cap
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.domain.rooms import in_force, rooms
from budget_guard.domain.split import Room, free
from budget_guard.domain.windows import Window
from tests.domain.builders import (
    ALWAYS,
    DAILY,
    MONTHLY,
    NEVER,
    NOW,
    a_budget,
    a_lineage_of,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
    usd,
)

API = "#api"


def facts(*all_seen: Observation, budgets: tuple[Budget, ...], holds: Iterable[Hold] = ()) -> Facts:
    return facts_of(all_seen, policy_of(*budgets), holds=holds)


def test_a_key_alone_has_all_that_is_left_of_each_window() -> None:
    budget = a_budget(hold=ALWAYS, daily=100, monthly=500)
    key = seen("api", counters(30, 60, 90), limited(100))
    found = rooms(facts(key, budgets=(budget,), holds=[held("api", limited(100))]), API)
    assert found == (Room(usd(70), DAILY), Room(usd(410), MONTHLY))


def test_what_the_other_keys_of_a_budget_can_still_spend_is_not_free() -> None:
    budget = a_budget(hold=ALWAYS, daily=100)
    one = seen("api", counters(30), limited(50))
    two = seen("web", counters(10), limited(25))
    holds = [held("api", limited(50)), held("web", limited(25))]
    asked = facts(one, two, budgets=(budget,), holds=holds)
    assert rooms(asked, API) == (Room(usd(60) - usd(15), DAILY),)


def test_a_key_that_is_not_fenced_yet_is_counted_by_what_it_is_about_to_get() -> None:
    budget = a_budget(hold=ALWAYS, daily=100)
    one = seen("api", counters(0), limited(20))
    two = seen("web", counters(0))
    (room,) = rooms(facts(one, two, budgets=(budget,), holds=[held("api", limited(20))]), API)
    assert usd(20) <= room.left < usd(100)


def test_its_own_limit_is_a_room_whether_a_budget_holds_it_or_not() -> None:
    key = seen("api", counters(20), limited(50, Window.DAILY))
    for budgets in ((), (a_budget(hold=NEVER, daily=1),)):
        assert rooms(facts(key, budgets=budgets), API) == (Room(usd(30), DAILY),)
    budget = a_budget(hold=ALWAYS, monthly=500)
    found = rooms(facts(key, budgets=(budget,)), API)
    assert found == (Room(usd(480), MONTHLY), Room(usd(30), DAILY))


def test_a_key_that_nothing_bounds_has_no_room() -> None:
    assert rooms(facts(seen("api"), budgets=(a_budget(hold=NEVER, daily=1),)), API) == ()


def test_what_is_free_counts_byok_where_a_budget_does() -> None:
    budget = a_budget(hold=ALWAYS, daily=100, include_byok=True)
    key = seen("api", counters(30, byok=5), limited(60, byok=True))
    asked = facts(key, budgets=(budget,), holds=[held("api", limited(60, byok=True))])
    found = rooms(asked, API)
    assert found == (Room(usd(65), DAILY, include_byok=True),)
    assert free(found, [in_force(key, asked)], NOW) == usd(40)


def test_of_limits_of_its_own_the_generations_before_it_took_their_part() -> None:
    first = seen("first", counters(20, 25, 30, 35), limited(36))
    second = seen("api", counters(5), limited(10, Window.DAILY))
    holds = [
        held("first", limited(36)),
        held("api", limited(6), baseline=limited(50, Window.DAILY)),
    ]
    own = Room(usd(50) - usd(5) - usd(20) - usd(1), DAILY)
    assert rooms(of_kin(facts(first, second, budgets=(), holds=holds)), API) == (own,)
    gone = replace(first, gone_at=NOW)
    # What a deleted key may have spent unseen stays counted as well.
    assert rooms(of_kin(facts(gone, second, budgets=(), holds=holds)), API)[0].left == own.left
    each = a_budget(hold=ALWAYS, daily=100, per_key=True)
    found = rooms(of_kin(facts(first, second, budgets=(each,), holds=holds)), API)
    assert found == (Room(usd(100) - usd(5) - usd(21), DAILY), own)


def test_a_guardrail_s_budget_is_a_room_that_the_whole_lineage_spends_of() -> None:
    first = seen("first", counters(20), limited(21))
    second = seen("api", counters(5, byok=3))
    cap = Cap(usd(50), DAILY, include_byok=True)
    asked = of_kin(facts(first, second, budgets=(), holds=[held("first", limited(21))]))
    # The fence of the first does not count BYOK, and so does not bound it.
    assert rooms(asked, API, cap) == (Room(Decimal("-Infinity"), DAILY, include_byok=True),)
    alone = rooms(facts(second, budgets=()), API, cap)
    assert alone == (Room(usd(42), DAILY, include_byok=True),)


def of_kin(facts: Facts) -> Facts:
    """Return the facts, "first" and "api" being generations of one."""
    return a_lineage_of(facts, "#first", "#api")
