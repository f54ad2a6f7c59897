"""What the guard did, in a line for each key, or for each team whose money it moved; and said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN
from itertools import groupby

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain import words
from budget_guard.domain.alerts import Kind
from budget_guard.domain.keys import Key, Settings
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Change
from budget_guard.sandbox.verdict import families, identity


@dataclass(frozen=True, slots=True)
class Narration:
    """Tells of changes in the account's books; `reason` has the guard's own words for a key.

    `kin` has the lineages' names by hash.
    """

    account: Account
    policy: Policy
    reason: Callable[[str], str]
    kin: Mapping[str, str] = field(default_factory=dict)

    def lines(self, changes: Sequence[Change]) -> Iterator[tuple[datetime, str]]:
        """Yield a line for each key, and one for all that a team's keys got at one moment."""
        for at, run in groupby(changes, key=lambda one: one.at):
            by_team: dict[str, list[str]] = {}
            for change in run:
                team, share = self._team(change.hash), self._share(change)
                if team and share:
                    by_team.setdefault(team, []).append(share)
                else:
                    yield at, self._alone(change)
            for team, its in by_team.items():
                yield at, f"{team}: {', '.join(its)} USD more"

    def _alone(self, change: Change) -> str:
        is_switched_off = change.after.disabled and not change.before.disabled
        became = "disabled" if is_switched_off else words.limit(change.after.limit)
        return f"{self._name(change)} -> {became}: {self.reason(change.hash)}"

    def _share(self, change: Change) -> str | None:
        """Return what a key may spend from now on, and could until now; None if it is no fence."""
        before, after = self._more(change, change.before), self._more(change, change.after)
        if after is None:
            return None
        was = "" if before is None else f" {before} ->"
        return f"{self._name(change)}{was} {after}"

    def _more(self, change: Change, settings: Settings) -> Usd | None:
        """Return what a lifetime limit left the key when it was changed, in whole cents."""
        limit = settings.limit
        if limit.amount is None or limit.reset is not None or settings.disabled:
            return None
        used = self.account.books.tallies[change.hash].until(change.at)
        more = max(ZERO, limit.amount - used.counted(include_byok=settings.include_byok))
        return more.quantize(CENT, ROUND_DOWN)

    def _name(self, change: Change) -> str:
        return self.account.keys[change.hash].name

    def _team(self, key: str) -> str | None:
        """Return the smallest budget that the key is held by; None if it is the key's alone."""
        sizes = {
            budget.name: self._size(budget)
            for budget in self.policy.budgets
            if budget.hold.at is not None and budget.covers(self._identity(key))
        }
        smallest = min(sizes, key=lambda name: sizes[name], default=None)
        return smallest if smallest and sizes[smallest] > 1 else None

    def _size(self, budget: Budget) -> int:
        if budget.per_key:
            return 1
        covered = [
            one for key, one in self.account.keys.items() if budget.covers(self._identity(key))
        ]
        return len(families(covered, self.kin))

    def _identity(self, key: str) -> Key:
        return identity(self.account.keys[key], self.kin)


def heard(alert: AlertEvent) -> tuple[str, ...]:
    """Return an alert in a line; where money moved, in one for each model and provider."""
    if alert.kind is not Kind.MIX_SHIFTED:
        return (alert.summary,)
    return tuple(f"{alert.severity.upper()} {one.text}" for one in alert.entries)
