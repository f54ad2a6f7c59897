"""Random worlds in which keys are rotated, by runs that die anywhere: both keys under one promise."""

import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from budget_guard.domain.money import ZERO
from budget_guard.sandbox.openrouter.faults import Fault, When
from tests.simulation.rest import check_rest, come_to_rest
from tests.simulation.rotating import QUICKLY, RotatingWorld
from tests.simulation.strategies import (
    AMOUNTS,
    FAULTS,
    LIMITS,
    MINUTES_ON,
    NOBODY,
    NUMBERS,
    OTHER,
    RUN,
    SECONDS,
    STEADY,
    TICK,
    TRAFFIC,
    WINDOWS,
    hunger,
    small_thefts,
    steps,
    usd,
    worlds,
)
from tests.simulation.tended import TendedWorld
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


ANY = st.integers(-3, 4)
AT = st.one_of(st.none(), st.integers(0, 60))
RULES = st.sampled_from(
    [None, QUICKLY, replace(QUICKLY, drain_max=timedelta(minutes=20), force=True, allowance=ZERO)]
)
PEOPLE = st.one_of(
    steps("disable", ANY, st.booleans()),
    steps("limit", ANY, LIMITS),
    steps("rename", ANY, st.sampled_from(["a", "b", "x"])),
    steps("move", ANY, st.just(OTHER)),
    steps("delete", ANY),
    steps("assign", ANY, st.sampled_from([0, 1, None])),
    steps("freeze", ANY, MINUTES_ON),
    steps("release", ANY, MINUTES_ON),
    steps("grant", NUMBERS, usd("5", "1"), MINUTES_ON),
    steps("cap", NUMBERS, WINDOWS, AMOUNTS),
    steps("create", st.sampled_from(["a", "b"]), LIMITS),
    steps("ask", NUMBERS, AT, st.booleans()),
    steps("retire", NUMBERS),
    steps("rule", RULES),
    steps("forget_pending", NUMBERS),
    steps("roll_back", NUMBERS),
    steps("secret", NUMBERS, st.booleans()),
)
LOST = st.sampled_from(
    [
        Fault(method="POST", path="/keys", drop=True, when=When.AFTER),
        Fault(method="POST", path="/keys", late=timedelta(minutes=25)),
        Fault(method="POST", path="/keys", status=502, when=When.AFTER),
        Fault(method="POST", path="/guardrails/*", status=403),
        Fault(method="DELETE", path="/keys/*", status=503),
    ]
)
EVENTS = st.one_of(PEOPLE, PEOPLE, TRAFFIC, RUN, ROTATE, steps("serve", AT, st.booleans()))
DURING = steps(
    "during",
    NUMBERS,
    st.lists(st.tuples(st.integers(0, 60), EVENTS), min_size=1, max_size=3),
    st.booleans(),
)
TENDED = st.one_of(
    STEPS,
    PEOPLE,
    steps("meanwhile", st.integers(0, 30), st.one_of(PEOPLE, ROTATE)),
    steps("serve", AT, st.booleans()),
    steps("fault", LOST),
)
ROUNDS = st.tuples(st.just("several"), TENDED, TENDED, DURING, TICK)


@seed(SEED)
@given(worlds(STEADY, NOBODY), st.lists(ROUNDS, min_size=2, max_size=10))
@settings(
    max_examples=max(1, WORLDS // 3),
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_people_do_to_keys_that_are_rotated_one_of_each_works_at_last(
    world: World, steps: list[Step]
) -> None:
    tended = TendedWorld(world.guard)
    tended.begin_well()
    for step in steps:
        tended.take(step)
    come_to_rest(tended)
    check_rest(tended)


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
