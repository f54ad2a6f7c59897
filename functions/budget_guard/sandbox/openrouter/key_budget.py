"""One budget layer of a key, with the spend that the service compares against it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window, end

type Scope = Literal[
    "workspace_default_member", "workspace_default_key", "member", "api_key", "key_limit"
]
"""Whose budget it is, in the order in which the service checks them; workspaces have none here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBudget:
    """So much in the present window of `reset` (None: ever); `guardrail`: the id of who says so."""

    scope: Scope
    limit: Usd
    spent: Usd
    reset: Window | None
    include_byok: bool
    guardrail: str | None = None

    @property
    def remaining(self) -> Usd:
        """Return what is left, negative if overspent."""
        return self.limit - self.spent

    def resets_at(self, now: datetime) -> datetime | None:
        """Return when the window that contains `now` ends."""
        return None if self.reset is None else end(self.reset, now)


def effective(budgets: list[KeyBudget]) -> KeyBudget | None:
    """Return the budget that blocks first: the first that is spent, else the one with least left."""
    spent = (budget for budget in budgets if budget.remaining <= ZERO)
    return next(spent, min(budgets, key=lambda budget: budget.remaining, default=None))
