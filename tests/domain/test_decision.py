"""The decision: what every key should be, and why."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.domain.decision import decide
from budget_guard.domain.holds import HoldState, Intent, Possible, Replaced
from budget_guard.domain.observations import HourMark, Observation, observe_gone
from budget_guard.domain.policy import Mode
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Fence, Restore, Wish
from budget_guard.domain.wishing import NEVER_DRY
from tests.domain.builders import (
    ALWAYS,
    DAILY,
    DAY,
    HOUR,
    MINUTE,
    MONTHLY,
    NEVER,
    NOW,
    WEEKLY,
    a_budget,
    a_grant,
    a_release,
    counters,
    facts_of,
    held,
    limited,
    obeyed,
    plan_of,
    policy_of,
    seen,
    usd,
)

DAILY_100 = a_budget("prod", daily=100)
API = seen("prod-api", counters("91.20", lifetime=500))


def a_wish(name: str = "prod-api", **rest: Any) -> Wish:
    fields: dict[str, Any] = {
        "key": f"#{name}",
        "want": Fence(limited(100, DAILY).limit, include_byok=False),
        "reason": "why",
        "at": NOW,
        "generation": 7,
        "urgent": True,
        "hours_left": NEVER_DRY,
        "budget": "prod",
    }
    return Wish(**(fields | rest))


@pytest.mark.parametrize(
    ("key", "budget", "reason"),
    [
        (
            API,
            DAILY_100,
            "prod spent 91.20 of 100.00 USD today; fenced at 8.80 USD more until 00:00 UTC",
        ),
        (
            API,
            a_budget("prod-api", daily=100, per_key=True),
            (
                "prod-api, in prod-api, spent 91.20 of 100.00 USD today; "
                "fenced at 8.80 USD more until 00:00 UTC"
            ),
        ),
        (
            seen("prod-api", counters(0, 120)),
            a_budget("prod", weekly=100),
            "prod spent 120.00 of 100.00 USD this week; stopped until Mon 23 Nov 00:00 UTC",
        ),
        (
            seen("prod-api", counters("99.995")),
            a_budget("prod", monthly=100),
            (
                "prod spent 100.00 of 100.00 USD this month; "
                "fenced at 0.005 USD more until Tue 1 Dec 00:00 UTC"
            ),
        ),
        (
            seen("prod-api", counters(95, lifetime=200), limited(202)),
            DAILY_100,
            (
                "prod-api, by its own limit, spent 200.00 of 202.00 USD in its lifetime; "
                "fenced at 2.00 USD more until its limit is raised"
            ),
        ),
    ],
)
def test_a_fence_is_explained_in_words(key: Observation, budget: Any, reason: str) -> None:
    plan = plan_of([key], budget)
    assert plan.wishes["#prod-api"].reason == reason


def test_a_budget_of_the_keys_name_reads_as_the_key() -> None:
    plan = plan_of([API], a_budget("prod-api", daily=100))
    assert plan.wishes["#prod-api"].reason == (
        "prod-api spent 91.20 of 100.00 USD today; fenced at 8.80 USD more until 00:00 UTC"
    )


def test_a_wish_says_all_that_enforce_needs() -> None:
    marks = (HourMark(NOW - HOUR, counters(0, lifetime=490).lifetime),)
    plan = plan_of([replace(API, hours=marks)], DAILY_100)
    assert plan.new_wishes == (
        Wish(
            key="#prod-api",
            want=Fence(limited(100, DAILY).limit, include_byok=False),
            reason="prod spent 91.20 of 100.00 USD today; fenced at 8.80 USD more until 00:00 UTC",
            at=NOW,
            generation=int(NOW.timestamp()),
            urgent=True,
            hours_left=Decimal("0.88"),
            budget="prod",
        ),
    )


def test_below_the_fraction_of_its_hold_a_budget_wishes_nothing() -> None:
    plan = plan_of([seen("a", counters("89.99"))], DAILY_100)
    assert (plan.wishes, plan.standings) == ({}, {})


def test_hold_always_fences_an_unused_key_and_hold_never_no_key() -> None:
    assert plan_of([seen("a")], a_budget(daily=10, hold=ALWAYS)).wishes
    assert not plan_of([seen("a", counters(50))], a_budget(daily=10, hold=NEVER)).wishes


def test_once_one_window_holds_a_key_all_its_caps_bind_it() -> None:
    key = seen("a", counters(91, 91, 91, 91))
    plan = plan_of([key], a_budget(daily=100, weekly=95, hold=ALWAYS))
    assert plan.standings["#a"].headroom == 4
    assert plan.wishes["#a"].want == Fence(limited(95, WEEKLY).limit, include_byok=False)


def test_of_equal_constraints_the_one_that_lasts_longest_binds() -> None:
    plan = plan_of([seen("a", counters(91))], a_budget(daily=100, weekly=100, monthly=100))
    binding = plan.standings["#a"].binding
    assert binding is not None
    assert binding.window is MONTHLY


def test_a_cap_that_several_keys_share_is_shared_out_among_them() -> None:
    plan = plan_of([seen("a", counters(50)), seen("b", counters(42))], DAILY_100)
    assert {key: one.want for key, one in plan.wishes.items()} == {
        "#a": Fence(limited(54).limit, include_byok=False),
        "#b": Fence(limited(46).limit, include_byok=False),
    }


KEYS = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.sampled_from([None, *Window]),
        st.sampled_from([None, 0, 5, 80, 1000]),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
BUDGETS = st.builds(
    lambda caps, byok, hold: a_budget(per_key=True, include_byok=byok, hold=hold, **caps),
    st.dictionaries(
        st.sampled_from([one.value for one in Window]),
        st.sampled_from([0, 10, 100, 400]),
        min_size=1,
    ),
    st.booleans(),
    st.sampled_from([ALWAYS, NEVER, a_budget().hold]),
)


@given(KEYS, BUDGETS)
def test_once_a_wish_came_true_there_is_nothing_left_to_wish(
    rows: list[tuple[int, Window | None, int | None, bool]], budget: Any
) -> None:
    keys = [
        seen(
            f"k{number}",
            counters(spent, lifetime=spent + 7, byok=3),
            limited(amount, reset, byok=byok),
        )
        for number, (spent, reset, amount, byok) in enumerate(rows)
    ]
    plan = plan_of(keys, budget)
    assert decide(obeyed(plan)).wishes == {}


@given(st.integers(0, 99).map(lambda noise: Decimal(noise) / 10**7))
def test_rounding_noise_in_counters_makes_no_wish(noise: Decimal) -> None:
    budget = a_budget(daily=100, weekly=110)
    facts = obeyed(plan_of([API], budget))
    before = facts.observations["#prod-api"]
    reading = replace(before.reading, counters=counters(usd("91.20") + noise, lifetime=500 + noise))
    noisy = replace(facts, observations={"#prod-api": replace(before, reading=reading)})
    assert decide(noisy).wishes == {}


def test_the_least_room_too_much_makes_a_wish_and_too_little_only_where_the_key_is_short() -> None:
    key = seen("a", counters(95, lifetime=500))
    budget = a_budget(daily=100, weekly=101)
    for fence, is_wished in (
        ("505", False),
        ("503", False),
        ("500.9", True),
        ("505.0001", True),
    ):
        shown = replace(key, reading=replace(key.reading, settings=limited(fence)))
        plan = plan_of([shown], budget, holds=[held("a", limited(fence))])
        assert bool(plan.wishes) == is_wished, fence


@pytest.mark.parametrize(
    "hold",
    [
        held("a", limited(505), state=HoldState.LET_GO),
        held("a", limited(505), intents=(Intent("i", limited(505), NOW, "why", "run"),)),
        held("a", limited(505, byok=True)),
        held("a", limited(505, MONTHLY)),
        held("a", confirmed=None),
    ],
)
def test_a_fence_that_is_not_surely_the_right_one_is_wished_again(hold: Any) -> None:
    key = seen("a", counters(95, lifetime=500), limited(505))
    assert plan_of([key], a_budget(daily=100, weekly=101), holds=[hold]).wishes


def test_a_key_that_was_disabled_as_a_last_resort_is_left_so_until_it_is_due_another_limit() -> (
    None
):
    key = seen("a", counters(95, lifetime=500), limited(5, disabled=True))
    for gave_up, is_wished in ((limited(505).limit, False), (limited(506).limit, True)):
        hold = held("a", limited(5, disabled=True), gave_up=gave_up)
        plan = plan_of([key], a_budget(daily=100, weekly=101), holds=[hold])
        assert bool(plan.wishes) == is_wished


def test_a_fence_that_a_person_changed_is_wished_again() -> None:
    key = seen("a", counters(95, lifetime=500), limited(900))
    assert plan_of([key], a_budget(daily=100, weekly=101), holds=[held("a", limited(505))]).wishes


def test_facts_that_are_too_old_decide_nothing_and_what_was_wished_stays() -> None:
    wish = a_wish()
    stale = plan_of([API], DAILY_100, fresh=NOW - 16 * MINUTE, wishes=[wish])
    assert (stale.wishes, stale.dropped, stale.new_wishes) == ({wish.key: wish}, (), ())
    assert plan_of([API], DAILY_100, fresh=NOW - 15 * MINUTE).wishes
    assert not plan_of([API], DAILY_100, fresh=NOW - 16 * MINUTE).wishes


def test_while_one_workspace_is_stale_the_others_are_decided() -> None:
    facts = facts_of(
        [seen("a", counters(95)), seen("b", counters(95), workspace="w2")],
        policy_of(a_budget(daily=100, per_key=True)),
    )
    stale = replace(facts.freshness["w1"], at=NOW - HOUR)
    plan = decide(replace(facts, freshness={**facts.freshness, "w1": stale}))
    assert set(plan.wishes) == {"#b"}


def test_a_workspace_that_was_never_polled_whole_is_stale() -> None:
    facts = facts_of([API], policy_of(DAILY_100))
    assert not decide(replace(facts, freshness={})).wishes


def test_a_wish_for_a_key_that_nobody_knows_any_more_stays_undecided() -> None:
    assert plan_of([API], wishes=[a_wish("other")]).wishes == {"#other": a_wish("other")}


def test_a_wish_that_is_not_needed_any_more_is_dropped() -> None:
    plan = plan_of([seen("prod-api")], DAILY_100, wishes=[a_wish()])
    assert (plan.wishes, plan.dropped) == ({}, (a_wish(),))


def test_a_wish_that_stays_the_same_keeps_its_generation_and_a_new_one_counts_on() -> None:
    same = plan_of([API], DAILY_100, wishes=[a_wish()]).wishes["#prod-api"]
    other = plan_of([API], a_budget("prod", daily=101), wishes=[a_wish()]).wishes["#prod-api"]
    assert (same.generation, other.generation) == (7, 8)


def test_to_observe_wishes_nothing_but_says_what_would_be_done() -> None:
    plan = decide(facts_of([API], policy_of(DAILY_100, mode=Mode.OBSERVE), wishes=[a_wish()]))
    assert (plan.wishes, plan.dropped) == ({}, (a_wish(),))
    assert plan.standings["#prod-api"].reason.startswith("prod spent 91.20")


FENCED = held("prod-api", limited(100, DAILY))
OWN = "it gets its own settings back"


@pytest.mark.parametrize(
    ("policy", "releases", "reason", "for_good"),
    [
        (policy_of(), [], f"no budget holds prod-api any more; {OWN}", False),
        (
            policy_of(DAILY_100, protect=["#prod-api"]),
            [],
            f"prod-api is protected by the budgets file; {OWN}",
            True,
        ),
        (
            policy_of(DAILY_100, mode=Mode.RELEASE),
            [],
            "the budgets file says mode: release; prod-api gets its own settings back",
            True,
        ),
        (policy_of(DAILY_100), [a_release("#prod-api")], "ann released prod-api: a demo", True),
        (policy_of(DAILY_100), [a_release(None)], "ann released prod-api: a demo", True),
    ],
)
@pytest.mark.parametrize("fresh", [NOW, NOW - DAY])
def test_a_key_is_given_back_when_nothing_holds_it_or_a_person_says_so(
    policy: Any, releases: list[Any], reason: str, for_good: bool, fresh: Any
) -> None:
    facts = facts_of([API], policy, holds=[FENCED], releases=releases, fresh=fresh)
    wishes = decide(facts).wishes
    if fresh != NOW and not for_good:
        assert wishes == {}
        return
    wish = wishes["#prod-api"]
    assert (wish.want, wish.reason) == (Restore(for_good=for_good), reason)
    assert (wish.urgent, wish.hours_left, wish.budget) == (False, NEVER_DRY, None)


@pytest.mark.parametrize(
    ("releases", "is_held"),
    [
        ([a_release("#other")], True),
        ([a_release("#prod-api", at=NOW - DAY)], True),
        ([a_release("#prod-api", at=NOW + MINUTE)], True),
        ([a_release("#prod-api", at=NOW)], False),
    ],
)
def test_a_release_lasts_from_its_moment_until_its_end(releases: list[Any], is_held: bool) -> None:
    plan = plan_of([API], DAILY_100, releases=releases)
    assert bool(plan.wishes) == is_held


def test_a_protected_key_that_is_not_held_is_left_alone() -> None:
    assert not decide(facts_of([API], policy_of(DAILY_100, protect=["#prod-api"]))).wishes


@pytest.mark.parametrize(
    ("hold", "is_wished"),
    [
        (held("prod-api", state=HoldState.RELEASED), False),
        (held("prod-api", confirmed=None), False),
        (
            held("prod-api", confirmed=None, intents=(Intent("i", limited(5), NOW, "w", "r"),)),
            True,
        ),
    ],
)
def test_only_what_the_guard_may_have_set_is_taken_back(hold: Any, is_wished: bool) -> None:
    assert bool(plan_of([API], holds=[hold]).wishes) == is_wished


def test_a_hold_of_a_key_that_was_never_seen_makes_no_wish() -> None:
    assert not plan_of([API], holds=[held("other")]).wishes


def test_a_deleted_key_is_not_fenced() -> None:
    assert not plan_of([observe_gone(API, NOW)], DAILY_100).wishes


def test_a_key_that_was_let_go_is_left_to_the_person_until_midnight() -> None:
    hold = held("prod-api", state=HoldState.LET_GO, let_go_until=NOW + HOUR)
    assert not plan_of([API], DAILY_100, holds=[hold]).wishes
    over = replace(hold, let_go_until=NOW)
    assert plan_of([API], DAILY_100, holds=[over]).wishes


def test_a_key_whose_restore_failed_stays_held_until_its_window_rolls() -> None:
    key = seen("a", counters(5, lifetime=50), limited(55))
    kept = held("a", limited(55), baseline=limited(10, DAILY), keep_until=NOW + HOUR)
    plan = plan_of([key], a_budget(daily=100), holds=[kept])
    assert isinstance(plan.standings["#a"].want, Fence)
    over = plan_of([key], a_budget(daily=100), holds=[replace(kept, keep_until=NOW)])
    assert over.wishes["#a"].want == Restore()


@pytest.mark.parametrize(
    ("hold", "urgent"),
    [
        (None, True),
        (held("a", limited(900)), True),
        (held("a", limited(505)), False),
        (held("a", limited(501)), False),
        (
            held(
                "a",
                limited(501),
                replaced=(Replaced(Possible(limited(900)), NOW - MINUTE),),
            ),
            True,
        ),
    ],
)
def test_a_wish_is_urgent_while_the_key_can_spend_more_than_it_should(
    hold: Any, urgent: bool
) -> None:
    key = seen("a", counters(95, lifetime=500))
    holds = [replace(hold, intents=(Intent("i", limited(501), NOW, "w", "r"),))] if hold else []
    plan = plan_of([key], a_budget(daily=100, weekly=101), holds=holds)
    assert plan.wishes["#a"].urgent == urgent


def test_hours_left_are_headroom_by_burn_and_endless_without_a_burn() -> None:
    marks = (HourMark(NOW - HOUR, counters(0, lifetime=470, byok=1).lifetime),)
    key = seen("a", counters(95, lifetime=500, byok=11))
    for hours, left in (((), NEVER_DRY), (marks, Decimal("0.12"))):
        plan = plan_of([replace(key, hours=hours)], a_budget(daily=100))
        assert plan.wishes["#a"].hours_left == left


def test_a_grant_raises_the_fence_and_its_end_brings_it_back() -> None:
    key = seen("prod-api", counters(100, lifetime=500))
    stopped = plan_of([key], DAILY_100)
    assert stopped.standings["#prod-api"].headroom == 0
    granted = plan_of([key], DAILY_100, grants=[a_grant(50)])
    assert granted.standings == {}
    over = plan_of([key], DAILY_100, grants=[a_grant(50, ends=NOW)])
    assert over.standings["#prod-api"].headroom == 0


def test_at_a_roll_no_new_poll_is_needed_to_give_a_key_back() -> None:
    budget = a_budget(daily=100, weekly=10000)
    before = replace(API, reading=replace(API.reading, at=NOW.replace(hour=23, minute=58)))
    midnight = NOW.replace(hour=0) + DAY
    fresh = midnight - timedelta(minutes=2)
    plan = plan_of([before], budget, holds=[FENCED], now=midnight, fresh=fresh)
    assert plan.wishes["#prod-api"].want == Restore()


def test_the_plan_has_every_constraint_whether_it_holds_or_not() -> None:
    plan = plan_of([seen("a")], a_budget(daily=10, weekly=20))
    assert [one.window for one in plan.constraints] == [DAILY, WEEKLY]


def test_a_limit_that_resets_is_lowered_before_it_comes_again() -> None:
    key = seen("a", counters(10), limited(50, DAILY))
    plan = plan_of([key], a_budget(daily=10), holds=[held("a", limited(50, DAILY))])
    assert plan.wishes["#a"].want == Fence(limited(10, DAILY).limit, include_byok=False)


def test_a_key_that_has_nothing_left_is_stopped_by_any_limit_it_has_reached() -> None:
    key = seen("a", counters(30, lifetime=500), limited(450))
    plan = plan_of([key], a_budget(daily=20, weekly=20), holds=[held("a", limited(450))])
    assert not plan.wishes
