"""Random worlds in which keys are rotated, by runs that die anywhere: both keys under one promise."""

import os

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.simulation.rotating import RotatingWorld
from tests.simulation.strategies import (
    FAULTS,
    NOBODY,
    NUMBERS,
    RUN,
    SECONDS,
    STEADY,
    TICK,
    TRAFFIC,
    hunger,
    small_thefts,
    steps,
    worlds,
)
from tests.simulation.world import Step, World

WORLDS = int(os.environ.get("WORLDS", "1000")) // 10
SEED = int(os.environ.get("SEED", "1"))
ROTATE = steps(
    "rotate",
    NUMBERS,
    st.one_of(st.none(), st.integers(0, 60)),
    st.booleans(),
    st.booleans(),
)
STEPS = st.one_of(
    TRAFFIC,
    TRAFFIC,
    TICK,
    ROTATE,
    ROTATE,
    RUN,
    small_thefts(),
    hunger(),
    steps("advance", SECONDS),
    steps("fault", FAULTS),
    steps("kill", st.integers(0, 30), st.booleans()),
)


@seed(SEED)
@given(worlds(STEADY, NOBODY), st.lists(STEPS, min_size=5, max_size=40))
@settings(
    max_examples=WORLDS,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
def test_held_keys_stay_within_their_caps_however_they_are_rotated(
    world: World, steps: list[Step]
) -> None:
    rotating = RotatingWorld(world.guard)
    rotating.cycle()
    for step in steps:
        rotating.take(step)
