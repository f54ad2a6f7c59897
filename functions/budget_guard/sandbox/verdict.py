"""Did the promised caps hold? Computed from the simulated account's books, not the guard's word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.keys import Key, Settings
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, start
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Change, Charge
from budget_guard.sandbox.openrouter.keys import SimulatedKey

CLOSING = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cap on one key (all of its keys for None) in one window instance, in USD.

    Of what was spent beyond the cap, `in_flight` is what requests cost beyond what remained when
    they were let in; `unheld` was spent while the guard did not hold the key; `broken` is what
    should not have been possible. `promised`: the guard may hold the key at all.
    """

    budget: str
    key: str | None
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
        return not self.promised or self.broken < CENT


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

    def _instances(self, window: Window) -> list[datetime]:
        """Return a moment in each instance: the last of each that the play touched."""
        now = self.account.clock.now
        opens = start(window, now)
        return [opens - CLOSING, now] if start(window, self.opened) < opens else [now]

    def _row(
        self, budget: Budget, key: SimulatedKey, window: Window, cap: Usd, at: datetime
    ) -> Row:
        byok, opens = budget.include_byok, start(window, at)
        granted = self._granted(budget, key, opens, at)
        parts = {"in_flight": ZERO, "unheld": ZERO, "broken": ZERO}
        total = ZERO
        for charge in self.account.books.charges:
            if charge.hash != key.hash or not opens <= charge.at <= at:
                continue
            cost = charge.credits + (charge.byok if byok else ZERO)
            total += cost
            beyond = min(cost, max(ZERO, total - cap - granted))
            for part, amount in self._attributed(charge, beyond):
                parts[part] += amount
        return Row(
            budget=budget.name,
            key=key.name,
            window=window,
            opens=opens,
            cap=cap + granted,
            spent=total,
            promised=key.hash not in self.policy.protect and budget.hold.at is not None,
            **parts,
        )

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

    def _attributed(self, charge: Charge, beyond: Usd) -> Iterator[tuple[str, Usd]]:
        """Split what a charge took beyond the cap into what explains it."""
        fence = self._fence(charge)
        if fence is None:
            yield "unheld", beyond
            return
        limit = fence.after.limit
        tally = self.account.books.tallies[charge.hash]
        begun = tally.before(start(limit.reset, charge.admitted_at)) if limit.reset else None
        byok = fence.after.include_byok
        used = tally.before(charge.at).counted(include_byok=byok)
        used -= begun.counted(include_byok=byok) if begun else ZERO
        remained = max(ZERO, (limit.amount or ZERO) - used)
        in_flight = min(beyond, max(ZERO, charge.credits + charge.byok - remained))
        yield "in_flight", in_flight
        yield "broken", beyond - in_flight

    def _fence(self, charge: Charge) -> Change | None:
        """Return the guard's change that was in force when a request was let in, if one was."""
        earlier = [
            change
            for change in self.account.books.changes
            if change.hash == charge.hash and change.enforced_at <= charge.admitted_at
        ]
        if not earlier or earlier[-1].at < self.opened:
            return None
        last = earlier[-1]
        is_fence = last.after.limit.amount is not None and last.after != self._baseline(earlier)
        return last if is_fence and (last.at, last.hash) not in self.by_people else None

    def _baseline(self, changes: Sequence[Change]) -> Settings:
        """Return the settings that people gave a key, before the guard or after overriding it."""
        people = [one for one in changes if (one.at, one.hash) in self.by_people]
        return people[-1].after if people else changes[0].before

    def _shared(
        self, budget: Budget, keys: Sequence[SimulatedKey], window: Window, cap: Usd, at: datetime
    ) -> Row:
        spent = self.account.books.spent([key.hash for key in keys], window, at)
        return Row(
            budget=budget.name,
            key=None,
            window=window,
            opens=start(window, at),
            cap=cap,
            spent=spent.counted(include_byok=budget.include_byok),
            promised=False,
        )


def _identity(key: SimulatedKey) -> Key:
    return Key(key.hash, key.name, key.workspace, creator=key.creator)
