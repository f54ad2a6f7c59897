"""Settling: what a fresh reading says of a hold."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from budget_guard.domain import settling
from budget_guard.domain.holds import FOR_EVER, HoldState, Intent, Possible, Refusals, Replaced
from budget_guard.domain.keys import Limit, Reading, Settings
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.windows import Window
from budget_guard.domain.wishes import Fence, Restore
from tests.domain.builders import (
    DAILY,
    HOUR,
    MINUTE,
    MONTHLY,
    NOW,
    OPEN,
    WEEKLY,
    a_reading,
    counters,
    held,
    limited,
    usd,
    utc,
)

SECOND = timedelta(seconds=1)
RESPECT, REAPPLY = OnOverride.RESPECT, OnOverride.REAPPLY
FENCE = limited(10)


def shows(settings: Settings, **rest: Any) -> Reading:
    return a_reading("api", settings=settings, **rest)


def an_intent(settings: Settings, name: str = "i1", ago: timedelta = HOUR) -> Intent:
    return Intent(name, settings, NOW - ago, "why", "run")


def just_replaced(settings: Settings, ago: timedelta = MINUTE) -> tuple[Replaced, ...]:
    return (Replaced(Possible(settings), NOW - ago),)


def test_the_first_touch_takes_what_was_read_as_baseline() -> None:
    hold = settling.first_touch(None, shows(limited(5, DAILY, byok=True, disabled=True)))
    assert (hold.key, hold.baseline) == ("#api", limited(5, DAILY, byok=True, disabled=True))
    assert not hold.is_held


def test_a_held_key_keeps_its_hold() -> None:
    hold = held(fence=FENCE)
    assert settling.first_touch(hold, shows(FENCE)) is hold


@pytest.mark.parametrize("state", [HoldState.RELEASED, HoldState.LET_GO])
def test_a_key_touched_again_has_what_is_read_now_as_baseline_and_no_old_answer(
    state: HoldState,
) -> None:
    refusals = Refusals(1, NOW, NOW, "no", for_good=False)
    old = held(fence=FENCE, state=state, reapplied=2, keep_until=NOW, refusals=refusals)
    again = settling.first_touch(old, shows(limited(7)))
    assert again.baseline == limited(7)
    assert (again.confirmed, again.reapplied, again.keep_until) == (None, 0, None)
    assert (again.state, again.refusals) == (HoldState.HELD, refusals)


@pytest.mark.parametrize(
    "rest",
    [
        {"intents": (an_intent(FENCE),)},
        {"replaced": just_replaced(FENCE)},
    ],
)
def test_the_guards_own_fence_is_never_taken_for_a_baseline(rest: dict[str, Any]) -> None:
    old = held(baseline=limited(50), state=HoldState.RELEASED, **rest)
    again = settling.first_touch(old, shows(limited(10, disabled=True)))
    assert again.baseline == limited(50, disabled=True)
    assert (again.intents, again.replaced) == (old.intents, old.replaced)


def test_after_it_settled_a_limit_like_the_old_fence_is_a_persons() -> None:
    old = held(
        baseline=limited(50), state=HoldState.RELEASED, replaced=just_replaced(FENCE, 2 * MINUTE)
    )
    assert settling.first_touch(old, shows(FENCE)).baseline == FENCE


def test_a_reading_that_shows_an_intent_settles_it_and_closes_the_others() -> None:
    first, second = an_intent(limited(3), "i1"), an_intent(limited(4), "i2")
    hold = held(fence=FENCE, intents=(first, second))
    settled = settling.settle(hold, shows(limited(3)))
    assert settled.answered == (first,)
    assert settled.hold.confirmed == Possible(limited(3))
    assert settled.hold.intents == ()
    assert {one.possible.settings for one in settled.hold.replaced} == {FENCE, limited(4)}


def test_a_later_intent_stays_open_while_it_may_still_take_effect() -> None:
    first, second = an_intent(limited(3), "i1"), an_intent(limited(4), "i2", MINUTE)
    hold = held(fence=FENCE, intents=(first, second))
    settled = settling.settle(hold, shows(limited(3)))
    assert settled.answered == (first,)
    assert settled.hold.intents == (second,)


@pytest.mark.parametrize(("ago", "tells"), [(MINUTE, False), (HOUR, True)])
def test_what_was_in_force_before_tells_nothing_of_intents_just_sent(
    ago: timedelta, tells: bool
) -> None:
    there_and_back = (an_intent(limited(3), "i1", ago), an_intent(FENCE, "i2", ago))
    settled = settling.settle(held(fence=FENCE, intents=there_and_back), shows(FENCE))
    assert settled.hold.intents == (() if tells else there_and_back)
    assert settled.answered == (there_and_back[1:] if tells else ())


def test_of_two_intents_with_the_same_values_the_later_is_answered() -> None:
    twice = (an_intent(limited(3), "i1"), an_intent(limited(3), "i2"))
    assert settling.settle(held(intents=twice), shows(limited(3))).answered == twice[1:]


@pytest.mark.parametrize(
    ("sent", "read", "is_shown"),
    [
        (limited(3), limited(3), True),
        (limited(3), limited(3, disabled=True), True),
        (limited(3, disabled=True), limited(3), False),
        (limited(3, disabled=True), limited(3, disabled=True), True),
        (limited(3), limited(3, DAILY), False),
        (limited(3), limited(4), False),
        (limited(3), limited(3, byok=True), False),
    ],
)
def test_an_intent_shows_by_limit_window_and_byok_and_by_disabled_if_it_disables(
    sent: Settings, read: Settings, is_shown: bool
) -> None:
    hold = held(intents=(an_intent(sent),))
    settled = settling.settle(hold, shows(read))
    assert bool(settled.answered) == is_shown
    assert is_shown or settled.hold is hold


def test_an_answer_is_in_force_and_what_it_replaced_stays_possible() -> None:
    hold = held(fence=FENCE, intents=(an_intent(limited(3)),), replaced=just_replaced(limited(99)))
    after = settling.confirm(hold, shows(limited(3)))
    assert (after.confirmed, after.confirmed_at, after.intents) == (
        Possible(limited(3)),
        NOW,
        (),
    )
    assert after.replaced == (*hold.replaced, Replaced(Possible(FENCE), NOW))


def test_the_first_answer_replaces_the_baseline() -> None:
    after = settling.confirm(held(confirmed=None, baseline=limited(50)), shows(FENCE))
    assert after.replaced == (Replaced(Possible(limited(50)), NOW),)


def test_the_last_twenty_replaced_settings_are_kept() -> None:
    many = tuple(Replaced(Possible(limited(one)), NOW) for one in range(100, 120))
    after = settling.confirm(held(fence=FENCE, replaced=many), shows(limited(3)))
    assert after.replaced == (*many[1:], Replaced(Possible(FENCE), NOW))


def test_an_answer_that_allows_more_is_possible_with_its_extra_until_it_resets() -> None:
    read = counters(2, lifetime=2)
    daily = a_reading("api", read, limited(10, DAILY), remaining=10)
    ever = a_reading("api", read, limited(10), remaining=10)
    plain = a_reading("api", read, limited(10, DAILY), remaining=8)
    midnight = utc("2026-11-19 00:00")
    assert settling.possible_of(daily) == Possible(limited(10, DAILY), usd(2), midnight)
    assert settling.possible_of(ever) == Possible(limited(10), usd(2), FOR_EVER)
    assert settling.possible_of(plain) == Possible(limited(10, DAILY))


def test_what_is_read_as_it_was_set_is_no_override() -> None:
    assert settling.overridden(held(fence=FENCE), shows(FENCE)) is None
    assert settling.overridden(held(fence=FENCE), shows(limited(10, disabled=True))) is None


BASE = limited(50, MONTHLY)


@pytest.mark.parametrize(
    ("read", "baseline"),
    [
        (limited(80), limited(80)),
        (limited(10, DAILY), limited(10, DAILY)),
        (limited(10, byok=True), limited(50, MONTHLY, byok=True)),
        (limited(80, WEEKLY, byok=True), limited(80, WEEKLY, byok=True)),
        (limited(80, disabled=True), limited(80, disabled=True)),
    ],
)
def test_the_person_wins_field_by_field(read: Settings, baseline: Settings) -> None:
    hold = held(fence=FENCE, baseline=BASE)
    assert settling.overridden(hold, shows(read)) == baseline


def test_open_intents_and_what_was_just_replaced_are_no_override() -> None:
    hold = held(fence=FENCE, intents=(an_intent(limited(3)),), replaced=just_replaced(limited(4)))
    for ours in (limited(3), limited(4)):
        assert settling.overridden(hold, shows(ours)) is None
    later = shows(limited(4), at=NOW + HOUR)
    assert settling.overridden(hold, later) == limited(4)


def test_the_baseline_is_a_persons_value_even_right_after_it_was_replaced() -> None:
    hold = held(fence=FENCE, baseline=BASE, replaced=just_replaced(BASE))
    assert settling.overridden(hold, shows(BASE)) == BASE


STOPPED = limited(10, disabled=True)
GAVE_UP = limited(10).limit


@pytest.mark.parametrize(
    ("fence", "baseline", "gave_up", "is_override"),
    [
        (STOPPED, OPEN, GAVE_UP, True),
        (STOPPED, OPEN, None, False),
        (STOPPED, limited(disabled=True), GAVE_UP, False),
        (FENCE, OPEN, GAVE_UP, False),
    ],
)
def test_to_enable_a_key_is_an_override_only_where_the_guard_disabled_it(
    fence: Settings, baseline: Settings, gave_up: Limit | None, is_override: bool
) -> None:
    hold = held(fence=fence, baseline=baseline, gave_up=gave_up)
    assert (settling.overridden(hold, shows(FENCE)) is not None) == is_override


def test_a_key_that_is_not_held_cannot_be_overridden() -> None:
    for hold in (held(state=HoldState.RELEASED), held(confirmed=None)):
        assert settling.overridden(hold, shows(limited(80))) is None
        assert not settling.is_unsettled(hold, shows(limited(80)))


@pytest.mark.parametrize(("after", "unsettled"), [(59 * SECOND, True), (60 * SECOND, False)])
def test_for_a_minute_after_an_answer_it_cannot_be_told_who_set_what_is_read(
    after: timedelta, unsettled: bool
) -> None:
    hold = held(fence=FENCE, at=NOW)
    late = shows(limited(80), at=NOW + HOUR, began=NOW + after)
    assert settling.is_unsettled(hold, late) == unsettled
    assert (settling.overridden(hold, late) is None) == unsettled
    assert not settling.is_unsettled(hold, shows(FENCE))


def test_the_guard_lets_go_until_midnight_and_says_what_changed() -> None:
    hold = held(fence=FENCE, baseline=BASE)
    after = settling.let_go(hold, limited(80), shows(limited(80, DAILY, byok=True)), RESPECT)
    assert after.baseline == limited(80)
    assert after.let_go_until == utc("2026-11-19 00:00")
    assert after.override is not None
    assert after.override.at == NOW
    assert after.override.change == (
        "10.00 USD in its lifetime became 80.00 USD daily, BYOK counted"
    )


def test_with_reapply_the_fence_is_put_back_three_times() -> None:
    hold = held(fence=FENCE)
    for time in (1, 2, 3):
        hold = settling.let_go(hold, limited(80), shows(limited(80)), REAPPLY)
        assert (hold.reapplied, hold.let_go_until) == (time, None)
    last = settling.let_go(hold, limited(80), shows(limited(80)), REAPPLY)
    assert (last.reapplied, last.let_go_until) == (3, utc("2026-11-19 00:00"))


def test_where_nothing_was_answered_the_baseline_is_what_changed() -> None:
    hold = held(confirmed=None, baseline=limited(disabled=True))
    after = settling.let_go(hold, OPEN, shows(OPEN), RESPECT)
    assert after.override is not None
    assert after.override.change == "no limit, disabled became no limit"


@pytest.mark.parametrize(
    ("baseline", "gave_up", "read", "disabled"),
    [
        (OPEN, None, FENCE, False),
        (OPEN, None, STOPPED, True),
        (OPEN, GAVE_UP, STOPPED, False),
        (limited(disabled=True), GAVE_UP, STOPPED, True),
    ],
)
def test_disabled_is_cleared_only_where_the_guard_set_it(
    baseline: Settings, gave_up: Limit | None, read: Settings, disabled: bool
) -> None:
    hold = held(fence=read, baseline=baseline, gave_up=gave_up)
    want = Fence(limited(5).limit, include_byok=True)
    assert settling.target(want, hold, shows(read)) == limited(5, byok=True, disabled=disabled)
    assert settling.target(Restore(), hold, shows(read)).disabled == disabled


@pytest.mark.parametrize(
    ("read", "goal"),
    [
        (limited(10), limited(50, MONTHLY, byok=True)),
        (limited(80), limited(80, byok=True)),
        (limited(10, DAILY), limited(10, DAILY, byok=True)),
    ],
)
def test_a_restore_gives_back_what_is_still_the_guards(read: Settings, goal: Settings) -> None:
    hold = held(fence=FENCE, baseline=limited(50, MONTHLY, byok=True))
    assert settling.target(Restore(), hold, shows(read)) == goal


def test_a_restore_leaves_byok_that_a_person_set() -> None:
    hold = held(fence=FENCE, baseline=BASE)
    assert settling.target(Restore(), hold, shows(limited(10, byok=True))) == limited(
        50, MONTHLY, byok=True
    )


@pytest.mark.parametrize(
    ("window", "until"),
    [
        (None, FOR_EVER),
        (DAILY, utc("2026-11-19 00:00")),
        (WEEKLY, utc("2026-11-23 00:00")),
        (MONTHLY, utc("2026-12-01 00:00")),
    ],
)
def test_a_key_that_lost_its_counter_is_kept_until_its_window_rolls(
    window: Window | None, until: Any
) -> None:
    assert settling.next_roll(NOW, shows(OPEN, at=NOW - HOUR), window) == until


def test_the_roll_counts_from_the_later_of_the_run_and_the_answer() -> None:
    past_midnight = shows(OPEN, at=utc("2026-11-19 00:00"))
    before = utc("2026-11-18 23:59")
    assert settling.next_roll(before, past_midnight, DAILY) == utc("2026-11-20 00:00")


def test_a_hold_that_changes_nothing_else_keeps_the_rest() -> None:
    hold = held(fence=FENCE, keep_until=NOW, portion=usd(10))
    assert replace(settling.confirm(hold, shows(FENCE)), confirmed_at=hold.confirmed_at) == hold
