"""What a key may still spend: by the limit in force, the newest counters, and whom it answers to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.holds import Hold, HoldState, Possible
from budget_guard.domain.keys import Settings, Spent
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import State as Retired
from budget_guard.domain.lineage import begun
from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.policy import Policy
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.use_cases.headroom import Headroom, State, headroom
from tests.domain.builders import (
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONTHLY,
    NEVER,
    NOW,
    WEEKLY,
    a_budget,
    counters,
    held,
    limited,
    policy_of,
    seen,
    usd,
    utc,
)

KEY = "#api"
OWNED = a_budget(daily=100, monthly=1000, owner="search")
ZERO, TEN = Decimal(0), Decimal(10)


def ask(
    observation: Observation,
    *holds: Hold,
    policy: Policy | None = None,
    fresh: Any = NOW - MINUTE,
    now: Any = NOW,
) -> Headroom:
    """Return the answer about the one key that a ledger knows."""
    ledger = MemoryLedger()
    ledger.save(observation, *holds, Freshness("w1", fresh, fresh))
    found = headroom(ledger, policy or policy_of(OWNED), observation.key.hash, now)
    assert found is not None
    return found


def line_of(*keys: str) -> Kin:
    """Return the lineage of some keys, the last of which is in use."""
    lineage = begun("secret", keys[0], "api", workspace="w1", at=NOW - DAY)
    for one in keys[1:]:
        lineage = lineage.moved_to(one, NOW - HOUR)
    return Kin({"secret": lineage})


def test_an_older_generations_hash_asks_for_the_key_that_took_its_place() -> None:
    ledger, fence = MemoryLedger(), limited(10)
    new = seen("api #2", counters(4, lifetime=4), fence, hash="#new")
    ledger.save(seen("api", counters(9, lifetime=9), fence), new, held("new", fence))
    ledger.save(Freshness("w1", NOW - MINUTE, NOW - MINUTE))
    policy, kin = policy_of(a_budget("prod", keys="api", daily=100)), line_of("#api", "#new")
    asked, own = (headroom(ledger, policy, key, NOW, kin) for key in ("#api", "#new"))
    assert asked
    assert own
    assert asked == replace(own, key="#api")
    assert (own.headroom, own.state, own.budget) == (Decimal(6), State.HELD, "prod")


def test_before_a_poll_has_seen_the_new_key_its_predecessor_answers() -> None:
    ledger = MemoryLedger()
    ledger.save(seen("api", counters(9, lifetime=9), limited(10)))
    ledger.save(Freshness("w1", NOW - MINUTE, NOW - MINUTE))
    for key in ("#api", "#new"):
        found = headroom(ledger, policy_of(OWNED), key, NOW, line_of("#api", "#new"))
        assert found
        assert (found.key, found.headroom) == (key, Decimal(1))


def of_line(*seen_or_held: Any, budgets: tuple[Any, ...], kin: Kin | None = None) -> Headroom:
    """Return the one answer that every generation of a lineage gets, the newest key's own."""
    ledger, line = MemoryLedger(), kin or line_of("#api", "#api #2")
    ledger.save(*seen_or_held, Freshness("w1", NOW - MINUTE, NOW - MINUTE))
    first, *more = (
        headroom(ledger, policy_of(*budgets), key, NOW, line) for key in line.hashes("#api")
    )
    assert first
    assert all(one and replace(one, key=first.key) == first for one in more)
    return first


NEW_FENCE = limited(10)
NEW_HOLD = held("api #2", NEW_FENCE)


def new_key(*spent: Any) -> Observation:
    return seen("api #2", counters(*spent), NEW_FENCE)


def test_what_binds_a_key_is_told_by_what_all_its_generations_spent() -> None:
    budgets = a_budget("day", keys="api", daily=100), a_budget("month", keys="api", monthly=200)
    old = seen("api", counters(10, 150), limited(160))
    found = of_line(old, new_key(5), NEW_HOLD, budgets=budgets)
    # By the counters of the new key alone it would be the day: 5 of 100, and 5 of 200 of the month.
    assert (found.budget, found.window, found.headroom) == ("month", MONTHLY, Decimal(5))


