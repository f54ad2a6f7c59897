"""Who plays in the sandbox: keys and their traffic, for the story or for anybody's budgets."""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from budget_guard.domain.money import MICRO, Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.sandbox.openrouter.traffic import Course, Script
from budget_guard.sandbox.openrouter.work import ORDINARY, Work

MINUTE = timedelta(minutes=1)
SONNET = Work(model="anthropic/claude-sonnet-4", provider="Anthropic")
OPUS = replace(SONNET, model="anthropic/claude-opus-4", cache_discount=Decimal("0.20"))
DEEPSEEK = Work(model="deepseek/deepseek-chat", provider="DeepSeek")
GPT = Work(model="openai/gpt-4.1", provider="OpenAI")
IN_FLIGHT = timedelta(seconds=20)
"""How long a request takes: what is under way when a fence is reached still gets through."""
PLAYED = timedelta(hours=2, minutes=30)
CALLS = 100
"""Of a key's calls, how many bring it to its share of the cap; until midnight there are more."""
GLOB = re.compile(r"[*?]|\[!?\]?[^\]]*\]")
"""The wild parts of a pattern, as `fnmatch` reads it."""


@dataclass(frozen=True, slots=True)
class Role:
    """A key of the play: how it is created, what it had spent today, what its callers do.

    `workspace` is an id, and its name too; None is the default workspace. On each day of its
    history the key spent as much as today, and `evenings` more after that (0: it has no history).
    Until the play it did its `usual` work (None: that of its first script).
    """

    name: str
    scripts: tuple[Script, ...] = ()
    spent: Usd = Decimal(0)
    workspace: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    evenings: Usd = Decimal(0)
    usual: Work | None = None

    @property
    def before(self) -> Work:
        """Return what the key's requests were for until the play."""
        return self.usual or (self.scripts[0].work if self.scripts else ORDINARY)


def calls(
    begins: datetime,
    cost: str,
    *,
    every: int = 2,
    course: Course = Course.STEADY,
    byok: bool = False,
    work: Work = ORDINARY,
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
        work=work,
    )


def story(opens: datetime) -> tuple[Role, ...]:
    """Return the sixteen keys of the built-in story; it opens some hours before midnight."""
    late = opens + timedelta(minutes=15)
    asks, posts = opens + timedelta(minutes=72), opens + timedelta(minutes=102)
    own = {"limit": Decimal(15), "limit_reset": "daily"}
    posting = {"limit": Decimal(32), "limit_reset": "daily"}
    research = "Research"
    return (
        Role(
            "prod-search",
            (calls(late, "0.90", every=1, course=Course.RAMP, work=GPT),),
            Decimal(62),
            evenings=Decimal(24),
        ),
        Role(
            "batch-nightly",
            (calls(opens, "0.35", course=Course.RAMP, work=DEEPSEEK),),
            Decimal(8),
            evenings=Decimal(25),
        ),
        Role("prod-reports", (calls(opens, "0.15", every=3),), Decimal("9.5"), settings=own),
        Role(
            "chat-api",
            (replace(calls(opens, "0.008"), every=timedelta(seconds=5)),),
            Decimal(12),
            evenings=Decimal(14),
        ),
        Role("prod-checkout", (calls(opens, "2.50", every=20, work=GPT),), Decimal(24)),
        Role(
            "prod-mail",
            (calls(posts, "2.50", every=1),),
            Decimal(1),
            settings=posting,
            evenings=Decimal(21),
        ),
        Role(
            "agent-crawler",
            (calls(opens, "0.55", every=1, course=Course.RAMP, work=OPUS),),
            Decimal(6),
            evenings=Decimal(20),
            usual=SONNET,
        ),
        Role("agent-support", (calls(asks, "0.40", every=1, work=SONNET),), Decimal(2)),
        Role("agent-writer", (calls(opens, "0.01", every=10),), Decimal(4)),
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
    """Return keys that fit anybody's budgets: the first of each runs away, the others behave."""
    roles: list[Role] = []
    for budget in policy.budgets:
        known = {_identity(role) for role in roles}
        roles += [role for role in _fitting(budget, opens) if _identity(role) not in known]
    return tuple(roles)


def _identity(role: Role) -> tuple[str, str | None, object]:
    return role.name, role.workspace, role.settings.get("creator_user_id")


def _fitting(budget: Budget, opens: datetime) -> Iterator[Role]:
    cap = min(budget.cap.values())
    settings = {"creator_user_id": fitting(budget.creators[0])} if budget.creators else {}
    workspace = fitting(budget.workspaces[0]) if budget.workspaces else None
    for number, name in enumerate(_names(budget)):
        share = Decimal("1.5") if number == 0 else Decimal("0.3")
        cost = max(MICRO, (cap * share / CALLS).quantize(MICRO))
        scripts = (calls(opens, f"{cost:f}", every=1),)
        yield Role(name, scripts, workspace=workspace, settings=settings)


def _names(budget: Budget) -> list[str]:
    """Return names that the budget's patterns match: two for a pattern, one for a plain name."""
    found = (fitting(pattern, filler) for pattern in budget.keys for filler in "ab")
    return [
        name
        for name in dict.fromkeys(found)
        if any(fnmatchcase(name, pattern) for pattern in budget.keys)
    ]


def fitting(pattern: str, filler: str = "a") -> str:
    """Return a text that the pattern matches, if any does, with `filler` wherever it may be."""
    return GLOB.sub(lambda found: _filled(found[0], filler), pattern)


def _filled(wild: str, filler: str) -> str:
    candidates = (filler, *string.ascii_letters, *string.digits, *string.punctuation, *wild)
    return next((one for one in candidates if fnmatchcase(one, wild)), filler)
