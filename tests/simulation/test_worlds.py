"""Random worlds: whatever people, traffic and OpenRouter do, held keys stay within their caps.

Your own worlds: `SEED=42 WORLDS=5000 uv run pytest tests/simulation/test_worlds.py`. Without `SEED`
and `WORLDS` it is always the same 1,000, so that a red run is a change's fault, not chance.
"""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from budget_guard.domain.keys import Settings
from budget_guard.domain.records import Release
from budget_guard.sandbox.openrouter.behaviour import Behaviour
from tests.simulation.strategies import NOBODY, SMALL_STEPS, STEADY, STEPS, worlds
from tests.simulation.world import Step, World

WORLDS = int(os.environ.get("WORLDS", "1000"))
SEED = int(os.environ.get("SEED", "1"))
RANDOM = settings(
    max_examples=WORLDS,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@seed(SEED)
@given(worlds(), st.lists(STEPS, min_size=10, max_size=60))
@RANDOM
def test_held_keys_stay_within_their_caps_whatever_happens(world: World, steps: list[Step]) -> None:
    world.cycle()
    world.promise.check()
    for step in steps:
        world.take(step)
    spend_on_without_the_guard(world)


@seed(SEED)
@given(worlds(STEADY, NOBODY), st.lists(SMALL_STEPS, min_size=20, max_size=80), st.integers(0, 80))
@settings(RANDOM, max_examples=max(1, WORLDS // 4))
def test_with_keys_held_and_requests_within_what_remains_no_cap_is_exceeded_by_a_cent(
    world: World, steps: list[Step], guard_dies_at: int
) -> None:
    world.cycle()
    world.advance(timedelta(minutes=2))
    for step in steps[:guard_dies_at]:
        world.take(step)
    for number in range(20):
        world.take(("spend", number, Decimal("0.9"), False, True))
        world.take(("advance", timedelta(hours=5)))
    assert not +Counter(world.promise.excused), "nothing needed an excuse"


def spend_on_without_the_guard(world: World) -> None:
    """Let every key ask for money for five days, with nobody there to hold it."""
    for number in range(40):
        world.take(("spend", number, Decimal("2.5"), False, False))
        world.take(("advance", timedelta(hours=3)))


@seed(SEED)
@given(worlds(), st.lists(STEPS, min_size=5, max_size=40))
@settings(RANDOM, max_examples=max(1, WORLDS // 4))
def test_after_a_release_every_key_has_what_people_gave_it(world: World, steps: list[Step]) -> None:
    for step in steps:
        world.take(step)
    release(world)
    for key in world.account.keys.values():
        if key.deleted_at is None and world.guard.ledger.hold(key.hash) is not None:
            given_now = world.given[key.hash]
            said = world.said.get(key.hash, given_now)
            assert _is_of_people(key.terms.settings, given_now, said)


def _is_of_people(found: Settings, given: Settings, said: Settings) -> bool:
    """Tell whether each field is what people gave the key, or what one of them last asked for.

    The two differ where that was what the guard's own fence, its answer lost, had set just then.
    """
    return (
        found.limit in (given.limit, said.limit)
        and found.include_byok in (given.include_byok, said.include_byok)
        and found.disabled == given.disabled
    )


def release(world: World) -> None:
    """Give every key back, as a person does when nothing else is going on."""
    guard = world.guard
    guard.faults.clear()
    world.account.behaviour = Behaviour()
    forever = datetime(2036, 1, 1, tzinfo=UTC)
    for _ in range(4):
        world.account.clock.advance(timedelta(minutes=10))
        guard.ledger.save(Release(None, forever, "test", "the end", guard.now))
        guard.poll()
        guard.evaluate()
        guard.enforce()
