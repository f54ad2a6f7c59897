"""A random world around the guard: people, their keys and their traffic; each method is a step."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from budget_guard.sandbox.openrouter.faults import Fault
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.spending import InFlight
from tests.simulation.held import remaining
from tests.simulation.people import People

type Step = tuple[Any, ...]
"""The name of one of the world's methods, and its arguments."""


@dataclass
class World(People):
    """An account, a guard and the people around it; every step checks the promise."""

    under_way: list[InFlight] = field(default_factory=list)

    def take(self, step: Step) -> None:
        name, *arguments = step
        getattr(self, name)(*arguments)
        self.promise.check()

    def several(self, *steps: Step) -> None:
        for step in steps:
            self.take(step)

    # Traffic

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

    def mend(self) -> None:
        """End all faults."""
        self.guard.faults.clear()
