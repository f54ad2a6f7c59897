"""In whose hands a key was when a request was let in: a person's, the guard's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.keys import Settings
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Change, Charge


@dataclass(frozen=True, slots=True)
class Custody:
    """Read off the account's books; every change after `opened` is the guard's or in `by_people`."""

    account: Account
    opened: datetime
    by_people: frozenset[tuple[datetime, str]]

    def is_guards(self, charge: Charge, *, due: bool) -> bool:
        """Tell whether a request was let in by a fence, or (`due`) where one should have been."""
        earlier = self._changes(charge)
        if earlier and self._is_a_persons(earlier[-1]):
            return due and earlier[-1].at < self.opened
        settings, own = self.admitting(charge), self._baseline(charge.hash, earlier)
        return due or (settings.limit.amount is not None and settings != own)

    def admitting(self, charge: Charge) -> Settings:
        """Return the settings that a request was checked against."""
        earlier = self._changes(charge)
        return earlier[-1].after if earlier else self._first(charge.hash)

    def _changes(self, charge: Charge) -> list[Change]:
        """Return the changes of a key that were in force when a request was let in."""
        return [
            change
            for change in self.account.books.changes
            if change.hash == charge.hash and change.enforced_at <= charge.admitted_at
        ]

    def _is_a_persons(self, change: Change) -> bool:
        return change.at < self.opened or (change.at, change.hash) in self.by_people

    def _baseline(self, key: str, changes: Sequence[Change]) -> Settings:
        """Return the settings that people gave a key, before the guard or after overriding it."""
        people = [one for one in changes if self._is_a_persons(one)]
        return people[-1].after if people else self._first(key)

    def _first(self, key: str) -> Settings:
        """Return the settings that a key was created with."""
        first = next((one for one in self.account.books.changes if one.hash == key), None)
        return first.before if first else self.account.keys[key].terms.settings
