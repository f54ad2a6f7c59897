"""What a key spent of a budget before it was renamed or moved out of it, and no reading showed.

Counters may be old: what the reading that showed the key gone did not count yet is nobody's. The
guard's ledger tells only when that reading was.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.windows import start
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from tests.simulation.truth import ZERO, Cap, Truth


@dataclass
class Leavers:
    """The keys that left; `fenced` is what any key spent within its fence: when, who, how much."""

    truth: Truth
    fenced: list[tuple[datetime, str, Decimal]] = field(default_factory=list)

    def unread(self, key: SimulatedKey, cap: Cap, left: datetime) -> Decimal:
        """Return what a key that left a cap's budget spent of it too late to be read (USD)."""
        since = self._last_counted(key, cap, left)
        if since is None or since >= left:
            return ZERO
        tally, byok = self.truth.guard.account.books.tallies[key.hash], cap.budget.include_byok
        counted = tally.until(since).counted(include_byok=byok)
        begun = tally.before(start(cap.window, self.truth.now)).counted(include_byok=byok)
        return max(ZERO, tally.until(left).counted(include_byok=byok) - max(counted, begun))

    def unread_behind_fences(self, cap: Cap) -> Decimal:
        """Return what all of them spent of a cap too late to be read, within their fences (USD)."""
        total = ZERO
        for key, left in self.truth.contributors(cap):
            since = self._last_counted(key, cap, left)
            if since is not None:
                paid = [
                    usd for at, one, usd in self.fenced if one == key.hash and since < at <= left
                ]
                total += min(sum(paid, ZERO), self.unread(key, cap, left))
        return total

    def _last_counted(self, key: SimulatedKey, cap: Cap, left: datetime) -> datetime | None:
        """Return up to when charges were in the counters that showed the key gone.

        None where it is in the budget, or its going was not seen yet.
        """
        if self.truth.counts(key, cap):
            return None
        seen = self.truth.guard.ledger.observations().get(key.hash)
        if seen is None:
            return None
        was = [
            (self.truth.known_as(key, one.key.name, one.key.workspace), one.at)
            for one in seen.former
        ]
        gone = [at for one, at in was if one.is_in(cap.budget) and at >= left]
        return gone[0] - self.truth.guard.account.behaviour.counters_age if gone else None
