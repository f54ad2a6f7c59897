"""A random world around the guard, and the books that its promise is checked against.

What is right is computed here from the simulated account's books alone.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.domain.holds import Hold
from budget_guard.domain.policy import Budget
from budget_guard.domain.windows import Window, end, start
from budget_guard.domain.wishes import Restore
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.keys import SimulatedKey, remaining
from budget_guard.sandbox.openrouter.refusals import Refusal
from tests.simulation.guard import Guard

ZERO = Decimal(0)
CENT = Decimal("0.01")
NOISE = Decimal("0.00002")


type Place = tuple[str, str, Window | None, datetime | None]
type Excess = dict[Place, Decimal]


@dataclass
class World:
    """An account, a guard and the people around it; every step checks the promise.

    `quiet` keys are those that the guard has seen since a person touched them. `in_flight` is what
    requests cost beyond what the fence left when they were let in, in force yet or not; `unheld` the spend of keys not held.
    """

    guard: Guard
    quiet: set[str] = field(default_factory=set)
    in_flight: Excess = field(default_factory=lambda: defaultdict(lambda: ZERO))
    unheld: Excess = field(default_factory=lambda: defaultdict(lambda: ZERO))

    @property
    def account(self) -> Account:
        return self.guard.account

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    def key(self, number: int) -> SimulatedKey:
        keys = list(self.account.keys.values())
        return keys[number % len(keys)]

    def is_held(self, key: SimulatedKey) -> bool:
        """Tell whether the guard's last word on the key is in force at OpenRouter."""
        return self.is_fenced(key) and key.enforced(self.now) == key.terms

    def is_fenced(self, key: SimulatedKey) -> bool:
        """Tell whether OpenRouter has confirmed the guard's last word, in force yet or not."""
        hold = self.guard.ledger.hold(key.hash)
        return (
            hold is not None
            and hold.is_held
            and not self.is_given_back(hold)
            and hold.confirmed is not None
            and not hold.intents
            and key.hash in self.quiet
            and hold.confirmed.settings.limit == key.terms.settings.limit
        )

    def is_given_back(self, hold: Hold) -> bool:
        """Tell whether a restore took effect, and only its last line in the ledger is missing."""
        wish = self.guard.ledger.wishes().get(hold.key)
        is_wished = wish is not None and isinstance(wish.want, Restore)
        confirmed = hold.confirmed
        return is_wished and confirmed is not None and confirmed.settings == hold.baseline

    def budgets(self, key: SimulatedKey) -> list[tuple[Budget, Window, Decimal]]:
        """Return the caps that concern a key alone, by its true name."""
        return [
            (budget, window, cap)
            for budget in self.guard.policy.budgets
            if any(key.name.startswith(pattern.rstrip("*")) for pattern in budget.keys)
            for window, cap in budget.cap.items()
        ]

    def spent(self, key: SimulatedKey, budget: Budget, window: Window, at: datetime) -> Decimal:
        return self.account.books.spent([key.hash], window, at).counted(
            include_byok=budget.include_byok
        )

    def spend(self, key: SimulatedKey, cost: Decimal, *, byok: bool, stated: bool) -> None:
        """Make one request; what the promise does not cover of its cost is excused."""
        held = self.is_held(key)
        tally = self.account.books.tallies[key.hash]
        left = remaining(key.terms, tally, seen=self.now, calendar=self.now)
        is_fenced = self.is_fenced(key)
        try:
            self.account.spending.charge(
                key.hash, cost, byok=byok, max_cost=cost if stated else None
            )
        except Refusal:
            return
        counts = not byok or key.terms.settings.include_byok
        promised = is_fenced and counts and left is not None
        over = cost - min(cost, max(ZERO, left or ZERO)) if promised else ZERO
        for budget in self.guard.policy.budgets:
            for window in budget.cap:
                place = (key.hash, budget.name, window, start(window, self.now))
                self.in_flight[place] += over
                self.unheld[place] += ZERO if held else cost - over
        for own in (None, *Window):
            self.in_flight[self.own_place(key, own)] += over
        self.check()

    def advance(self, by: timedelta) -> None:
        """Move on, stopping at every midnight on the way to settle the day's account."""
        until = self.now + by
        while (midnight := end(Window.DAILY, self.now)) <= until:
            self.account.clock.set(midnight - timedelta(microseconds=1))
            self.check_roll(midnight)
            self.account.clock.set(midnight)
            self.check()
        self.account.clock.set(until)
        self.check()

    def people(self, key: SimulatedKey) -> None:
        """Note that a person touched the key: until the guard has seen it, nothing is promised."""
        self.quiet.discard(key.hash)

    def cycle(self) -> None:
        """Let the guard see, decide and act; note the keys that it has nothing left to do for."""
        before = dict(self.guard.ledger.freshness())
        self.guard.cycle()
        plan_done = self.guard.evaluate()
        if plan_done is None or plan_done.plan.wishes or before == self.guard.ledger.freshness():
            return
        if not any(plan_done.plan.facts.is_stale(one) for one in plan_done.plan.facts.workspaces):
            self.quiet = set(self.account.keys)

    def check(self) -> None:
        """At every instant, for every held key and constraint: exposure ≤ left."""
        for key in self.account.keys.values():
            if key.deleted_at is None and self.is_held(key):
                for budget, window, cap in self.budgets(key):
                    place = (key.hash, budget.name, window, start(window, self.now))
                    left = cap - self.spent(key, budget, window, self.now) + self.in_flight[place]
                    most = self.most(key, window)
                    assert most <= max(ZERO, left) + NOISE, (
                        f"{key.name} can spend {most} of {left} left in {budget.name} {window} "
                        f"at {self.now}"
                    )
                self.check_own_limit(key)

    def check_own_limit(self, key: SimulatedKey) -> None:
        """A held key cannot spend beyond the limit that people gave it either."""
        hold = self.guard.ledger.hold(key.hash)
        own = hold.baseline if hold else key.terms.settings
        if own.limit.amount is None:
            return
        spent = self.account.books.spent([key.hash], own.limit.reset, self.now)
        left = own.limit.amount - spent.counted(include_byok=own.include_byok)
        left += self.in_flight[self.own_place(key, own.limit.reset)]
        most = self.most(key, own.limit.reset)
        assert most <= max(ZERO, left) + NOISE, (
            f"{key.name} can spend {most} of {left} left by its own limit at {self.now}"
        )

    def own_place(self, key: SimulatedKey, window: Window | None) -> Place:
        return key.hash, "its own limit", window, start(window, self.now) if window else None

    def most(self, key: SimulatedKey, window: Window | None) -> Decimal:
        """Return what a key can truly still spend within the window's present instance."""
        limit = key.terms.settings.limit
        tally = self.account.books.tallies[key.hash]
        left = remaining(key.terms, tally, seen=self.now, calendar=self.now)
        if key.terms.settings.disabled:
            return ZERO
        if left is None or limit.amount is None:
            return Decimal("Infinity")
        total = max(ZERO, left)
        if window is None or limit.reset is None:
            return total if limit.reset is None else Decimal("Infinity")
        begins = end(limit.reset, self.now)
        while begins < end(window, self.now):
            total += limit.amount
            begins = end(limit.reset, begins)
        return total

    def check_roll(self, midnight: datetime) -> None:
        """At each roll: spend ≤ cap + what the promise does not cover."""
        before = midnight - timedelta(microseconds=1)
        for key in self.account.keys.values():
            for budget, window, cap in self.budgets(key):
                if end(window, before) == midnight:
                    spent = self.spent(key, budget, window, before)
                    place = (key.hash, budget.name, window, start(window, before))
                    excused = self.in_flight[place] + self.unheld[place]
                    assert spent <= cap + excused + NOISE, (
                        f"{key.name} spent {spent} of {cap} ({excused} excused) "
                        f"in {budget.name} {window} until {midnight}"
                    )
