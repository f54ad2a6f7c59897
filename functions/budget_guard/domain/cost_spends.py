"""What budgets on models and providers have spent, as costs tell; `poll_costs` counts it.

The counters of a key do not say what the money went for; analytics and activity do, later.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from budget_guard.domain.keys import Spent
from budget_guard.domain.money import Usd
from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import Window

TOP = 3
MOST_KEYS = 1000
"""Keys of a per-key budget that are kept, the dearest: what a ledger item (400 KB) takes."""


@dataclass(frozen=True, slots=True)
class DaySpend:
    """What keys spent on a selection of models or providers on a day, as told at `at`.

    `part` is the first digit of the keys' hashes, `?` for the keys of unknown hash. `is_final`:
    every source has said its last of that day.
    """

    selection: str
    day: date
    part: str
    at: datetime
    is_final: bool
    rows: tuple[tuple[str, Spent], ...]


@dataclass(frozen=True, slots=True)
class Spender:
    """A key (its hash, or `?` and its name): what it spent, and what an hour of late (USD)."""

    key: str
    spent: Usd
    per_hour: Usd


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts in the instance of `window` that began at `start` (USD).

    `spenders`, the dearest first: the three dearest; of a per-key budget `MOST_KEYS`.
    """

    window: Window
    start: datetime
    spent: Usd
    per_hour: Usd
    spenders: tuple[Spender, ...] = ()


@dataclass(frozen=True, slots=True)
class CostSpend:
    """What a budget has spent when it counted by `terms`, as counted at `at`.

    All that was spent from `since` until `until` is in it; of later, what was told so soon.
    """

    budget: str
    terms: str
    at: datetime
    since: datetime
    until: datetime
    windows: tuple[Counted, ...]

    def of(self, window: Window, began: datetime) -> Counted | None:
        """Return what counts in the instance of `window` that began then, if that is known."""
        return next(
            (one for one in self.windows if (one.window, one.start) == (window, began)), None
        )


def terms_of(budget: Budget, scope: tuple[str, ...]) -> str:
    """Return what a budget counts by: budgets of the same terms count the same."""
    covers = (budget.keys, budget.workspaces, budget.creators)
    return _digest(covers, selection_of(budget, scope), budget.per_key, budget.include_byok)


def selection_of(budget: Budget, scope: tuple[str, ...]) -> str:
    """Return which costs a budget takes its own from: those of some models, or providers."""
    return _digest(sorted(budget.models), sorted(budget.providers), sorted(scope))


def _digest(*facts: object) -> str:
    return sha256(repr(facts).encode()).hexdigest()[:16]
