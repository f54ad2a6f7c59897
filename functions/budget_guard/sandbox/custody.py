"""In whose hands a key was when a request was let in: the guard's, a person's, nobody's yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from budget_guard.domain.keys import Settings
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import start
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Change, Charge

NOTICED = timedelta(minutes=10)
"""Two polls: what happened that long ago, the guard has acted on."""


class Hands(StrEnum):
    """Who had a key: the guard (or should have), a person, or nobody before the guard could."""

    GUARD = "guard"
    PERSON = "person"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Custody:
    """Read off the account's books; every change after `opened` is the guard's or in `by_people`.

    So is every new key but those of `successors`: the guard made them.
    """

    account: Account
    opened: datetime
    by_people: frozenset[tuple[datetime, str]]
    successors: frozenset[str] = frozenset()

    def hands(self, charge: Charge, *, due: bool) -> Hands:
        """Tell who had the key of a request; `due`: the guard has had the time to hold it."""
        if self._is_new(charge):
            return Hands.PERSON
        earlier = self._changes(charge)
        if earlier and self._is_a_persons(earlier[-1]) and earlier[-1].at >= self.opened:
            return Hands.PERSON
        return Hands.GUARD if due or self._is_fenced(charge, earlier) else Hands.NOBODY

    def in_flight(self, charge: Charge) -> Usd:
        """Return what a request cost beyond what its key's limit, whoever set it, had left."""
        settings = self._admitting(charge.hash, self._changes(charge))
        limit, byok = settings.limit, settings.include_byok
        if limit.amount is None:
            return ZERO
        tally = self.account.books.tallies[charge.hash]
        used = tally.before(charge.at).counted(include_byok=byok)
        if limit.reset:
            begun = tally.before(start(limit.reset, charge.admitted_at))
            used -= begun.counted(include_byok=byok)
        remained = max(ZERO, limit.amount - used)
        return max(ZERO, charge.credits + charge.byok - remained)

    def last_word(self, members: Collection[str], at: datetime) -> datetime:
        """Return when the guard last changed one of these keys before `at`, else the opening."""
        changes = (
            change.enforced_at
            for change in self.account.books.changes
            if change.hash in members
            and change.enforced_at <= at
            and not self._is_a_persons(change)
        )
        return max(changes, default=self.opened)

    def _is_new(self, charge: Charge) -> bool:
        if charge.hash in self.successors:
            return False
        created = self.account.keys[charge.hash].created_at
        return created > self.opened and charge.admitted_at - created < NOTICED

    def _is_fenced(self, charge: Charge, earlier: Sequence[Change]) -> bool:
        settings = self._admitting(charge.hash, earlier)
        people = [one for one in earlier if self._is_a_persons(one)]
        own = self._admitting(charge.hash, people)
        return settings.limit.amount is not None and settings != own

    def _changes(self, charge: Charge) -> list[Change]:
        """Return the changes of a key that were in force when a request was let in."""
        return [
            change
            for change in self.account.books.changes
            if change.hash == charge.hash and change.enforced_at <= charge.admitted_at
        ]

    def _is_a_persons(self, change: Change) -> bool:
        return change.at < self.opened or (change.at, change.hash) in self.by_people

    def _admitting(self, key: str, changes: Sequence[Change]) -> Settings:
        """Return the settings that the last of these changes left; before any, the first ones."""
        if changes:
            return changes[-1].after
        first = next((one for one in self.account.books.changes if one.hash == key), None)
        return first.before if first else self.account.keys[key].terms.settings
