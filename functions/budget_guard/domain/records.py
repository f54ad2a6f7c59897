"""What people and runs leave in the ledger beside facts about keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from budget_guard.domain.keys import Settings
from budget_guard.domain.money import Usd
from budget_guard.domain.policy import Policy
from budget_guard.domain.windows import Window


@dataclass(frozen=True, slots=True)
class Grant:
    """Extra money (USD) on a budget until a time, with a reason and a name.

    `key` names the one key meant where the budget is per key. `settled` is the spend per window
    when the grant was first seen ended: what was spent of it stays granted.
    """

    id: str
    budget: str
    amount: Usd
    begins: datetime
    ends: datetime
    reason: str
    by: str
    key: str | None = None
    settled: Mapping[Window, Usd] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A person's word to give a key (None: every key) back, and leave it alone until `until`."""

    key: str | None
    until: datetime
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """A person's word to stop a key now, and keep it disabled until `until`."""

    key: str
    until: datetime
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """The word that a policy may stop and release as many keys as it wants (rule 11).

    The guard gives it itself (`by_guard`) to a policy whose plan holds no surprise. `protect` are
    the keys that a person approved of those which a name in the budgets file proposed.
    """

    policy: Policy
    at: datetime
    by: str
    reason: str
    protect: frozenset[str] = frozenset()
    by_guard: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """One change at OpenRouter that took effect: before, after, why, which run, how to undo.

    `guardrails` are the key's before and after, by name, where that was changed and nothing else.
    """

    id: str
    key: str
    name: str
    before: Settings
    after: Settings
    reason: str
    run: str
    at: datetime
    undo: str
    guardrails: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PollReport:
    """How the last poll ended. `problem` is None where every workspace was seen completely.

    `needs_hands`: the problem will not pass by itself (a missing or wrong management key).
    """

    at: datetime
    run: str
    keys: int = 0
    workspaces: int = 0
    problem: str | None = None
    balance: Usd | None = None
    needs_hands: bool = False


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of the account, as OpenRouter names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """The budgets file that the functions were deployed with, as the evaluation at `at` read it."""

    policy: Policy
    at: datetime


@dataclass(frozen=True, slots=True)
class SpendRecord:
    """What a budget had spent of its cap in one window instance (USD), when last evaluated."""

    budget: str
    key: str | None
    window: Window
    start: datetime
    spend: Usd
    cap: Usd
    at: datetime
