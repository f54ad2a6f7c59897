"""A random world around the guard: people, their keys and their traffic; each method is a step."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.records import Grant, Release
from budget_guard.domain.windows import Window, end
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.faults import Fault
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.spending import InFlight
from tests.simulation.guard import Guard
from tests.simulation.held import remaining
from tests.simulation.promise import Promise

MICROSECOND = timedelta(microseconds=1)
MOMENT = timedelta(milliseconds=1)

type Step = tuple[Any, ...]
"""The name of one of the world's methods, and its arguments."""


@dataclass
class World:
    """An account, a guard and the people around it; every step checks the promise.

    Keys are called by number, and so are budgets.
    """

    guard: Guard
    promise: Promise = field(init=False)
    under_way: list[InFlight] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.promise = Promise(self.guard)

    @property
    def account(self) -> Account:
        return self.guard.account

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    def key(self, number: int) -> SimulatedKey:
        keys = list(self.account.keys.values())
        return keys[number % len(keys)]

    def take(self, step: Step) -> None:
        name, *arguments = step
        getattr(self, name)(*arguments)
        self.promise.check()

    def several(self, *steps: Step) -> None:
        for step in steps:
            self.take(step)

    # Time and traffic

    def spend(self, number: int, cost: Decimal, byok: bool, stated: bool) -> None:
        """Make one request, done as soon as it was let in."""
        self.request(self.key(number), cost, byok=byok, stated=stated)

    def request(
        self, key: SimulatedKey, cost: Decimal, *, byok: bool = False, stated: bool = False
    ) -> bool:
        """Make one request; return whether it was let in."""
        try:
            one = self.account.spending.begin(
                key.hash, byok=byok, max_cost=cost if stated else None
            )
        except Refusal:
            return False
        self._complete(one, cost)
        return True

    def begin(self, number: int, byok: bool) -> None:
        """Let in a request that takes its time."""
        try:
            self.under_way.append(self.account.spending.begin(self.key(number).hash, byok=byok))
        except Refusal:
            return

    def complete(self, cost: Decimal) -> None:
        """Charge the request that has been under way longest."""
        if self.under_way:
            self._complete(self.under_way.pop(0), cost)

    def _complete(self, one: InFlight, cost: Decimal) -> None:
        self.promise.move_on()
        key = self.account.keys[one.hash]
        left = remaining(self.guard, key, key.enforced(self.now))
        self.promise.spends(key, cost, byok=one.byok, left=left)
        self.account.spending.complete(one, cost)
        self.promise.check()

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

    # The guard, and what becomes of it

    def tick(self, minutes: int) -> None:
        self.advance(timedelta(minutes=minutes, seconds=1))
        self.cycle()

    def cycle(self) -> None:
        """Let the guard see, decide and act; note whether it has nothing left to do."""
        began = self.now
        self.guard.cycle()
        done = self.guard.evaluate()
        if done is None or done.plan.wishes:
            return
        fresh = done.plan.facts.freshness
        if all(one in fresh and fresh[one].began >= began for one in self.workspaces):
            self.promise.quiet(began)

    @property
    def workspaces(self) -> list[str]:
        rows = self.account.workspaces.page(0, 100)["data"]
        return [row["id"] for row in rows]

    def run(self, *functions: str) -> None:
        """Run functions alone, doubled, or out of order."""
        for function in functions:
            getattr(self.guard, function)()

    def kill(self, at: int, after: bool) -> None:
        self.guard.kill(at, after=after)

    def meanwhile(self, at: int, step: Step) -> None:
        """Let a step happen in the middle of the next run."""
        self.guard.meanwhile(at, lambda: self.take(step))

    def fault(self, fault: Fault) -> None:
        self.guard.faults.add(fault)

    # People and keys

    def _touch(self, number: int, change: Callable[[SimulatedKey], object]) -> None:
        key = self.key(number)
        if key.deleted_at is None:
            with self.promise.people(key):
                change(key)
            self.advance(MOMENT)  # what follows is after it

    def limit(self, number: int, terms: dict[str, Any]) -> None:
        self.promise.changed.add(self.key(number).hash)
        self._touch(number, lambda key: self.account.patch_key(key.hash, terms))

    def rename(self, number: int, name: str) -> None:
        def change(key: SimulatedKey) -> None:
            self.promise.truth.leaves(key)
            self.account.patch_key(key.hash, {"name": f"{name}{key.name[1:]}"})

        self._touch(number, change)

    def move(self, number: int, workspace: str) -> None:
        def change(key: SimulatedKey) -> None:
            self.promise.truth.leaves(key)
            self.account.patch_key(key.hash, {"workspace_id": workspace})

        if workspace in self.workspaces:
            self._touch(number, change)

    def create(self, name: str, terms: dict[str, Any]) -> None:
        number = len(self.account.keys)
        _, row = self.account.create_key({"name": f"{name}{number}", **terms})
        with self.promise.people(self.account.keys[row["hash"]]):
            pass

    def disable(self, number: int, disabled: bool) -> None:
        """Switch a key off or on: no excuse, for its limit stays what it was."""
        key = self.key(number)
        self.promise.changed.add(key.hash)
        if key.deleted_at is None:
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
