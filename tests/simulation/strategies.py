"""What random worlds are made of: small caps and few keys, so that they meet often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from budget_guard.domain.holds import BITES
from budget_guard.domain.policy import Budget, Hold, Mode, OnOverride, Policy, Safety
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.behaviour import Behaviour, Staleness
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.faults import Fault, Faults, When
from tests.simulation.guard import Guard
from tests.simulation.world import World

OTHER = "ws-other"
ALWAYS = Hold(Decimal(0))

BEGINNINGS = st.sampled_from(
    [
        datetime(2026, 11, 21, 9, 3, tzinfo=UTC),  # a Saturday
        datetime(2026, 11, 22, 22, 30, tzinfo=UTC),  # Sunday night: day and week roll
        datetime(2026, 11, 30, 23, 1, tzinfo=UTC),  # day and month roll within a week
        datetime(2026, 12, 31, 20, 0, tzinfo=UTC),
        datetime(2026, 5, 31, 23, 50, tzinfo=UTC),  # Sunday and the month's last day
    ]
)


def usd(*amounts: str) -> st.SearchStrategy[Decimal]:
    return st.sampled_from([Decimal(one) for one in amounts])


AMOUNTS = usd("10", "3", "7", "0", "20.37", "49", "70", "310")
COSTS = usd("0.9", "0.01", "1.000001", "2.5", "4", "9", "20")
NUMBERS = st.integers(0, 4)
HOLDS = st.sampled_from(
    [ALWAYS, ALWAYS, ALWAYS, Hold(Decimal("0.9")), Hold(Decimal("0.5")), Hold(None)]
)
LIMITS = st.fixed_dictionaries(
    {
        "limit": st.sampled_from([None, Decimal(2), Decimal(25), Decimal(300)]),
        "limit_reset": st.sampled_from([None, "daily", "weekly", "monthly"]),
        "include_byok_in_limit": st.booleans(),
    }
)
WINDOWS = st.sampled_from(list(Window))
CAPS = st.dictionaries(WINDOWS, AMOUNTS, min_size=1)
PATTERNS = st.sampled_from([("a*",), ("*",), ("b*",), ("a0", "b*")])
TEAMS = ["a", "b"]


def budgets(
    name: st.SearchStrategy[str], holds: st.SearchStrategy[Hold] = HOLDS
) -> st.SearchStrategy[Budget]:
    return st.builds(
        Budget,
        name=name,
        cap=CAPS,
        keys=PATTERNS,
        workspaces=st.sampled_from([(), (), (), (OTHER,)]),
        per_key=st.sampled_from([False, False, True]),
        include_byok=st.booleans(),
        hold=holds,
    )


NAMES = st.sampled_from(["one", "two", "three", "four"])
BEHAVIOURS = st.builds(
    Behaviour,
    patch_delay=st.sampled_from([timedelta(0), timedelta(seconds=60)]),
    patch_shown_late=st.booleans(),
    counters_age=st.sampled_from([timedelta(0), timedelta(seconds=30), timedelta(seconds=60)]),
    staleness=st.sampled_from(list(Staleness)),
    remaining_below_zero=st.booleans(),
)
FAULTS = st.sampled_from(
    [
        Fault(method="PATCH", status=500),
        Fault(method="PATCH", status=400),
        Fault(method="PATCH", drop=True, when=When.BEFORE),
        Fault(method="PATCH", drop=True, when=When.AFTER),
        Fault(method="PATCH", status=502, when=When.AFTER),
        Fault(method="PATCH", skip=1, drop=True, when=When.AFTER),
        Fault(method="GET", path="/keys", status=503),
        Fault(method="GET", path="/keys", skip=1, status=503),
        Fault(method="GET", path="/keys/*", drop=True),
    ]
)
FUNCTIONS = st.sampled_from(["poll", "evaluate", "enforce"])


def steps(
    name: str, *arguments: st.SearchStrategy[object]
) -> st.SearchStrategy[tuple[object, ...]]:
    return st.tuples(st.just(name), *arguments)


SPEND = steps("spend", NUMBERS, COSTS, st.booleans(), st.booleans())
SECONDS = st.sampled_from([1, 40, 90, 240]).map(lambda seconds: timedelta(seconds=seconds))
MINUTES = st.integers(0, 400).map(lambda minutes: timedelta(minutes=minutes))
TICK = steps("tick", st.sampled_from([5, 0, 1, 5, 5, 60, 60 * 8, 60 * 24]))
MINUTES_ON = st.sampled_from([3, 20, 300, 60 * 24])
TRAFFIC = st.one_of(
    SPEND,
    SPEND,
    SPEND,
    steps("begin", NUMBERS, st.booleans()),
    steps("complete", COSTS),
)
MODES = st.sampled_from([Mode.ENFORCE, Mode.ENFORCE, Mode.RELEASE])
PEOPLE = st.one_of(
    steps("disable", NUMBERS, st.booleans()),
    steps("limit", NUMBERS, LIMITS),
    steps("rename", NUMBERS, st.sampled_from(["a", "b", "x"])),
    steps("move", NUMBERS, st.just(OTHER)),
    steps("create", st.sampled_from(["a", "b"]), LIMITS),
    steps("delete", NUMBERS),
    steps("grant", NUMBERS, usd("5", "1"), MINUTES_ON),
    steps("release", st.one_of(NUMBERS, st.none()), MINUTES_ON),
    steps("freeze", NUMBERS, MINUTES_ON),
    steps("mode", MODES),
    steps("cap", NUMBERS, WINDOWS, AMOUNTS),
    steps("budget", budgets(NAMES)),
    steps("drop", NUMBERS),
    steps("protect", NUMBERS, st.booleans()),
)
RUN = steps("run", FUNCTIONS)
LOST = Fault(method="PATCH", drop=True, when=When.AFTER)
NEVER_ARRIVED = Fault(method="PATCH", drop=True, when=When.BEFORE)


MANY = 9
LATE = Fault(method="PATCH", drop=True, when=When.AFTER, patch_delay=BITES)
UNANSWERED = st.sampled_from([LOST, LATE, NEVER_ARRIVED])
NOTHING_OR_PLENTY = st.permutations([Decimal(0), Decimal(70)])


@st.composite
def changes_of_mind(draw: st.DrawFn) -> tuple[object, ...]:
    """PATCHes without an answer, one soon after the other; then all the money is asked for."""
    number, window = draw(NUMBERS), draw(WINDOWS)
    minds: list[tuple[object, ...]] = []
    for amount in (*draw(NOTHING_OR_PLENTY), *draw(NOTHING_OR_PLENTY))[draw(st.integers(0, 2)) :]:
        minds += [
            ("cap", number, window, amount),
            ("fault", draw(UNANSWERED)),
            ("run", "evaluate", "enforce"),
        ]
    spending = [("spend", key, Decimal(9), False, False) for key in range(4)]
    return ("several", ("tick", 1), *minds, ("advance", BITES), *spending, ("tick", 5))


@st.composite
def there_and_back(draw: st.DrawFn) -> tuple[object, ...]:
    """Nothing may be spent, then all again: the first word takes effect late, the second never."""
    number, window = draw(NUMBERS), draw(WINDOWS)
    minds: list[tuple[object, ...]] = []
    for amount, fault in ((Decimal(0), LATE), (Decimal(70), NEVER_ARRIVED)):
        minds += [
            ("cap", number, window, amount),
            ("fault", replace(fault, times=MANY)),
            ("run", "evaluate", "enforce"),
            ("mend",),
        ]
    return ("several", ("tick", 1), *minds, ("advance", draw(SECONDS)), ("tick", 5))


@st.composite
def small_thefts(draw: st.DrawFn) -> tuple[object, ...]:
    """All is shared out; then a key, most often the protected one, takes a little of it."""
    number, cost = draw(st.sampled_from([0, 0, 0, 1, 2])), draw(usd("0.5", "0.2", "0.1"))
    taken = ("spend", number, cost, False, False)
    return ("several", ("tick", 5), taken, ("tick", 5), ("tick", 5))


@st.composite
def hunger(draw: st.DrawFn) -> tuple[object, ...]:
    """A key runs dry; others give way, and it is looked at again before that has settled."""
    number, run = draw(NUMBERS), ("run", "poll", "evaluate", "enforce")
    asking = ("spend", number, Decimal("2.5"), False, False)
    soon = ("advance", draw(SECONDS))
    return ("several", ("tick", 5), asking, asking, asking, run, soon, run, soon, run)


TROUBLE = st.one_of(
    RUN,
    changes_of_mind(),
    there_and_back(),
    small_thefts(),
    hunger(),
    st.lists(FUNCTIONS, min_size=2, max_size=5).map(lambda functions: ("run", *functions)),
    steps("kill", st.integers(0, 30), st.booleans()),
    steps("fault", FAULTS),
    steps(
        "meanwhile", st.integers(0, 30), st.one_of(RUN, SPEND, steps("advance", SECONDS), PEOPLE)
    ),
)
STEPS = st.one_of(
    TRAFFIC,
    TRAFFIC,
    TICK,
    TICK,
    steps("advance", st.one_of(SECONDS, MINUTES)),
    TROUBLE,
    TROUBLE,
    PEOPLE,
)
"""Everything that may happen."""

PRESSURE = st.one_of(SPEND, TICK, changes_of_mind(), there_and_back(), small_thefts(), hunger())
"""What finds out a guard that is wrong about money."""

SMALL_STEPS = st.one_of(
    steps("spend", NUMBERS, COSTS, st.booleans(), st.just(True)),
    steps("spend", NUMBERS, COSTS, st.booleans(), st.just(True)),
    TICK,
    steps("advance", st.one_of(SECONDS, MINUTES)),
    RUN,
    steps("kill", st.integers(0, 30), st.booleans()),
    steps("fault", FAULTS),
    steps("meanwhile", st.integers(0, 30), st.one_of(RUN, steps("advance", SECONDS))),
)
"""What may happen where nobody touches a key, and no request costs more than it said."""
STEADY = st.just(ALWAYS)
NOBODY, SOMEBODY = st.just(False), st.just(True)
ONE_IN_THREE = st.sampled_from([False, False, True])


@st.composite
def worlds(
    draw: st.DrawFn,
    holds: st.SearchStrategy[Hold] = HOLDS,
    is_protected: st.SearchStrategy[bool] = ONE_IN_THREE,
) -> World:
    account = Account(clock=Clock(draw(BEGINNINGS)), behaviour=draw(BEHAVIOURS))
    places = [account.workspaces.default]
    if draw(st.booleans()):
        account.workspaces.add(OTHER, account.clock.now, identity=OTHER)
        places.append(OTHER)
    for number in range(draw(st.integers(2, 4))):
        where = {"workspace_id": draw(st.sampled_from(places))}
        name = f"{draw(st.sampled_from(TEAMS))}{number}"
        account.create_key({"name": name, **where, **draw(LIMITS)})
    of_account = draw(
        st.lists(budgets(NAMES, holds), min_size=1, max_size=3, unique_by=lambda b: b.name)
    )
    safety = Safety(on_override=draw(st.sampled_from(list(OnOverride))))
    protect = frozenset(list(account.keys)[:1] if draw(is_protected) else ())
    policy = Policy(tuple(of_account), "edition-0", Mode.ENFORCE, protect, safety=safety)
    guard = Guard(account, policy, Faults())
    guard.change_policy(policy)
    return World(guard)
