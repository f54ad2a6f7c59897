"""Who plays in the sandbox: keys and their traffic, for the story or for anybody's budgets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from budget_guard.domain.money import Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.sandbox.openrouter.traffic import Course, Script

MINUTE = timedelta(minutes=1)
IN_FLIGHT = timedelta(seconds=20)
"""How long a request takes: what is under way when a fence is reached still gets through."""
PLAYED = timedelta(hours=2, minutes=30)


@dataclass(frozen=True, slots=True)
class Role:
    """A key of the play: how it is created, what it had spent today, what its callers do."""

    name: str
    scripts: tuple[Script, ...] = ()
    spent: Usd = Decimal(0)
    workspace: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def calls(
    begins: datetime,
    cost: str,
    *,
    every: int = 2,
    course: Course = Course.STEADY,
    byok: bool = False,
) -> Script:
    """Return a script of calls every so many minutes until the curtain falls."""
    return Script(
        begins=begins,
        ends=begins + PLAYED,
        every=timedelta(minutes=every),
        cost=Decimal(cost),
        course=course,
        peak=Decimal(5),
        lasts=IN_FLIGHT,
        byok=byok,
    )


def story(opens: datetime) -> tuple[Role, ...]:
    """Return the twelve keys of the built-in story; it opens some hours before midnight."""
    late = opens + timedelta(minutes=15)
    own = {"limit": Decimal(15), "limit_reset": "daily"}
    research = "Research"
    return (
        Role("prod-search", (calls(late, "0.90", every=1, course=Course.RAMP),), Decimal(62)),
        Role("prod-nightly", (calls(opens, "0.35", course=Course.RAMP),), Decimal(8)),
        Role("prod-reports", (calls(opens, "0.15", every=3),), Decimal("9.5"), None, own),
        Role("prod-checkout", (calls(opens, "0.25"),), Decimal(24)),
        Role("prod-mail", (calls(opens, "0.02", every=5),), Decimal(1)),
        Role("dev-ana", (calls(opens, "0.03", every=5),), Decimal("0.4"), research),
        Role("dev-bob", (calls(opens, "0.06", every=3),), Decimal("2.2"), research),
        Role(
            "dev-cho",
            (calls(opens, "0.05", every=1, course=Course.MIDNIGHT_BURST),),
            Decimal(1),
            research,
        ),
        Role("dev-dan", (), Decimal("4.9"), research),
        Role("dev-eve", (), workspace=research, settings={"disabled": True}),
        Role("batch-embed", (calls(opens, "0.12", every=2, byok=True),), Decimal(5), research),
        Role("intern-test", (calls(opens, "0.02", every=10),), workspace=research),
    )


def cast_for(policy: Policy, opens: datetime) -> tuple[Role, ...]:
    """Return keys that fit anybody's budgets: one of each runs away, the others behave."""
    roles: dict[str, Role] = {}
    for budget in policy.budgets:
        for role in _fitting(budget, opens):
            roles.setdefault(role.name, role)
    return tuple(roles.values())


def _fitting(budget: Budget, opens: datetime) -> Iterator[Role]:
    cap = min(budget.cap.values())
    every = max(1, PLAYED // MINUTE // 100)
    for number, name in enumerate(_names(budget)):
        share = Decimal("1.5") if number == 0 else Decimal("0.3")
        cost = max(Decimal("0.000001"), (cap * share / 100).quantize(Decimal("0.000001")))
        settings = {"creator_user_id": _plain(budget.creators[0])} if budget.creators else {}
        workspace = _plain(budget.workspaces[0]) if budget.workspaces else None
        yield Role(
            name, (calls(opens, f"{cost:f}", every=every),), workspace=workspace, settings=settings
        )


def _names(budget: Budget) -> list[str]:
    """Return names that the budget's patterns match: two for a pattern, one for a plain name."""
    names: list[str] = []
    for pattern in budget.keys:
        fits = [pattern.replace("*", letter) for letter in "ab"] if "*" in pattern else [pattern]
        names += [_plain(fit) for fit in fits if fnmatchcase(_plain(fit), pattern)]
    return names


def _plain(pattern: str) -> str:
    return pattern.replace("*", "a").replace("?", "x")
