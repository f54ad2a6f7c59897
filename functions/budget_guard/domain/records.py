"""What people, and evaluations, leave in the ledger beside facts about keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

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
class SpendRecord:
    """What a budget had spent of its cap in one window instance (USD), when last evaluated."""

    budget: str
    key: str | None
    window: Window
    start: datetime
    spend: Usd
    cap: Usd
    at: datetime
