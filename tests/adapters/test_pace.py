"""How fast OpenRouter is asked: time passes here only by waiting."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from budget_guard.adapters.pace import Allowance, Pace


@dataclass
class Watch:
    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def steps(pace: Callable[[], None], watch: Watch, pauses: list[float]) -> list[float]:
    """Return when each step was taken, after a pause of its own."""
    taken = []
    for pause in pauses:
        watch.sleep(pause)
        pace()
        taken.append(watch.now())
    return taken


def test_a_pace_is_even_from_the_first_step_on() -> None:
    watch = Watch()
    pace = Pace(4, clock=watch.now, sleep=watch.sleep)
    assert steps(pace, watch, [0] * 4) == [0, 0.25, 0.5, 0.75]


def test_an_allowance_is_used_at_once_and_then_as_it_comes_back() -> None:
    watch = Watch()
    allowance = Allowance(3, 60, clock=watch.now, sleep=watch.sleep)
    assert steps(allowance, watch, [0, 0, 10, 0, 0, 0]) == [0, 0, 10, 60, 60, 70]


@given(st.lists(st.floats(0, 30), max_size=30))
def test_no_time_has_more_steps_than_allowed(pauses: list[float]) -> None:
    watch = Watch()
    taken = steps(Allowance(3, 60, clock=watch.now, sleep=watch.sleep), watch, pauses)
    assert all(later - first > 59.99 for first, later in zip(taken, taken[3:], strict=False))
