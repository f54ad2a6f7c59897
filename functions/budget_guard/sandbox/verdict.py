"""Did the promised caps hold? Computed from the simulated account's books, not the guard's word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.keys import Key
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, start
from budget_guard.sandbox.custody import Custody
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Charge
from budget_guard.sandbox.openrouter.keys import SimulatedKey

CLOSING = timedelta(microseconds=1)
NOTICED = timedelta(minutes=10)
"""Two polls: what a key had spent that long ago, the guard has acted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cap on one key (all of its keys for None) in one window instance, in USD.

    Of what was spent beyond the cap, `in_flight` is what requests cost beyond what remained when
    they were let in; `unheld` was spent while the guard could not hold the key yet, might not, or
    a person had taken it out of its hands; `broken` is what should not have been possible.
    `promised`: the guard may hold the key at all.
    """

    budget: str
    key: str | None
    hash: str | None
    window: Window
    opens: datetime
    cap: Usd
    spent: Usd
    promised: bool
    in_flight: Usd = ZERO
    unheld: Usd = ZERO
    broken: Usd = ZERO

    @property
    def over(self) -> Usd:
        """Return what was spent beyond the cap."""
        return max(ZERO, self.spent - self.cap)

    @property
    def holds(self) -> bool:
        """Tell whether the promise, if there is one, was kept."""
        return self.broken < CENT


@dataclass(frozen=True, slots=True)
class Evening:
    """What is judged: the account after the play, the policy, and which changes people made."""

    account: Account
    policy: Policy
    opened: datetime
    by_people: frozenset[tuple[datetime, str]]
    grants: Sequence[Grant]

    def rows(self) -> Iterator[Row]:
        """Yield a row for each cap, key and window instance that the play touched."""
        keys = list(self.account.keys.values())
        for budget in self.policy.budgets:
            members = [key for key in keys if budget.covers(_identity(key))]
            alone = budget.per_key or len(members) == 1
            for window, cap in budget.cap.items():
                for at in self._instances(window):
                    if alone:
                        yield from (self._row(budget, key, window, cap, at) for key in members)
                    else:
                        yield self._shared(budget, members, window, cap, at)

    @property
    def _custody(self) -> Custody:
        return Custody(self.account, self.opened, self.by_people)

    def _instances(self, window: Window) -> list[datetime]:
        """Return a moment in each instance: the last of each that the play touched."""
        now = self.account.clock.now
        opens = start(window, now)
        return [opens - CLOSING, now] if start(window, self.opened) < opens else [now]

    def _row(
        self, budget: Budget, key: SimulatedKey, window: Window, cap: Usd, at: datetime
    ) -> Row:
        opens = start(window, at)
        most, total = cap + self._granted(budget, key, opens, at), ZERO
        parts = {"in_flight": ZERO, "unheld": ZERO, "broken": ZERO}
        for charge in self.account.books.charges:
            if charge.hash != key.hash or not opens <= charge.at <= at:
                continue
            cost = charge.credits + (charge.byok if budget.include_byok else ZERO)
            total += cost
            beyond = min(cost, max(ZERO, total - most))
            for part, amount in self._explained(charge, beyond, budget, opens, most):
                parts[part] += amount
        return Row(
            budget=budget.name,
            key=key.name,
            hash=key.hash,
            window=window,
            opens=opens,
            cap=most,
            spent=total,
            promised=self._is_promised(budget, key.hash),
            **parts,
        )

    def _is_promised(self, budget: Budget, key: str) -> bool:
        return key not in self.policy.protect and budget.hold.at is not None

    def _explained(
        self, charge: Charge, beyond: Usd, budget: Budget, opens: datetime, most: Usd
    ) -> Iterator[tuple[str, Usd]]:
        """Split what a charge took beyond the cap by what explains it."""
        in_flight = min(beyond, self._in_flight(charge))
        yield "in_flight", in_flight
        is_broken = self._is_promised(budget, charge.hash) and self._custody.is_guards(
            charge, due=self._due(budget, charge, opens, most)
        )
        yield "broken" if is_broken else "unheld", beyond - in_flight

    def _granted(self, budget: Budget, key: SimulatedKey, opens: datetime, at: datetime) -> Usd:
        return sum(
            (
                grant.amount
                for grant in self.grants
                if grant.budget == budget.name
                and grant.key in (None, key.hash)
                and grant.begins <= at
                and grant.ends > opens
            ),
            ZERO,
        )

    def _in_flight(self, charge: Charge) -> Usd:
        """Return what a request cost beyond what its key's limit, whoever set it, had left."""
        settings = self._custody.admitting(charge)
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

    def _due(self, budget: Budget, charge: Charge, opens: datetime, most: Usd) -> bool:
        """Tell whether the guard has had the time to see that the key is to be held."""
        noticed = charge.admitted_at - NOTICED
        if noticed < self.opened or budget.hold.at is None:
            return False
        tally = self.account.books.tallies[charge.hash]
        byok = budget.include_byok
        begun = tally.before(opens).counted(include_byok=byok)
        seen = max(ZERO, tally.until(noticed).counted(include_byok=byok) - begun)
        return seen >= budget.hold.at * most

    def _shared(
        self, budget: Budget, keys: Sequence[SimulatedKey], window: Window, cap: Usd, at: datetime
    ) -> Row:
        spent = self.account.books.spent([key.hash for key in keys], window, at)
        return Row(
            budget=budget.name,
            key=None,
            hash=None,
            window=window,
            opens=start(window, at),
            cap=cap,
            spent=spent.counted(include_byok=budget.include_byok),
            promised=False,
        )


def _identity(key: SimulatedKey) -> Key:
    return Key(key.hash, key.name, key.workspace, creator=key.creator)
