"""What is told of a lineage's own limit: all generations together, those that are gone included."""

from dataclasses import replace

import pytest

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import HoldState
from budget_guard.domain.keys import Settings, Spent
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import State
from budget_guard.domain.observations import Observation
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.windows import Window
from budget_guard.use_cases.rotation.lineage_caps import LineageCap, limit_over
from tests.domain.builders import (
    DAILY,
    MONTHLY,
    NOW,
    WEEKLY,
    a_budget,
    a_lineage_of,
    counters,
    facts_of,
    held,
    limited,
    policy_of,
    seen,
    usd,
    utc,
)

OLD = seen("api", counters(20, 25, 30, 35), limited(40))
NEW = seen("api #2", counters(5, 5, 5, 5), limited(10))


def lineage(baseline: Settings, *all_seen: Observation) -> Facts:
    """Return the facts of a lineage of two, each fenced by the guard, its own limit known."""
    holds = [held("api", limited(40), baseline=baseline)]
    holds += [held("api #2", limited(10), baseline=baseline)]
    facts = facts_of(all_seen or (OLD, NEW), policy_of(a_budget()), holds=holds)
    return a_lineage_of(facts, "#api", "#api #2")


def limit_of(facts: Facts) -> LineageCap:
    (one,) = facts.kin.lineages.values()
    found = limit_over(one, facts)
    assert found
    return found


@pytest.mark.parametrize(
    ("window", "parts", "resets_at"),
    [
        (DAILY, (5, 20), "2026-11-19"),
        (WEEKLY, (5, 25), "2026-11-23"),
        (MONTHLY, (5, 30), "2026-12-01"),
        (None, (5, 35), None),
    ],
)
def test_its_own_limit_is_told_of_by_what_each_generation_took(
    window: Window | None, parts: tuple[int, int], resets_at: str | None
) -> None:
    found = limit_of(lineage(limited(50, window)))
    assert found == LineageCap(
        budget=None,
        window=window,
        spent=usd(sum(parts)),
        cap=usd(50),
        left=usd(50 - sum(parts)),
        by_it=usd(sum(parts)),
        by_each=((2, usd(parts[0])), (1, usd(parts[1]))),
        resets_at=utc(resets_at) if resets_at else None,
    )


def test_of_a_key_that_was_just_given_back_the_fence_that_was_read_last_is_not_its_own_limit() -> (
    None
):
    facts = lineage(limited())
    own = replace(held("api #2", limited(50, DAILY), at=NOW), state=HoldState.RELEASED)
    found = limit_of(replace(facts, holds={**facts.holds, "#api #2": own}))
    assert (found.cap, found.window) == (usd(50), DAILY)


def test_a_lineage_without_a_limit_of_its_own_or_that_nobody_has_seen_has_none() -> None:
    facts = lineage(limited())
    (one,) = facts.kin.lineages.values()
    assert limit_over(one, facts) is None
    assert limit_over(one, replace(facts, observations={})) is None


def test_before_the_new_key_was_polled_the_limit_is_told_by_the_old_one() -> None:
    assert limit_of(lineage(limited(50, DAILY), OLD)).by_each == ((1, usd(20)),)


@pytest.mark.parametrize(("window", "spent"), [(None, 35), (DAILY, 0)])
def test_a_generation_that_nobody_can_read_any_more_counts_for_ever(
    window: Window | None, spent: int
) -> None:
    facts = lineage(limited(50, window), NEW)
    (known,) = facts.kin.lineages.values()
    gone = replace(known.generations[0], state=State.DELETED, spent=Spent(usd(35)))
    facts = replace(facts, kin=Kin({known.secret: known.with_generation(gone)}))
    found = limit_of(facts)
    assert found.spent == found.by_it == usd(5 + spent)


def test_what_a_deleted_generation_may_have_spent_unseen_is_none_of_its_parts() -> None:
    facts = lineage(limited(50, DAILY), replace(OLD, gone_at=NOW), NEW)
    gone = replace(facts.holds["#api"], state=HoldState.GONE)
    found = limit_of(replace(facts, holds={**facts.holds, "#api": gone}))
    assert (found.spent, found.by_it) == (usd(25 + 5), usd(25))


def test_what_a_key_spends_that_a_rotation_has_just_made_is_its_own() -> None:
    facts = facts_of((OLD, NEW), policy_of(a_budget()), holds=lineage(limited(50)).holds.values())
    rotation = Rotation(
        secret="secret-api",
        token="t",
        name="api #2",
        workspace="w1",
        old="#api",
        is_held=True,
        allowed=usd(40),
        began=NOW,
        run="r",
        stage=Stage.PROVEN,
        new="#api #2",
    )
    found = limit_of(a_lineage_of(facts, "#api", rotations=[rotation]))
    assert found.by_each == ((2, usd(5)), (1, usd(35)))
