"""Did the promised caps hold, and was all told? By the account's books, not the guard's word."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.domain.keys import Key
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, start
from budget_guard.sandbox.custody import Custody
from budget_guard.sandbox.excess import Cap, Inquest
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.sandbox.succession import Succession
from budget_guard.sandbox.turns import Hearing, Turn, hearing

CLOSING = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cap in one window instance, in USD: of one key, or (`key` is None) shared by `hashes`.

    A key has several hashes if it was rotated.

    Of what was spent beyond the cap, `in_flight` is what requests cost beyond what remained when
    they were let in; `unheld` was spent while the guard could not hold a key yet, might not, or
    a person had taken it out of its hands; `broken` is what should not have been possible.
    `promised`: the guard may hold the key, or one of those that share the cap, at all.
    """

    budget: str
    key: str | None
    hashes: tuple[str, ...]
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
class Verdict:
    """How an evening went: its caps, who heard of its turns, its rotation (None: it had none)."""

    rows: Sequence[Row]
    hearing: Hearing | None
    succession: Succession | None = None

    @property
    def held(self) -> bool:
        """Tell whether every promised cap held."""
        return all(row.holds for row in self.rows)

    @property
    def is_good(self) -> bool:
        """Tell whether that is so, the turns were told, and nobody noticed the rotation."""
        is_told = self.hearing is None or self.hearing.alert is not None
        return self.held and is_told and (self.succession is None or self.succession.is_good)


@dataclass(frozen=True, slots=True)
class Evening:
    """What is judged: the account after the play, the policy, and which changes people made.

    `turns` are those of the play, and `alerts` all that on-call heard. `kin` has the name of the
    lineage of each key that was rotated, by hash.
    """

    account: Account
    policy: Policy
    opened: datetime
    by_people: frozenset[tuple[datetime, str]]
    grants: Sequence[Grant]
    turns: Sequence[Turn] = ()
    alerts: Sequence[AlertEvent] = ()
    kin: Mapping[str, str] = field(default_factory=dict)
    succession: Succession | None = None

    def verdict(self) -> Verdict:
        """Judge the caps, and whether the owner of the play's turns heard of them."""
        return Verdict(tuple(self.rows()), self._hearing(), self.succession)

    def _hearing(self) -> Hearing | None:
        if not self.turns:
            return None
        key = identity(self.account.keys[self.turns[0].hash], self.kin)
        owners = (one.owner for one in self.policy.budgets if one.owner and one.covers(key))
        return hearing(self.turns, next(owners, None), self.alerts)

    def rows(self) -> Iterator[Row]:
        """Yield a row for each cap and window instance that the play touched.

        Budgets on models and providers promise nothing, and are not judged.
        """
        keys = list(self.account.keys.values())
        for budget in (one for one in self.policy.budgets if not one.counts_costs):
            members = [key for key in keys if budget.covers(identity(key, self.kin))]
            groups = families(members, self.kin) if budget.per_key else [members]
            for window in budget.cap:
                for at in self._instances(window):
                    yield from (self._row(budget, group, window, at) for group in groups)

    def _instances(self, window: Window) -> list[datetime]:
        """Return a moment in each instance: the last of each that the play touched."""
        now = self.account.clock.now
        opens = start(window, now)
        return [opens - CLOSING, now] if start(window, self.opened) < opens else [now]

    def _row(
        self, budget: Budget, members: Sequence[SimulatedKey], window: Window, at: datetime
    ) -> Row:
        hashes = tuple(key.hash for key in members)
        opens = start(window, at)
        cap = Cap(
            budget=budget,
            members=frozenset(hashes),
            opens=opens,
            at=at,
            usd=budget.cap[window] + self._granted(budget, hashes, opens, at),
        )
        custody = Custody(self.account, self.opened, self.by_people, frozenset(self.kin))
        found = Inquest(custody, self.policy.protect).excess(cap)
        is_one = len(families(members, self.kin)) == 1
        return Row(
            budget=budget.name,
            key=identity(members[0], self.kin).known_as if is_one else None,
            hashes=hashes,
            window=window,
            opens=opens,
            cap=cap.usd,
            spent=found.spent,
            promised=budget.hold.at is not None and not self.policy.protect.issuperset(hashes),
            in_flight=found.in_flight,
            unheld=found.unheld,
            broken=found.broken,
        )

    def _granted(self, budget: Budget, hashes: Sequence[str], opens: datetime, at: datetime) -> Usd:
        """Return what was granted on the budget, or on its one key, in the instance."""
        return sum(
            (
                grant.amount
                for grant in self.grants
                if grant.budget == budget.name
                and (grant.key is None or grant.key in hashes)
                and grant.begins <= at
                and grant.ends > opens
            ),
            ZERO,
        )


def identity(key: SimulatedKey, kin: Mapping[str, str]) -> Key:
    """Return what budgets know a key by, given the lineages' names by hash."""
    lineage = kin.get(key.hash)
    return Key(key.hash, key.name, key.workspace, creator=key.creator, lineage=lineage)


def families(keys: Sequence[SimulatedKey], kin: Mapping[str, str]) -> list[list[SimulatedKey]]:
    """Return the keys, those of one lineage together."""
    found: dict[str, list[SimulatedKey]] = {}
    for key in keys:
        found.setdefault(kin.get(key.hash, key.hash), []).append(key)
    return list(found.values())
