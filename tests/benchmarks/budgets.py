"""The budgets that the benchmarks decide by, and the words that their keys' names are made of."""

from decimal import Decimal

from budget_guard.domain.policy import Budget, Hold, Mode, Policy
from budget_guard.domain.windows import Window

WORKSPACES = ("Search", "Ads", "Support", "Research", "Sales", "Finance", "Platform", "Labs")
PRODUCTS = tuple(f"product{number:02d}" for number in range(28))
STAGES = ("dev", *(f"stage{number:02d}" for number in range(1, 21)))
PLENTY = Decimal(10) ** 9
ALWAYS = Hold(Decimal(0))


def everyday() -> Policy:
    """Return ten budgets that overlap, with a few keys fenced: one for the whole account, one for
    each team's workspace, one for each developer's key.
    """
    teams = (_by_workspace(number, {Window.MONTHLY: PLENTY}) for number in range(len(WORKSPACES)))
    developers = Budget(
        "developers", {Window.DAILY: Decimal("0.3")}, keys=("*-dev-*",), per_key=True, owner="it"
    )
    return _policy(Budget("everything", {Window.MONTHLY: PLENTY}), *teams, developers)


def overlapping(keys: int) -> Policy:
    """Return fifty budgets of three windows each: one for the whole account, one for each product's
    team, one for each stage (environment). Each key lies in three of them: nine caps.

    Half of the budgets hold always, among them the account's: all keys are held. Caps are near what
    the keys spend: some constraints bind, others do not.
    """
    everything = Budget("everything", _caps(keys * 4), hold=ALWAYS)
    patterns = [f"{product}-*" for product in PRODUCTS] + [f"*-{stage}-*" for stage in STAGES]
    named = (
        Budget(
            f"by-name-{number}",
            _caps(keys // 20),
            keys=(pattern,),
            hold=ALWAYS if number % 2 else Hold(),
        )
        for number, pattern in enumerate(patterns)
    )
    return _policy(everything, *named)


def _by_workspace(number: int, caps: dict[Window, Decimal]) -> Budget:
    name, pattern = WORKSPACES[number], f"{number:08d}-*"
    return Budget(f"team-{name.lower()}", caps, workspaces=(pattern,), owner=name)


def _caps(daily: int) -> dict[Window, Decimal]:
    each = Decimal(max(1, daily))
    return {Window.DAILY: each, Window.WEEKLY: each * 3, Window.MONTHLY: each * 10}


def _policy(*budgets: Budget) -> Policy:
    return Policy(budgets, "hash-of-the-file", Mode.ENFORCE)
