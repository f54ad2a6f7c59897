"""What a rotation came to: one key in use, one out of use, and a budget that is what it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.lineage import State
from budget_guard.domain.money import MICRO, ZERO, Usd


@dataclass(frozen=True, slots=True)
class Generation:
    """The `number`th key of a lineage, and its state at OpenRouter since `since`."""

    number: int
    name: str
    state: State
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stood at `at` (USD): what the guard counts as spent of its cap, and as left.

    `reach` is what OpenRouter let the lineage's keys spend from then on, and `booked` what they had
    spent in their lives, by the account's books.
    """

    at: datetime
    spent: Usd
    left: Usd
    reach: Usd
    booked: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """A key's rotation, and what came of the requests from `began` until `ended`.

    Then the old key was off; or the play was over.
    """

    name: str
    budget: str
    generations: Sequence[Generation]
    before: Standing
    after: Standing
    began: datetime
    ended: datetime
    requests: int
    failed: int

    @property
    def meanwhile(self) -> Usd:
        """Return what was spent between the two standings."""
        return self.after.booked - self.before.booked

    @property
    def drift(self) -> Usd:
        """Return by how much the budget is not what it was, but for what was spent meanwhile."""
        spent, left = self.after.spent - self.before.spent, self.before.left - self.after.left
        refilled = max(ZERO, self.after.reach - self.after.left)
        return max(abs(spent - self.meanwhile), abs(left - self.meanwhile), refilled)

    @property
    def is_good(self) -> bool:
        """Tell whether one key is left, the budget is what it was, and no request failed."""
        states = [one.state for one in self.generations]
        is_whole = states == [State.DISABLED, State.CURRENT]
        return is_whole and self.drift <= MICRO and self.requests > 0 and self.failed == 0
