"""What people do around the guard: to keys, to the budgets file, and by a word to the guard."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.keys import Settings
from budget_guard.domain.policy import Budget, Mode, Policy
from budget_guard.domain.records import Freeze, Grant, Release
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from tests.simulation.guard import Guard
from tests.simulation.promise import Promise

MICROSECOND = timedelta(microseconds=1)
MOMENT = timedelta(milliseconds=1)


@dataclass
class People:
    """The people around an account and its guard; keys are called by number, and so are budgets.

    `given` is what people gave each key, field by field, whatever the guard made of it; `said` what
    one of them last asked for.
    """

    guard: Guard
    promise: Promise = field(init=False)
    given: dict[str, Settings] = field(init=False)
    said: dict[str, Settings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.promise = Promise(self.guard)
        self.given = {key.hash: key.terms.settings for key in self.account.keys.values()}

    @property
    def account(self) -> Account:
        return self.guard.account

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    def key(self, number: int) -> SimulatedKey:
        keys = list(self.account.keys.values())
        return keys[number % len(keys)]

    @property
    def workspaces(self) -> list[str]:
        rows = self.account.workspaces.page(0, 100)["data"]
        return [row["id"] for row in rows]

    def advance(self, by: timedelta) -> None:
        """Move on, stopping at every midnight on the way to settle the day's account."""
        until = self.now + by
        while (midnight := end(Window.DAILY, self.now)) <= until:
            self.account.clock.set(midnight - MICROSECOND)
            self.promise.check_roll(midnight)
            self.account.clock.set(midnight)
            self.promise.check()
        self.account.clock.set(until)
        self.promise.check()

    # People and keys

    @contextmanager
    def _by_hand(self, number: int) -> Iterator[SimulatedKey]:
        """Note what a person gives a key, field by field."""
        key = self.key(number)
        was, hold = key.terms.settings, self.guard.ledger.hold(key.hash)
        yield key
        ours = hold.confirmed.settings if hold and hold.is_held and hold.confirmed else was
        self.given[key.hash] = _amended(self.given[key.hash], was, ours, key.terms.settings)

    def _touch(self, number: int, change: dict[str, Any]) -> None:
        """Change a key that is there; what the guard knew of it does not count any more."""
        with self._by_hand(number) as key:
            if key.deleted_at is None:
                with self.promise.people(key):
                    self.account.patch_key(key.hash, change)
                self.advance(MOMENT)  # what follows is after it

    def limit(self, number: int, terms: dict[str, Any]) -> None:
        key = self.key(number)
        self.promise.changed.add(key.hash)
        self._touch(number, terms)
        self.said[key.hash] = key.terms.settings

    def rename(self, number: int, name: str) -> None:
        key = self.key(number)
        if key.deleted_at is None:
            self.promise.truth.leaves(key)
            self._touch(number, {"name": f"{name}{key.name[1:]}"})

    def move(self, number: int, workspace: str) -> None:
        key = self.key(number)
        if key.deleted_at is None and workspace in self.workspaces:
            self.promise.truth.leaves(key)
            self._touch(number, {"workspace_id": workspace})

    def create(self, name: str, terms: dict[str, Any]) -> None:
        number = len(self.account.keys)
        _, row = self.account.create_key({"name": f"{name}{number}", **terms})
        key = self.account.keys[row["hash"]]
        self.given[key.hash] = key.terms.settings
        with self.promise.people(key):
            pass

    def disable(self, number: int, disabled: bool) -> None:
        """Switch a key off or on; no excuse but where the guard had it off: its limit stays."""
        key = self.key(number)
        self.promise.changed.add(key.hash)
        is_ours = key.terms.settings.disabled and not self.given[key.hash].disabled
        if is_ours:
            self._touch(number, {"disabled": disabled})
        elif key.deleted_at is None:
            with self._by_hand(number):
                self.account.patch_key(key.hash, {"disabled": disabled})

    def delete(self, number: int) -> None:
        key = self.key(number)
        if key.deleted_at is None:
            self.promise.deletes(key)
            self.account.delete_key(key.hash)

    # People and the guard

    def grant(self, number: int, amount: Decimal, minutes: int) -> None:
        budget = self._budget(number)
        if budget is None:
            return
        members = [key.hash for key in self.account.keys.values()]
        grant = Grant(
            id=f"grant-{len(self.promise.truth.grants)}",
            budget=budget.name,
            amount=amount,
            begins=self.now,
            ends=self.now + timedelta(minutes=minutes),
            reason="test",
            by="test",
            key=members[number % len(members)] if budget.per_key else None,
        )
        self.promise.truth.grants.append(grant)
        self.guard.ledger.save(grant)

    def release(self, number: int | None, minutes: int) -> None:
        key = None if number is None else self.key(number).hash
        until = self.now + timedelta(minutes=minutes)
        self.guard.ledger.save(Release(key, until, "test", "test", self.now))

    def freeze(self, number: int, minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        self.guard.ledger.save(Freeze(self.key(number).hash, until, "test", "test", self.now))

    def mode(self, mode: Mode) -> None:
        """Deploy the file with another mode, and approve of it."""
        self._deploy(replace(self.guard.policy, mode=mode))

    def cap(self, number: int, window: Window, amount: Decimal) -> None:
        """Change one cap of the budgets file, or add one."""
        budget = self._budget(number)
        if budget is not None:
            self._file(replace(budget, cap={**budget.cap, window: amount}))

    def budget(self, budget: Budget) -> None:
        """Add a budget to the file, or put another in its place."""
        self._file(budget)

    def drop(self, number: int) -> None:
        budget = self._budget(number)
        if budget is not None:
            self._file(budget, is_dropped=True)

    def protect(self, number: int, is_protected: bool) -> None:
        policy, one = self.guard.policy, {self.key(number).hash}
        protect = policy.protect | one if is_protected else policy.protect - one
        self._deploy(replace(policy, protect=protect))

    def _budget(self, number: int) -> Budget | None:
        budgets = self.guard.policy.budgets
        return budgets[number % len(budgets)] if budgets else None

    def _file(self, budget: Budget, *, is_dropped: bool = False) -> None:
        others = [one for one in self.guard.policy.budgets if one.name != budget.name]
        budgets = others if is_dropped else [*others, budget]
        self._deploy(replace(self.guard.policy, budgets=tuple(budgets)))

    def _deploy(self, policy: Policy) -> None:
        """Replace the budgets file."""
        edition = int(self.guard.policy.hash.split("-")[1]) + 1
        self.promise.deploys(replace(policy, hash=f"edition-{edition}"))


def _amended(known: Settings, was: Settings, ours: Settings, now: Settings) -> Settings:
    """Return what people gave a key after one of them changed it from `was` to `now`.

    Who sets a field to the value that it has already, or that the guard had given it (`ours`),
    changes nothing that anybody could see.
    """
    return Settings(
        limit=known.limit if now.limit in (was.limit, ours.limit) else now.limit,
        include_byok=known.include_byok
        if now.include_byok in (was.include_byok, ours.include_byok)
        else now.include_byok,
        disabled=known.disabled if was.disabled == now.disabled else now.disabled,
    )