def test_a_deleted_generation_counts_with_what_it_may_have_spent_unseen() -> None:
    budgets = a_budget("day", keys="api", daily=40), a_budget("week", keys="api", weekly=50)
    gone = replace(seen("api", counters(1, 20), limited(160)), gone_at=NOW)
    hold = replace(held("api", limited(160)), state=HoldState.GONE)
    assert of_line(gone, new_key(5), NEW_HOLD, budgets=budgets).window == WEEKLY
    # Another 140 may have been spent since: 146 of 40 are more than 165 of 50.
    assert of_line(gone, hold, new_key(5), NEW_HOLD, budgets=budgets).window == DAILY


def test_a_budget_for_each_key_is_one_for_all_generations() -> None:
    each = a_budget("each", keys="api", daily=30, per_key=True)
    whole = a_budget("whole", keys="*", daily=100)
    found = of_line(seen("api", counters(24)), new_key(1), NEW_HOLD, budgets=(whole, each))
    assert found.budget == "each"


def test_of_its_own_limit_a_lineage_has_left_what_all_generations_left() -> None:
    own = limited(50, WEEKLY)
    old, new = seen("api", counters(10, 40), own), seen("api #2", counters(3), own)
    free = of_line(old, new, budgets=(OWNED,))
    # OpenRouter would let the new key spend 47.
    assert (free.headroom, free.state, free.window) == (Decimal(7), State.FREE, WEEKLY)
    hold = held("api #2", NEW_FENCE, baseline=own)
    fenced = of_line(old, new_key(3), hold, budgets=(OWNED,))
    assert (fenced.headroom, fenced.state) == (Decimal(7), State.HELD)
    assert (fenced.budget, fenced.owner, fenced.window) == (None, None, WEEKLY)


def test_its_own_limit_binds_a_held_key_without_lineage_too() -> None:
    hold = held(fence=limited(50, WEEKLY), baseline=limited(50, WEEKLY))
    found = ask(seen("api", counters(40), limited(50, WEEKLY)), hold)
    assert (found.headroom, found.budget, found.window) == (Decimal(10), None, WEEKLY)


