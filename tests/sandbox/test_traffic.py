from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from budget_guard.domain.keys import Spent
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Account, Course, Script, Traffic

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NewKey = Callable[..., str]


def script(course: Course = Course.STEADY, **fields: object) -> Script:
    asked = {"begins": NOON, "ends": NOON + HOUR, "every": 15 * MINUTE, "cost": Decimal(1)}
    return Script(**(asked | fields), course=course)  # type: ignore[arg-type]


def costs(asked: Script) -> list[Decimal]:
    return [call.cost for call in asked.calls()]


def test_each_course_moves_the_cost_in_its_own_way() -> None:
    assert costs(script()) == [1, 1, 1, 1]
    assert costs(script(Course.RAMP)) == [1, 4, 7, 10]
    assert costs(script(Course.RUNAWAY)) == [1, 2, 4, 8]


def test_a_burst_surrounds_midnight() -> None:
    eve = datetime(2026, 11, 18, 23, 45, tzinfo=UTC)
    burst = script(
        Course.MIDNIGHT_BURST, begins=eve, ends=eve + HOUR / 2, every=5 * MINUTE, peak=Decimal(5)
    )
    assert costs(burst) == [1, 5, 5, 5, 5, 5]


def test_a_caller_that_asks_before_each_call_uses_the_key_it_is_told(
    account: Account, new_key: NewKey
) -> None:
    first, second = new_key(), new_key()
    account.clock.set(NOON)
    traffic = Traffic(account)
    traffic.callers[first] = lambda: first if account.clock.now < NOON + HOUR / 2 else second
    traffic.run(first, script())
    traffic.play(NOON + HOUR)
    assert [one.hash for one in account.books.charges] == [first, first, second, second]


def test_moving_the_clock_plays_every_script_in_order_of_time(
    account: Account, new_key: NewKey
) -> None:
    first, second = new_key(), new_key()
    traffic = Traffic(account)
    traffic.run(first, script())
    traffic.run(second, script(begins=NOON + MINUTE, cost=Decimal(2)))
    traffic.play(NOON + 20 * MINUTE)
    assert [(charge.hash, charge.at - NOON) for charge in account.books.charges] == [
        (first, 0 * MINUTE),
        (second, MINUTE),
        (first, 15 * MINUTE),
        (second, 16 * MINUTE),
    ]
    assert account.clock.now == NOON + 20 * MINUTE
    traffic.play(NOON + 2 * HOUR)
    assert account.books.spent([first, second], Window.DAILY, account.clock.now) == Spent(
        Decimal(12)
    )


def test_what_is_refused_is_counted_and_the_script_goes_on(
    account: Account, new_key: NewKey
) -> None:
    key = new_key("2.5")
    traffic = Traffic(account)
    traffic.run(key, script(reserves=Decimal(1)))
    traffic.play(NOON + HOUR)
    assert traffic.refused == 2
    assert [refused.status for refused in account.books.refused] == [402, 402]
    assert account.get_key(key)["usage"] == 2


def test_calls_that_last_are_charged_when_they_complete(account: Account, new_key: NewKey) -> None:
    traffic = Traffic(account)
    traffic.run(new_key(), script(lasts=20 * MINUTE, byok=True))
    traffic.play(NOON + HOUR)
    spans = [(charge.admitted_at - NOON, charge.at - NOON) for charge in account.books.charges]
    assert spans == [
        (0 * MINUTE, 20 * MINUTE),
        (15 * MINUTE, 35 * MINUTE),
        (30 * MINUTE, 50 * MINUTE),
    ]
    assert {charge.byok for charge in account.books.charges} == {Decimal(1)}


def test_a_script_joined_late_leaves_out_what_is_past(account: Account, new_key: NewKey) -> None:
    account.clock.set(NOON + 20 * MINUTE)
    traffic = Traffic(account)
    traffic.run(new_key(), script())
    traffic.play(NOON + HOUR)
    assert len(account.books.charges) == 2
