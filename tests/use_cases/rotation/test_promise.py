"""Whatever is spent and rotated, and when: no cap of a budget is taken further than it goes."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget_guard.domain.errors import RotationFailed
from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Behaviour, Refusal
from tests.domain.builders import ALWAYS, MINUTE, a_budget, policy_of
from tests.use_cases.rotation.scene import Scene

LEAST = Decimal("0.000001")
"""What a key is fenced at that was never used, and has no share."""

caps = st.dictionaries(
    st.sampled_from([one.value for one in Window]),
    st.decimals(1, 60, places=2),
    min_size=1,
    max_size=3,
)
spends = st.tuples(
    st.just("spend"), st.integers(0, 3), st.decimals("0.01", 25, places=2), st.booleans()
)
waits = st.tuples(st.just("wait"), st.integers(1, 400), st.just(0), st.just(False))
rotations = st.tuples(st.just("rotate"), st.just(0), st.just(0), st.just(False))


@st.composite
def some_budgets(draw: st.DrawFn) -> list[Budget]:
    patterns = draw(st.lists(st.sampled_from(["prod*", "*", "*api*"]), min_size=1, max_size=3))
    return [
        a_budget(
            f"b{number}", keys=keys, hold=ALWAYS, include_byok=draw(st.booleans()), **draw(caps)
        )
        for number, keys in enumerate(patterns)
    ]


def spend(scene: Scene, which: int, amount: Decimal, *, byok: bool) -> None:
    """Let some key of the account spend, old ones too; what is refused is not spent."""
    keys = sorted(scene.account.keys.values(), key=lambda one: one.created_at, reverse=True)
    with suppress(Refusal):
        scene.account.spending.charge(
            keys[which % len(keys)].hash, amount, byok=byok, max_cost=amount
        )


def check(scene: Scene) -> None:
    """Check each cap against what was truly spent of it, and what the keys' limits still allow."""
    for budget in scene.policy.budgets:
        covered = [
            one for one in scene.account.keys.values() if fnmatchcase(one.name, budget.keys[0])
        ]
        possible = sum((left(scene, one.hash) for one in covered), Decimal(0))
        for window, cap in budget.cap.items():
            spent = scene.account.books.spent([one.hash for one in covered], window, scene.now)
            counted = spent.counted(include_byok=budget.include_byok)
            assert counted + possible <= cap + LEAST * len(covered), (budget, window)


def left(scene: Scene, key: str) -> Decimal:
    """Return what a key may truly still spend."""
    if not scene.account.exists(key):
        return Decimal(0)
    remaining: Decimal = scene.account.get_key(key, age=timedelta())["limit_remaining"]
    return max(Decimal(0), remaining)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some_budgets(),
    st.lists(st.one_of(spends, spends, waits, rotations), min_size=4, max_size=16),
    st.sampled_from([timedelta(), timedelta(seconds=50)]),
)
def test_no_cap_is_taken_further_than_it_goes_however_often_a_key_is_rotated(
    budgets: list[Budget], steps: list[tuple[str, int, Decimal, bool]], age: timedelta
) -> None:
    scene = Scene(policy_of(*budgets))
    scene.account.behaviour = Behaviour(counters_age=age)
    scene.adopt()
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
        else:
            with suppress(RotationFailed):
                scene.rotate(f"token-{number}")
        check(scene)
    scene.check_plaintexts()