class Counting(MemoryLedger):
    """Knows which observations were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def observation(self, key: str) -> Observation | None:
        self.read.append(key)
        return super().observation(key)


@pytest.mark.parametrize("retired", ["2026-10-31", "2026-11-02"])
def test_only_generations_that_may_have_spent_in_a_window_are_read(retired: str) -> None:
    kin = line_of("#api", "#api #2", "#api #3")
    (lineage,) = kin.lineages.values()
    lineage = lineage.come_to("#api", Retired.DELETED, utc(retired))
    ledger = Counting()
    ledger.save(seen("api #3"), seen("api #2", counters(4)), seen("api"))
    assert headroom(ledger, policy_of(OWNED), "#api", NOW, Kin({lineage.secret: lineage}))
    is_old = retired == "2026-10-31"
    assert ledger.read == ["#api #3", *([] if is_old else ["#api"]), "#api #2"]


def test_a_limit_for_ever_counts_generations_that_are_not_read_any_more() -> None:
    kin = line_of("#api", "#api #2")
    (lineage,) = kin.lineages.values()
    spent = replace(lineage.generations[0], spent=Spent(usd(30)))
    lineage = lineage.with_generation(spent).come_to("#api", Retired.DELETED, NOW - 60 * DAY)
    kin = Kin({lineage.secret: lineage})
    found = of_line(seen("api #2", counters(4), limited(40)), budgets=(OWNED,), kin=kin)
    assert found.headroom == Decimal(6)


def test_a_key_that_a_rotation_has_just_made_answers_for_itself() -> None:
    rotation = Rotation(
        secret="secret",
        token="t",
        name="api #2",
        workspace="w1",
        old="#api",
        is_held=True,
        allowed=usd(40),
        began=NOW,
        run="r",
        stage=Stage.CREATED,
        new="#api #2",
    )
    kin = Kin(line_of("#api").lineages, (rotation,))
    ledger = MemoryLedger()
    ledger.save(seen("api", counters(20), limited(21)), new_key(3))
    ledger.save(held("api", limited(21)), NEW_HOLD)
    policy = policy_of(a_budget("prod", keys="api", daily=100))
    old, new = (headroom(ledger, policy, key, NOW, kin) for key in ("#api", "#api #2"))
    assert old
    assert new
    assert (old.headroom, new.headroom) == (Decimal(1), Decimal(7))
    assert old.budget == new.budget == "prod"


def spent_of(fence: Settings, daily: str = "4", **rest: Any) -> Observation:
    return seen("api", counters(daily, lifetime=rest.pop("lifetime", daily)), fence, **rest)


def test_a_key_that_is_not_there_has_no_answer() -> None:
    ledger = MemoryLedger()
    assert headroom(ledger, policy_of(OWNED), KEY, NOW) is None
    ledger.save(replace(seen("api"), gone_at=NOW))
    assert headroom(ledger, policy_of(OWNED), KEY, NOW) is None


def test_a_key_without_a_limit_is_free() -> None:
    found = ask(seen("api"))
    assert (found.headroom, found.state, found.resets_at) == (None, State.FREE, None)
    assert (found.budget, found.owner, found.window) == ("prod", "search", None)


def test_a_keys_own_limit_leaves_what_its_window_has_not_spent() -> None:
    found = ask(seen("api", counters("4", "7", lifetime="99"), limited(10, WEEKLY)))
    assert (found.headroom, found.state) == (Decimal(3), State.FREE)
    assert (found.window, found.resets_at) == (WEEKLY, utc("2026-11-23"))


def test_a_fence_leaves_what_its_lifetime_counter_has_not_reached() -> None:
    fence = limited("108.5")
    found = ask(spent_of(fence, "4", lifetime="100"), held(fence=fence))
    assert (found.headroom, found.state) == (Decimal("8.5"), State.HELD)
    assert (found.budget, found.owner, found.window) == ("prod", "search", DAILY)
    assert found.resets_at == utc("2026-11-19")


def test_a_fence_that_was_reached_or_passed_leaves_nothing() -> None:
    fence = limited(100)
    for lifetime in ("100", "100.7"):
        found = ask(spent_of(fence, "4", lifetime=lifetime), held(fence=fence))
        assert (found.headroom, found.state) == (ZERO, State.STOPPED)


def test_an_answer_newer_than_the_reading_counts_with_what_it_allowed_beyond() -> None:
    fence = limited(12)
    hold = held(confirmed=Possible(fence, extra=usd(3)), at=NOW)
    found = ask(spent_of(limited(5), "4"), hold)
    assert found.headroom == Decimal(11)


def test_what_a_person_changed_since_counts_instead_of_the_fence() -> None:
    found = ask(spent_of(limited(50), "4"), held(fence=limited(5)))
    assert found.headroom == Decimal(46)


def test_byok_counts_where_the_limit_counts_it() -> None:
    for byok, left in ((True, Decimal(3)), (False, Decimal(6))):
        fence = limited(10, byok=byok)
        found = ask(seen("api", counters(4, byok=3), fence), held(fence=fence))
        assert found.headroom == left


def test_a_counter_of_yesterday_is_none_of_todays() -> None:
    yesterday = NOW - DAY
    found = ask(seen("api", counters(10), limited(10, DAILY), at=yesterday))
    assert (found.headroom, found.state) == (TEN, State.FREE)


def test_who_is_disabled_or_has_ended_may_spend_nothing() -> None:
    off = limited(10, disabled=True)
    for one in (seen("api", settings=off), seen("api", expires_at=NOW)):
        found = ask(one)
        assert (found.headroom, found.state) == (ZERO, State.STOPPED)
    frozen = ask(seen("api", settings=off), held(fence=off, froze=True))
    assert (frozen.headroom, frozen.state) == (ZERO, State.FROZEN)


def test_a_key_that_was_given_back_is_free() -> None:
    hold = replace(held(fence=limited(5)), state=HoldState.RELEASED)
    assert ask(seen("api"), hold).state is State.FREE


def test_its_age_is_that_of_its_workspace_however_long_it_did_not_change() -> None:
    found = ask(seen("api", at=NOW - DAY), fresh=NOW - 3 * MINUTE)
    assert (found.observed_at, found.age) == (NOW - 3 * MINUTE, 3 * MINUTE)
    assert ask(seen("api"), fresh=NOW + MINUTE).age == timedelta()


def test_of_what_was_not_seen_for_too_long_nothing_is_known() -> None:
    fence = limited(10)
    one = spent_of(fence, at=NOW - HOUR)
    assert ask(one, held(fence=fence), fresh=NOW - 15 * MINUTE).state is State.HELD
    late = ask(one, held(fence=fence), fresh=NOW - 16 * MINUTE)
    assert (late.state, late.headroom) == (State.UNKNOWN, Decimal(6))


@pytest.mark.parametrize(
    ("budgets", "binds"),
    [
        ([a_budget("a", daily=100), a_budget("b", daily=10)], ("b", DAILY)),
        ([a_budget("a", daily=100), a_budget("b", daily=10, hold=NEVER)], ("a", DAILY)),
        ([a_budget("a", keys="dev-*", daily=1), a_budget("b", daily=10)], ("b", DAILY)),
        ([a_budget("a", daily=100, weekly=110)], ("a", WEEKLY)),
        ([a_budget("a", daily=0), a_budget("b", daily=1)], ("a", DAILY)),
        ([a_budget("a", keys="dev-*", daily=1)], (None, None)),
        ([a_budget("a", hold=NEVER, daily=1)], ("a", None)),
    ],
)
def test_the_cap_of_which_the_key_spent_most_is_the_one_that_binds(
    budgets: list[Any], binds: tuple[str | None, Any]
) -> None:
    fence = limited(120)
    one = seen("api", counters("4", "100", lifetime="110"), fence)
    found = ask(one, held(fence=fence), policy=policy_of(*budgets))
    assert (found.budget, found.window) == binds


def test_a_fence_that_resets_is_bound_by_a_cap_of_its_window() -> None:
    fence = limited(50, MONTHLY)
    found = ask(spent_of(fence), held(fence=fence))
    assert (found.window, found.resets_at) == (MONTHLY, utc("2026-12-01"))


def test_a_budget_on_models_or_providers_bounds_no_key() -> None:
    narrowed = [a_budget("m", daily=1, models=("*",)), a_budget("p", daily=1, providers=("*",))]
    fence = limited("100")
    for first in narrowed:
        policy = policy_of(first, OWNED)
        assert ask(seen("api"), policy=policy).budget == "prod"
        held_key = ask(spent_of(fence, "40"), held(fence=fence), policy=policy)
        assert (held_key.budget, held_key.headroom) == ("prod", Decimal(60))
    assert ask(seen("api"), policy=policy_of(*narrowed)).budget is None


def test_a_budget_of_another_guards_workspaces_is_none_of_its_business() -> None:
    policy = replace(policy_of(OWNED), scope=("w2",))
    assert ask(seen("api"), policy=policy).budget is None


amounts = st.decimals(0, 200, places=6)


@given(amounts, amounts, amounts, st.sampled_from([None, DAILY, WEEKLY, MONTHLY]))
def test_headroom_is_never_negative_and_falls_as_the_key_spends(
    limit: Decimal, used: Decimal, more: Decimal, reset: Any
) -> None:
    fence = limited(limit, reset)
    before, after = (
        ask(seen("api", counters(one), fence), held(fence=fence)).headroom
        for one in (used, used + more)
    )
    assert before is not None
    assert after is not None
    assert ZERO <= after <= before == max(ZERO, limit - used)
