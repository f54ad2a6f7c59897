"""Days in the life of a key: stopped in time, and never longer than its budget says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from budget_guard.domain.alerts import Kind
from budget_guard.domain.holds import FOR_EVER, HoldState
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.money import MICRO
from budget_guard.domain.policy import Budget, Hold, Mode, OnOverride
from budget_guard.domain.records import Approval, Freeze, Grant, Release
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Behaviour, Fault, LimitCount, Staleness
from budget_guard.sandbox.openrouter.keys import remaining
from budget_guard.use_cases.evaluate import summary
from tests.use_cases.scene import ALWAYS, WEDNESDAY, Scene, daily, usd

NO_LIMIT = Limit()
NATIVE = Limit(usd(10), Window.DAILY)
THURSDAY = datetime(2026, 11, 19, tzinfo=UTC)
OWN_DAILY = {"limit": usd(12), "limit_reset": "daily"}
OWN_WEEKLY = {"limit": usd(40), "limit_reset": "weekly"}
LATE = Behaviour(patch_delay=timedelta(minutes=1), patch_shown_late=True)
RESTARTS = [LimitCount.RESTARTS_WITH_ANY, LimitCount.RESTARTS_WITH_RESET]


def fenced(**scene: object) -> Scene:
    """Return a scene whose one key has spent 9.50 of 10, and is fenced."""
    found = Scene(daily(), **scene)  # type: ignore[arg-type]
    found.spend("9.5")
    found.wait()
    assert found.hold().is_held
    return found


def left(scene: Scene) -> str:
    """Return what OpenRouter would truly let the key spend now."""
    key = scene.key()
    tally = scene.account.books.tallies[key.hash]
    amount = remaining(key.terms, tally, seen=scene.now, calendar=scene.now)
    return "no limit" if amount is None else f"{amount:.2f}"


def give(scene: Scene, amount: int, *, hours: int) -> None:
    key, until = scene.key().hash, scene.now + timedelta(hours=hours)
    grant = Grant("g", "each", usd(amount), scene.now, until, "a demo", "ada", key=key)
    scene.guard.ledger.save(grant)


def test_a_key_is_told_of_at_80_percent_fenced_at_90_and_free_at_midnight_without_a_poll() -> None:
    scene = Scene(daily())
    scene.spend("8.5")
    scene.wait()
    assert [one.steps for one in scene.alerts(Kind.THRESHOLD)] == [(800,)]
    assert scene.limit() == NO_LIMIT
    scene.spend("0.6")
    scene.wait()
    assert scene.limit() == NATIVE
    scene.wait()
    assert [one.steps for one in scene.alerts(Kind.FENCED)] == [(901,)]
    assert scene.spend("0.9")
    assert not scene.spend("0.01")
    scene.wait()
    assert len(scene.alerts(Kind.STOPPED)) == 1
    scene.midnight()
    report = scene.guard.ledger.poll_report()
    assert report is not None
    assert report.at < THURSDAY
    assert scene.settings() == Settings()
    assert scene.alerts(Kind.RESOLVED)


@pytest.mark.parametrize("staleness", list(Staleness))
def test_what_was_spent_yesterday_does_not_count_today(staleness: Staleness) -> None:
    behaviour = Behaviour(counters_age=timedelta(seconds=60), staleness=staleness)
    scene = fenced(behaviour=behaviour)
    scene.spend("0.5")
    assert not scene.spend("0.01")
    scene.midnight()
    assert scene.spend(5)
    scene.wait(0)
    assert "first minute" in scene.problem
    for _ in range(4):
        scene.wait(1)
    (constraint,) = scene.evaluate().plan.constraints
    assert constraint.spend == 5
    assert scene.limit() == NO_LIMIT
    assert scene.spend("4.5")
    scene.wait()
    assert scene.limit() == NATIVE


def test_a_key_over_its_weekly_cap_stays_stopped_over_the_days_until_monday() -> None:
    scene = Scene(Budget("week", {Window.WEEKLY: usd(30)}, per_key=True))
    scene.spend(30)
    scene.wait()
    for _ in range(4):
        scene.midnight()
        assert not scene.spend("0.01")
    scene.midnight()
    assert f"{scene.now:%A}" == "Monday"
    assert scene.spend("0.01")
    assert scene.limit() == NO_LIMIT


def test_day_week_and_month_roll_in_one_midnight() -> None:
    sunday = datetime(2027, 1, 31, 9, tzinfo=UTC)
    cap = {Window.DAILY: usd(10), Window.WEEKLY: usd(10), Window.MONTHLY: usd(10)}
    scene = Scene(Budget("all", cap, per_key=True), at=sunday)
    scene.spend("9.5")
    scene.wait()
    assert left(scene) == "0.50"
    scene.midnight()
    assert scene.limit() == NO_LIMIT
    assert len(scene.alerts(Kind.RESOLVED)) == 1
    assert len(scene.alerts(Kind.RESOLVED)[0].entries) == 3


def test_a_fence_that_openrouter_resets_itself_needs_nobody_at_midnight() -> None:
    scene = Scene(daily(hold=ALWAYS))
    assert scene.limit() == NATIVE
    for _ in range(3):
        assert scene.spend(10)
        assert not scene.spend("0.01")
        scene.wait()
        scene.midnight()
    assert len(scene.changes) == 1


def test_a_dead_guard_leaves_a_fence_that_holds_and_lets_go_every_day() -> None:
    scene = Scene(daily(hold=ALWAYS))
    for day in range(1, 40):
        assert scene.spend(10)
        assert not scene.spend("0.01")
        scene.go_to(WEDNESDAY + timedelta(days=day))


def test_a_fence_over_the_lifetime_is_moved_at_midnight_by_one_change() -> None:
    scene = Scene(daily(hold=ALWAYS), own=OWN_WEEKLY)
    assert scene.limit() == Limit(usd(10))
    scene.spend(10)
    assert not scene.spend("0.01")
    scene.wait()
    scene.midnight()
    assert [one.after.limit for one in scene.changes] == [Limit(usd(10)), Limit(usd(20))]
    assert scene.spend(10)
    assert not scene.spend("0.01")
    scene.wait()
    scene.midnight()
    assert len(scene.changes) == 3


def test_a_key_keeps_to_its_own_limit_while_it_is_fenced() -> None:
    scene = Scene(daily(hold=ALWAYS), own=OWN_WEEKLY)
    for _ in range(4):
        assert scene.spend(10)
        scene.wait()
        scene.midnight()
    assert f"{scene.now:%A}" == "Sunday"
    assert not scene.spend("0.01")
    scene.midnight()
    assert scene.spend(10)


def test_a_grant_raises_the_fence_at_once_and_what_was_spent_of_it_stays_granted() -> None:
    scene = Scene(daily(hold=ALWAYS))
    scene.wait()
    scene.spend(10)
    assert not scene.spend("0.01")
    give(scene, 1, hours=4)
    scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    assert left(scene) == "1.00"
    scene.spend("0.4")
    scene.wait()
    scene.go_to(scene.now + timedelta(hours=4))
    scene.wait(0)
    assert not scene.spend("0.01")
    (constraint,) = scene.evaluate().plan.constraints
    assert constraint.cap == usd("10.4")
    scene.midnight()
    assert scene.limit() == NATIVE


def test_a_grant_that_ends_unused_leaves_the_cap_as_it_was() -> None:
    scene = Scene(daily(hold=ALWAYS))
    scene.spend("9.5")
    give(scene, 1, hours=1)
    scene.wait()
    assert left(scene) == "1.50"
    scene.go_to(scene.now + timedelta(hours=1))
    scene.wait(0)
    assert left(scene) == "0.50"


def test_what_is_spent_after_a_grant_has_ended_is_not_granted() -> None:
    scene = Scene(daily(hold=Hold(None)))
    give(scene, 5, hours=1)
    scene.spend(11)
    scene.wait()
    scene.go_to(scene.now + timedelta(hours=1))
    scene.wait(0)
    scene.spend(2)
    scene.wait()
    (constraint,) = scene.evaluate().plan.constraints
    assert (constraint.spend, constraint.cap) == (usd(13), usd(11))


def test_a_grant_that_takes_a_key_below_90_percent_sets_it_free_until_it_is_there_again() -> None:
    scene = fenced()
    give(scene, 5, hours=4)
    scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    assert scene.limit() == NO_LIMIT
    scene.spend(5)
    scene.wait()
    assert left(scene) == "0.50"


@pytest.mark.parametrize("policy", ["raised", "gone", "renamed"])
def test_a_key_that_no_budget_holds_any_more_is_given_back_at_the_next_run(policy: str) -> None:
    scene = fenced(own=OWN_DAILY)
    match policy:
        case "raised":
            scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=100),))
        case "gone":
            scene.guard.policy = replace(scene.guard.policy, budgets=())
        case "renamed":
            narrow = daily(keys=("prod",))
            scene.guard.policy = replace(scene.guard.policy, budgets=(narrow,))
            scene.key().name = "dev"
            scene.wait()
            assert scene.limit("dev") == Limit(usd(12), Window.DAILY)
            return
    scene.wait()
    assert scene.limit() == Limit(usd(12), Window.DAILY)


def test_a_person_who_changes_a_fence_wins_until_midnight_and_the_key_is_held_again_after() -> None:
    scene = fenced()
    scene.wait()
    scene.change(limit=usd(50), limit_reset=None)
    scene.wait()
    scene.wait()
    (alert,) = scene.alerts(Kind.OVERRIDE)
    assert "50.00 USD in its lifetime" in alert.entries[0].text
    assert scene.spend(5)
    scene.wait()
    assert scene.limit() == Limit(usd(50))
    assert scene.hold().let_go_until == THURSDAY
    scene.midnight()
    scene.spend("9.5")
    scene.wait()
    scene.wait()
    assert left(scene) == "0.50"
    scene.midnight()
    assert scene.limit() == Limit(usd(50))


def test_a_fence_that_is_still_wished_when_a_person_wins_is_not_put_back() -> None:
    scene = fenced()
    scene.wait()
    scene.change(limit=usd(50), limit_reset=None)
    scene.account.clock.advance(timedelta(minutes=5))
    scene.guard.poll()
    scene.guard.evaluate()
    wish = scene.guard.ledger.wishes()[scene.key().hash]
    scene.guard.enforce()
    scene.guard.ledger.save(replace(wish, generation=wish.generation + 1))
    scene.account.clock.advance(timedelta(minutes=5))
    scene.guard.enforce()
    assert scene.limit() == Limit(usd(50))


def test_a_fence_that_shows_late_is_taken_back_all_the_same() -> None:
    scene = fenced(behaviour=LATE)
    scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=100),))
    scene.account.clock.advance(timedelta(seconds=30))
    scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    scene.wait()
    scene.wait()
    assert scene.limit() == NO_LIMIT


def test_a_change_that_shows_late_is_not_taken_for_a_persons() -> None:
    scene = fenced(behaviour=LATE)
    give(scene, 1, hours=4)
    scene.guard.policy = replace(scene.guard.policy, budgets=(daily(hold=ALWAYS),))
    scene.account.clock.advance(timedelta(seconds=30))
    scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    assert scene.hold().override is None
    scene.wait()
    scene.wait()
    assert not scene.alerts(Kind.OVERRIDE)
    assert left(scene) == "1.50"


def test_only_the_field_that_a_person_changed_stays_and_the_others_are_put_back() -> None:
    scene = Scene(daily(hold=ALWAYS, include_byok=True), own=OWN_WEEKLY)
    assert scene.settings().include_byok
    scene.wait()
    scene.change(limit=usd(7), limit_reset="monthly")
    scene.wait()
    assert scene.settings() == Settings(Limit(usd(7), Window.MONTHLY))


def test_with_reapply_a_fence_is_put_back_three_times_and_then_the_person_wins() -> None:
    scene = fenced(on_override=OnOverride.REAPPLY)
    for _ in range(3):
        scene.wait()
        scene.change(limit=None, limit_reset=None)
        scene.wait()
        assert scene.limit() == NATIVE
    scene.wait()
    scene.change(limit=None, limit_reset=None)
    scene.wait()
    assert scene.limit() == NO_LIMIT
    assert scene.hold().let_go_until == THURSDAY


def test_a_key_that_a_person_disabled_stays_disabled_through_fence_and_restore() -> None:
    scene = fenced()
    scene.change(disabled=True)
    scene.wait()
    scene.midnight()
    assert scene.settings() == Settings(disabled=True)
    scene.change(disabled=False)
    scene.spend("9.5")
    scene.wait()
    assert scene.settings() == Settings(NATIVE)


@pytest.mark.parametrize("count", RESTARTS)
def test_a_fence_that_openrouter_counts_afresh_is_sent_once_more_as_it_counts(
    count: LimitCount,
) -> None:
    scene = fenced(behaviour=Behaviour(limit_count=count))
    assert left(scene) == "0.50"
    assert not scene.settings().disabled
    done = len(scene.changes)
    for _ in range(3):
        scene.wait()
    assert len(scene.changes) == done
    scene.midnight()
    assert scene.settings() == Settings()


def test_a_key_that_no_limit_holds_is_disabled_and_enabled_at_midnight() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.faults.add(Fault(method="PATCH", overlay={"limit_remaining": usd(500)}, times=2))
    scene.wait()
    assert scene.settings().disabled
    assert scene.hold().gave_up == NATIVE
    for _ in range(3):
        scene.wait()
    assert scene.settings().disabled
    assert not scene.guard.ledger.wishes()
    scene.midnight()
    assert scene.settings() == Settings()


@pytest.mark.parametrize("count", RESTARTS)
def test_a_key_whose_own_limit_would_start_afresh_stays_held_until_it_rolls(
    count: LimitCount,
) -> None:
    own = {"limit": usd(12), "limit_reset": "daily"}
    scene = fenced(own=own, behaviour=Behaviour(limit_count=count))
    give(scene, 8, hours=1)
    scene.wait()
    allowed = usd(left(scene))
    assert allowed <= usd("2.50")
    assert scene.spend("2")
    scene.wait()
    assert usd(left(scene)) <= usd("0.50")
    done = len(scene.changes)
    for _ in range(3):
        scene.wait()
    assert len(scene.changes) == done
    scene.midnight()
    scene.wait()
    assert scene.limit() == Limit(usd(12), Window.DAILY)
    assert left(scene) == "12.00"


def test_a_cap_of_nothing_stops_a_key_and_says_when_it_ends() -> None:
    scene = Scene(keys=("prod",))
    scene.spend(3)
    scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=0),))
    scene.wait()
    assert not scene.spend("0.01")
    scene.midnight()
    assert not scene.spend("0.01")
    scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=5),))
    scene.wait()
    assert scene.spend("0.01")


def test_a_key_that_was_never_used_is_fenced_at_a_millionth_not_at_zero() -> None:
    scene = Scene(daily(cap=0), behaviour=Behaviour(accepts_zero_limit=False))
    assert scene.limit() == Limit(MICRO)
    assert not scene.alerts(Kind.ACTION_FAILED)


def test_what_goes_over_ones_own_provider_counts_where_the_budget_says_so() -> None:
    scene = Scene(daily(include_byok=True))
    scene.spend("9.5", byok=True)
    scene.wait()
    assert scene.settings() == Settings(NATIVE, include_byok=True)
    assert scene.spend("0.5", byok=True)
    assert not scene.spend("0.01", byok=True)
    scene.midnight()
    assert scene.settings() == Settings()


def test_what_goes_over_ones_own_provider_does_not_count_where_it_does_not_say_so() -> None:
    scene = Scene(daily())
    scene.spend("9.5", byok=True)
    scene.wait()
    assert scene.settings() == Settings()


def test_observe_changes_nothing_and_says_what_it_would_do() -> None:
    scene = Scene(daily(), mode=Mode.OBSERVE)
    scene.spend("9.5")
    scene.wait()
    figures = summary(scene.evaluate())
    assert figures["would"] == [
        "prod, in each, spent 9.50 of 10.00 USD today; fenced at 0.50 USD more until 00:00 UTC"
    ]
    assert not scene.changes
    assert not scene.guard.ledger.wishes()
    assert len(scene.alerts(Kind.THRESHOLD)) == 1


def test_what_is_no_longer_wanted_is_no_longer_wished() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.poll()
    scene.guard.evaluate()
    assert scene.guard.ledger.wishes()
    scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=100),))
    scene.guard.evaluate()
    assert not scene.guard.ledger.wishes()


def test_back_in_observe_not_even_an_open_wish_is_brought_about() -> None:
    scene = Scene(daily())
    scene.spend("9.5")
    scene.guard.poll()
    scene.guard.evaluate()
    scene.guard.policy = replace(scene.guard.policy, mode=Mode.OBSERVE)
    report = scene.guard.enforce()
    assert report is not None
    assert report.waiting == 1
    assert not scene.changes


def test_of_a_deleted_key_people_hear_that_it_is_over_and_nothing_more() -> None:
    scene = fenced()
    scene.wait()
    scene.account.delete_key(scene.key().hash)
    for _ in range(3):
        scene.wait()
    last = scene.guard.inbox.alerts[-1]
    assert (last.kind, len(last.entries)) == (Kind.RESOLVED, 1)
    assert [one.kind for one in scene.guard.inbox.alerts].count(Kind.THRESHOLD) == 1
    assert not scene.alerts(Kind.STOPPED)


def test_mode_release_gives_everything_back_and_holds_nothing_any_more() -> None:
    scene = Scene(daily(hold=ALWAYS), keys=("prod", "web"), own=OWN_WEEKLY)
    assert scene.limit() == scene.limit("web") == Limit(usd(10))
    scene.guard.policy = replace(scene.guard.policy, mode=Mode.RELEASE)
    scene.wait()
    own = Limit(usd(40), Window.WEEKLY)
    assert scene.limit() == scene.limit("web") == own
    scene.spend(20)
    scene.wait()
    assert scene.limit() == own


def test_a_released_key_is_left_alone_until_the_release_ends() -> None:
    scene = fenced()
    until = scene.now + timedelta(hours=2)
    scene.guard.ledger.save(Release(scene.key().hash, until, "ada", "a launch", scene.now))
    scene.wait()
    assert scene.limit() == NO_LIMIT
    scene.go_to(until - timedelta(minutes=1))
    scene.wait(0)
    assert scene.limit() == NO_LIMIT
    scene.wait()
    assert scene.limit() == NATIVE
    assert scene.hold().state is HoldState.HELD


def test_a_quiet_account_sees_no_change_at_all() -> None:
    scene = Scene(daily(hold=Hold()), keys=("prod", "web"))
    for _ in range(30):
        scene.spend("0.2")
        scene.spend("0.1", "web")
        scene.wait()
    assert not scene.changes
    assert not scene.guard.inbox.alerts


@pytest.mark.parametrize("own", [{}, OWN_WEEKLY])
def test_a_held_key_that_goes_about_its_work_is_not_changed_again(own: dict[str, object]) -> None:
    scene = Scene(daily(hold=ALWAYS), own=own)
    for _ in range(30):
        scene.spend("0.2")
        scene.wait()
    assert len(scene.changes) == 1


def test_a_freeze_stops_a_key_that_a_person_has_just_changed_and_keeps_the_change() -> None:
    scene = Scene(daily(hold=ALWAYS))
    scene.wait()
    scene.change(limit=50, limit_reset="daily")
    freeze = Freeze(scene.key().hash, FOR_EVER, "ann", "a leak", scene.now)
    scene.guard.ledger.save(freeze)
    scene.wait()
    assert scene.settings() == Settings(Limit(usd(50), Window.DAILY), disabled=True)
    scene.guard.ledger.save(replace(freeze, until=scene.now))
    scene.wait()
    assert scene.settings() == Settings(Limit(usd(50), Window.DAILY))
    scene.midnight()
    assert scene.limit() == NATIVE


def test_when_a_freeze_ends_the_key_is_on_again_with_its_fence() -> None:
    scene = Scene(daily(hold=ALWAYS))
    scene.spend(4)
    scene.wait()
    freeze = Freeze(scene.key().hash, FOR_EVER, "ann", "a leak", scene.now)
    scene.guard.ledger.save(freeze)
    scene.wait()
    assert scene.settings().disabled
    scene.guard.ledger.save(replace(freeze, until=scene.now))
    scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    assert scene.settings() == Settings(NATIVE)


def test_keys_whose_counters_jump_beyond_belief_go_on_with_what_was_left_until_approved() -> None:
    names = [f"k{number}" for number in range(8)]
    scene = Scene(daily(cap=1000), keys=names)
    scene.wait()
    for name in names:
        scene.spend(400, name)
    scene.wait()
    for name in names:
        scene.spend(600, name)
    scene.wait()
    assert scene.alerts(Kind.BREAKER)
    scene.wait()
    assert all(scene.spend(1, name) for name in names), "each goes on with 600 USD left"
    policy = scene.guard.policy
    scene.guard.ledger.save(Approval(policy, scene.now, "ann", "it was real"))
    scene.wait()
    scene.wait()
    assert not any(scene.spend(1, name) for name in names)


def test_there_and_back_within_the_minute_that_a_change_takes_the_last_word_is_sent() -> None:
    late = Behaviour(patch_delay=timedelta(seconds=60), patch_shown_late=True)
    scene = Scene(daily(hold=ALWAYS), behaviour=late)
    scene.wait()
    for cap in (4, 10):
        scene.guard.policy = replace(scene.guard.policy, budgets=(daily(cap=cap, hold=ALWAYS),))
        scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    scene.wait()
    scene.wait()
    assert scene.limit() == NATIVE
    assert scene.hold().override is None


def test_a_key_given_back_and_held_again_within_that_minute_is_fenced_and_nobody_blamed() -> None:
    late = Behaviour(patch_delay=timedelta(seconds=60), patch_shown_late=True)
    scene = Scene(daily(hold=ALWAYS), behaviour=late)
    scene.wait()
    for hold in (Hold(None), ALWAYS):
        scene.guard.policy = replace(scene.guard.policy, budgets=(daily(hold=hold),))
        scene.guard.chain(scene.guard.evaluate, scene.guard.enforce)
    scene.wait()
    scene.wait()
    assert scene.limit() == NATIVE
    assert scene.hold().override is None
