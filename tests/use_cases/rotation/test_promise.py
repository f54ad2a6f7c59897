"""Whatever is spent and rotated, and when: no cap of a budget is taken further than it goes."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget_guard.domain.constraints import guardrail_cap, own_limit
from budget_guard.domain.decision import decide
from budget_guard.domain.errors import RotationFailed
from budget_guard.domain.policy import Budget, RotationRule
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Behaviour, Refusal
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.rotation.retiring import retire
from budget_guard.use_cases.rotation.steps import Step
from tests.domain.builders import ALWAYS, MINUTE, NEVER, a_budget, policy_of
from tests.use_cases.rotation.scene import Scene

LEAST = Decimal("0.000001")
"""What a key is fenced at that was never used, and has no share."""

UNBOUNDED = Decimal("Infinity")

caps = st.dictionaries(
    st.sampled_from([one.value for one in Window]),
    st.decimals(1, 60, places=2),
    min_size=1,
    max_size=3,
)
QUICKLY = RotationRule(drain=timedelta(minutes=10), delete_after=timedelta(hours=1))

spends = st.tuples(
    st.just("spend"), st.integers(0, 3), st.decimals("0.01", 25, places=2), st.booleans()
)
waits = st.tuples(st.just("wait"), st.integers(1, 400), st.just(0), st.just(False))
rotations = st.tuples(st.just("rotate"), st.just(0), st.just(0), st.booleans())
"""The flag: whether the other functions run between two steps."""


@st.composite
def some_budgets(draw: st.DrawFn) -> list[Budget]:
    patterns = draw(
        st.lists(st.sampled_from(["prod*", "*", "*api*", "prod-api"]), min_size=1, max_size=3)
    )
    return [
        a_budget(
            f"b{number}",
            keys=keys,
            hold=draw(st.sampled_from([ALWAYS, ALWAYS, NEVER])),
            include_byok=draw(st.booleans()),
            per_key=draw(st.booleans()),
            **draw(caps),
        )
        for number, keys in enumerate(patterns)
    ]


own_limits: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "limit": st.decimals(1, 60, places=2),
            "limit_reset": st.sampled_from([None, *(one.value for one in Window)]),
        }
    ),
)


guardrails: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "limit_usd": st.decimals(1, 60, places=2),
            "reset_interval": st.sampled_from([one.value for one in Window]),
            "include_byok_in_budgets": st.booleans(),
        }
    ),
)


def guard_rail(scene: Scene, budget: dict[str, Any]) -> None:
    """Assign a guardrail with this budget to the key, as an admin would; without one none."""
    if budget:
        made = scene.account.guardrails.create({"name": "own", **budget})["id"]
        scene.account.guardrails.keys.assign(made, [scene.first], scene.now)


def spend(scene: Scene, which: int, amount: Decimal, *, byok: bool) -> None:
    """Let some key of the account spend, old ones too; what is refused is not spent."""
    keys = sorted(scene.account.keys.values(), key=lambda one: one.created_at, reverse=True)
    with suppress(Refusal):
        scene.account.spending.charge(
            keys[which % len(keys)].hash, amount, byok=byok, max_cost=amount
        )


def rotate(scene: Scene, token: str, *, is_interleaved: bool) -> None:
    for step in Step:
        scene.rotate(token, step)
        if is_interleaved:
            scene.pass_(MINUTE)
            scene.guard.cycle()


def check(scene: Scene, own: dict[str, Any], guardrail: dict[str, Any]) -> None:
    """Check each cap against what was truly spent of it, and what the keys' limits still allow."""
    generations = [one.hash for one in scene.account.keys.values() if stem(one) == "prod-api"]
    for budget in [one for one in scene.policy.budgets if one.hold != NEVER]:
        covered = [
            one for one in scene.account.keys.values() if fnmatchcase(stem(one), budget.keys[0])
        ]
        subjects = {stem(one) for one in covered} if budget.per_key else {""}
        for subject in subjects:
            keys = [one.hash for one in covered if not subject or stem(one) == subject]
            for window, cap in budget.cap.items():
                check_cap(scene, keys, window, cap, byok=budget.include_byok)
    if own:
        reset = Window(own["limit_reset"]) if own["limit_reset"] else None
        check_cap(scene, generations, reset, own["limit"], byok=False)
    if guardrail:
        check_guardrail(scene, generations, guardrail)


