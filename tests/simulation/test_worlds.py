"""Random worlds: whatever people, traffic and OpenRouter do, held keys stay within their caps."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget_guard.domain.keys import Settings
from budget_guard.domain.policy import Budget, Hold, Mode, OnOverride, Policy, Safety
from budget_guard.domain.records import Release
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.behaviour import Behaviour, Staleness
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.faults import Fault, Faults, When
from tests.simulation.guard import Guard
from tests.simulation.world import World

MINUTES = st.integers(0, 400).map(lambda minutes: timedelta(minutes=minutes))
BEGINNINGS = st.sampled_from(
    [
        datetime(2026, 11, 21, 9, 3, tzinfo=UTC),  # a Saturday
        datetime(2026, 11, 22, 22, 30, tzinfo=UTC),  # Sunday night: day and week roll
        datetime(2026, 11, 30, 23, 1, tzinfo=UTC),  # day and month roll within a week
        datetime(2026, 12, 31, 20, 0, tzinfo=UTC),
        datetime(2026, 5, 31, 23, 50, tzinfo=UTC),  # Sunday and the month's last day
    ]
)
AMOUNTS = st.sampled_from(
    [Decimal(text) for text in ("0", "3", "7", "10", "20.37", "49", "70", "310")]
)
COSTS = st.sampled_from(
    [Decimal(text) for text in ("0.01", "0.9", "1.000001", "2.5", "4", "9", "20")]
)
HOLDS = st.sampled_from([Hold(Decimal(0)), Hold(Decimal("0.9")), Hold(Decimal("0.5"))])
LIMITS = st.fixed_dictionaries(
    {
        "limit": st.sampled_from([None, Decimal(2), Decimal(25), Decimal(300)]),
        "limit_reset": st.sampled_from([None, "daily", "weekly", "monthly"]),
        "include_byok_in_limit": st.booleans(),
    }
)
CAPS = st.dictionaries(st.sampled_from(list(Window)), AMOUNTS, min_size=1)
BUDGETS = st.builds(
    Budget,
    name=st.just("each"),
    cap=CAPS,
    keys=st.just(("k*",)),
    per_key=st.just(True),
    include_byok=st.booleans(),
    hold=HOLDS,
)
ONE_KEY = st.builds(Budget, name=st.just("first"), cap=CAPS, keys=st.just(("k0",)), hold=HOLDS)
BEHAVIOURS = st.builds(
    Behaviour,
    patch_delay=st.sampled_from([timedelta(0), timedelta(seconds=60)]),
    patch_shown_late=st.booleans(),
    counters_age=st.sampled_from([timedelta(0), timedelta(seconds=30), timedelta(seconds=60)]),
    staleness=st.sampled_from(list(Staleness)),
    remaining_below_zero=st.booleans(),
)
PATCH_FAULTS = st.sampled_from(
    [
        Fault(method="PATCH", status=500),
        Fault(method="PATCH", status=400),
        Fault(method="PATCH", drop=True, when=When.BEFORE),
        Fault(method="PATCH", drop=True, when=When.AFTER),
        Fault(method="PATCH", status=502, when=When.AFTER),
        Fault(method="GET", path="/keys*", status=503),
        Fault(method="GET", path="/keys/*", drop=True),
    ]
)
NUMBERS = st.integers(0, 2)
TRAFFIC = st.tuples(st.just("spend"), NUMBERS, COSTS, st.booleans(), st.booleans())
ROUTINE = st.one_of(
    TRAFFIC,
    TRAFFIC,
    st.tuples(st.just("tick"), st.sampled_from([1, 5, 5, 5, 60, 60, 60 * 8, 60 * 24])),
    st.tuples(st.just("tick"), st.sampled_from([1, 5, 60, 60 * 8])),
    st.tuples(st.just("advance"), MINUTES),
)
TROUBLE = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(["poll", "evaluate", "enforce"])),
    st.tuples(st.just("kill"), st.integers(0, 30), st.booleans()),
    st.tuples(st.just("fault"), PATCH_FAULTS),
    st.tuples(st.just("disable"), NUMBERS, st.booleans()),
    st.tuples(st.just("limit"), NUMBERS, LIMITS),
    st.tuples(st.just("rename"), NUMBERS, st.sampled_from(["k", "x"])),
    st.tuples(st.just("delete"), NUMBERS),
)
STEPS = st.one_of(ROUTINE, ROUTINE, ROUTINE, TROUBLE)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    account = Account(clock=Clock(draw(BEGINNINGS)), behaviour=draw(BEHAVIOURS))
    for number in range(draw(st.integers(1, 3))):
        account.create_key({"name": f"k{number}", **draw(LIMITS)})
    budgets = (draw(BUDGETS), *draw(st.lists(ONE_KEY, max_size=1)))
    on_override = draw(st.sampled_from(list(OnOverride)))
    policy = Policy(budgets, "test", Mode.ENFORCE, safety=Safety(on_override=on_override))
    return World(Guard(account, policy, Faults()))


def take(world: World, step: tuple[object, ...]) -> None:
    match step:
        case ("spend", int(number), Decimal() as cost, bool(byok), bool(stated)):
            world.spend(world.key(number), cost, byok=byok, stated=stated)
        case ("advance", timedelta() as by):
            world.advance(by)
        case ("tick", int(minutes)):
            world.advance(timedelta(minutes=minutes))
            world.cycle()
        case ("run", "poll"):
            world.guard.poll()
        case ("run", "evaluate"):
            world.guard.evaluate()
            world.guard.evaluate()
        case ("run", "enforce"):
            world.guard.enforce()
        case ("kill", int(at), bool(after)):
            world.guard.kill(at, after=after)
        case ("fault", Fault() as fault):
            world.guard.faults.add(fault)
        case _:
            person(world, step)
    world.check()


def person(world: World, step: tuple[object, ...]) -> None:
    key = world.key(step[1]) if len(step) > 1 and isinstance(step[1], int) else world.key(0)
    if key.deleted_at is not None:
        return
    world.people(key)
    match step:
        case ("disable", _, bool(disabled)):
            world.account.patch_key(key.hash, {"disabled": disabled})
        case ("limit", _, dict(limit)):
            world.account.patch_key(key.hash, limit)
        case ("rename", _, str(name)):
            number = list(world.account.keys).index(key.hash)
            world.account.patch_key(key.hash, {"name": f"{name}{number}"})
        case ("delete", _):
            world.account.delete_key(key.hash)


@given(worlds(), st.lists(STEPS, min_size=10, max_size=60), st.integers(0, 60))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_held_keys_stay_within_their_caps_whatever_happens(
    world: World, steps: list[tuple[object, ...]], guard_dies_at: int
) -> None:
    world.cycle()
    for step in steps[:guard_dies_at]:
        take(world, step)
    for number in range(40):
        world.spend(world.key(number), Decimal("2.5"), byok=False, stated=False)
        world.advance(timedelta(hours=3))


@given(worlds(), st.lists(STEPS, min_size=5, max_size=40))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_after_a_release_every_key_has_what_people_gave_it(
    world: World, steps: list[tuple[object, ...]]
) -> None:
    people: dict[str, Settings] = {
        one.hash: one.terms.settings for one in world.account.keys.values()
    }
    said = dict(people)
    for step in steps:
        was = {one.hash: one.terms.settings for one in world.account.keys.values()}
        take(world, step)
        if step[0] == "limit" and isinstance(step[1], int):
            said[world.key(step[1]).hash] = world.key(step[1]).terms.settings
        if step[0] in ("disable", "limit"):
            for key in world.account.keys.values():
                people[key.hash] = _by_person(people[key.hash], was[key.hash], key.terms.settings)
    release(world)
    for key in world.account.keys.values():
        hold = world.guard.ledger.hold(key.hash)
        if key.deleted_at is None and hold is not None:
            assert _is_of_people(key.terms.settings, people[key.hash], said[key.hash])


def _is_of_people(found: Settings, given: Settings, said: Settings) -> bool:
    """Tell whether each field is what people gave the key, or what one of them last asked for.

    The two differ where that was what the guard's own fence, its answer lost, had set just then.
    """
    return (
        found.limit in (given.limit, said.limit)
        and found.include_byok in (given.include_byok, said.include_byok)
        and found.disabled == given.disabled
    )


def _by_person(known: Settings, was: Settings, now: Settings) -> Settings:
    """Return what people gave a key after one of them changed it from `was` to `now`.

    Who sets a field to the value that it has already changes nothing that anybody could see.
    """
    return Settings(
        limit=known.limit if was.limit == now.limit else now.limit,
        include_byok=known.include_byok
        if was.include_byok == now.include_byok
        else now.include_byok,
        disabled=known.disabled if was.disabled == now.disabled else now.disabled,
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