def check_guardrail(scene: Scene, keys: list[str], guardrail: dict[str, Any]) -> None:
    """Check its budget over all generations: one request may go further, since none is reserved."""
    cap: Decimal = guardrail["limit_usd"]
    byok, window = guardrail["include_byok_in_budgets"], Window(guardrail["reset_interval"])

    def rest(*some: str) -> Decimal:
        spent = scene.account.books.spent(some, window, scene.now).counted(include_byok=byok)
        return max(Decimal(0), cap - spent)

    usable = scene.usable()
    has = scene.account.guardrails.keys.of
    possible = [
        min(left(scene, one), rest(one) if has(one) else UNBOUNDED) for one in keys if one in usable
    ]
    assert sum(possible) <= rest(*keys) + LEAST * len(keys), (guardrail, possible, rest(*keys))


def check_cap(
    scene: Scene, keys: list[str], window: Window | None, cap: Decimal, *, byok: bool
) -> None:
    possible = sum((left(scene, one) for one in keys), Decimal(0))
    spent = scene.account.books.spent(keys, window, scene.now).counted(include_byok=byok)
    assert spent + possible <= cap + LEAST * len(keys), (keys, window, cap, spent, possible)


def stem(key: SimulatedKey) -> str:
    """Return the name that budgets know a key by."""
    return key.name.split(" #")[0]


def left(scene: Scene, key: str) -> Decimal:
    """Return what a key may truly still spend."""
    if not scene.account.exists(key):
        return Decimal(0)
    remaining: Decimal | None = scene.account.get_key(key, age=timedelta())["limit_remaining"]
    return UNBOUNDED if remaining is None else max(Decimal(0), remaining)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some_budgets(),
    st.lists(st.one_of(spends, waits, rotations), min_size=4, max_size=16),
    own_limits,
    guardrails,
)
def test_a_budget_is_after_rotations_what_it_was_but_for_what_was_spent(
    budgets: list[Budget],
    steps: list[tuple[str, int, Decimal, bool]],
    own: dict[str, Any],
    guardrail: dict[str, Any],
) -> None:
    scene = Scene(policy_of(*budgets), rule=QUICKLY)
    scene.adopt(**own)
    guard_rail(scene, guardrail)
    scene.account.create_key({"name": "prod-web"})
    scene.settle()
    for number, (what, which, amount, byok) in enumerate(steps):
        if what == "spend":
            spend(scene, which, amount, byok=byok)
        elif what == "rotate":
            with suppress(RotationFailed):
                rotate(scene, f"token-{number}", is_interleaved=byok)
        scene.pass_(max(5, which) * MINUTE)
        scene.guard.cycle()
        retire(scene.rotating())
        check_counted(scene)


def check_counted(scene: Scene) -> None:
    """Check that each cap counts what was truly spent, to 1e-6 USD; own limit and guardrail too."""
    facts = gather(scene.ledger, scene.policy, scene.now)
    own = own_limit(facts.observations[scene.first], facts), guardrail_cap(scene.first, facts)
    for one in filter(None, (*decide(facts).constraints, *own)):
        whose = next((stem(scene.account.keys[key]) for key in one.members), None)
        keys = [
            key.hash
            for key in scene.account.keys.values()
            if (one.budget is None or fnmatchcase(stem(key), one.budget.keys[0]))
            and ((one.budget and not one.budget.per_key) or stem(key) == whose)
        ]
        spent = scene.account.books.spent(keys, one.window, scene.now)
        assert abs(one.spend - spent.counted(include_byok=one.include_byok)) < LEAST, one


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some_budgets(),
    st.lists(st.one_of(spends, spends, waits, rotations), min_size=4, max_size=16),
    st.sampled_from([timedelta(), timedelta(seconds=50)]),
    own_limits,
    guardrails,
)
def test_no_cap_is_taken_further_than_it_goes_however_often_a_key_is_rotated(
    budgets: list[Budget],
    steps: list[tuple[str, int, Decimal, bool]],
    age: timedelta,
    own: dict[str, Any],
    guardrail: dict[str, Any],
) -> None:
    scene = Scene(policy_of(*budgets))
    scene.account.behaviour = Behaviour(counters_age=age)
    scene.rule = QUICKLY
    scene.adopt(**own)
    guard_rail(scene, guardrail)
    for name in ("prod-web", "other-api"):
        scene.account.create_key({"name": name})
    scene.settle()
    scene.meanwhile = lambda: spend(scene, 0, Decimal("0.05"), byok=False)
    for number, (what, which, amount, byok) in enumerate(steps):
        if what == "spend":
            spend(scene, which, amount, byok=byok)
        elif what == "wait":
            for _ in range(min(which // 5, 6)):
                scene.pass_(max(5, which // 6) * MINUTE)
                scene.guard.cycle()
                retire(scene.rotating())
        else:
            with suppress(RotationFailed):
                rotate(scene, f"token-{number}", is_interleaved=byok)
        check(scene, own, guardrail)
    scene.check_plaintexts()
