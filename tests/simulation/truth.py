"""What the account's books say of budgets: who is in them, what was spent, what may be spent.

Nothing here asks the guard how it decides; its ledger tells only which names it has seen.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from budget_guard.domain.policy import Budget
from budget_guard.domain.records import Grant
from budget_guard.domain.windows import Window, start
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from tests.simulation.guard import Guard

ZERO = Decimal(0)
NOBODY_KNOWS = Decimal("Infinity")
LONG_AGO = datetime.min.replace(tzinfo=UTC)

type Place = tuple[str, str | None, Window | None]


@dataclass(frozen=True, slots=True)
class Cap:
    """A budget's cap in one window, for one key (`subject`) if it is per key."""

    budget: Budget
    window: Window
    subject: str | None = None

    @property
    def place(self) -> Place:
        return self.budget.name, self.subject, self.window

    @property
    def amount(self) -> Decimal:
        return self.budget.cap[self.window]

    @property
    def fences(self) -> bool:
        return self.budget.hold.at is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a budget knows a key by."""

    name: str
    workspace: str

    def is_in(self, budget: Budget) -> bool:
        return any(fnmatchcase(self.name, one) for one in budget.keys) and (
            not budget.workspaces
            or any(fnmatchcase(self.workspace, one) for one in budget.workspaces)
        )


@dataclass
class Truth:
    """The budgets as the present file has them, over the account as it is.

    `former` is what each key was called before, and until when. `ended` is what every window of a
    budget had spent when the guard had surely noticed that a grant was over. `kin` has the first
    key of the lineage of each key that took another's place, by hash; `numbers` its own in that.
    """

    guard: Guard
    former: defaultdict[str, list[tuple[Identity, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    grants: list[Grant] = field(default_factory=list)
    ended: dict[tuple[str, Place], Decimal] = field(default_factory=dict)
    kin: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    _noticed: datetime = LONG_AGO

    @property
    def now(self) -> datetime:
        return self.guard.now

    @property
    def keys(self) -> list[SimulatedKey]:
        return list(self.guard.account.keys.values())

    def caps(self) -> Iterator[Cap]:
        """Yield every cap of the budgets file, a per-key budget's once for each of its keys."""
        for budget in self.guard.policy.budgets:
            subjects: list[str | None] = [None]
            if budget.per_key:
                members = [key for key in self.keys if self.is_member(budget, key)]
                subjects = list(dict.fromkeys(self.root(key) for key in members))
            for subject in subjects:
                yield from (Cap(budget, window, subject) for window in budget.cap)

    def members(self, cap: Cap) -> list[SimulatedKey]:
        """Return the keys that a cap concerns now."""
        return [key for key in self.keys if self.counts(key, cap) and not key.deleted_at]

    def counts(self, key: SimulatedKey, cap: Cap) -> bool:
        """Tell whether what a key spends now is spend of a cap."""
        is_subject = cap.subject in (None, self.root(key))
        return is_subject and self.identity(key).is_in(cap.budget)

    def root(self, key: SimulatedKey) -> str:
        """Return the hash of the first key of a key's lineage: its own if it has none."""
        return self.kin.get(key.hash, key.hash)

    def lineage(self, key: SimulatedKey) -> list[SimulatedKey]:
        """Return a key and those whose place it took, or that took its place."""
        return [one for one in self.keys if self.root(one) == self.root(key)]

    def is_in_use(self, key: SimulatedKey) -> bool:
        """Tell whether a key is the present generation of a lineage."""
        lineages = self.guard.ledger.lineages().values()
        return key.hash in [one.current.hash for one in lineages]

    def is_on_record(self, key: SimulatedKey) -> bool:
        """Tell whether a key is a generation, or an open rotation's: any other, nobody can use."""
        lineages, rotations = self.guard.ledger.lineages(), self.guard.ledger.rotations()
        made = [one.new for one in rotations if not one.stage.is_over]
        return key.hash in made or any(one.knows(key.hash) for one in lineages.values())

    def identity(self, key: SimulatedKey) -> Identity:
        """Return what budgets know a key by: without its number in its lineage."""
        return self.known_as(key, key.name, key.workspace)

    def known_as(self, key: SimulatedKey, name: str, workspace: str) -> Identity:
        """Return what budgets know, or knew, a key by under a name; people may give it any."""
        stem, _, number = name.partition(" #")
        return Identity(stem if number == self.numbers.get(key.hash) else name, workspace)

    def is_member(self, budget: Budget, key: SimulatedKey) -> bool:
        """Tell whether a key that is there belongs to a budget."""
        return key.deleted_at is None and self.identity(key).is_in(budget)

    def contributors(self, cap: Cap) -> Iterator[tuple[SimulatedKey, datetime]]:
        """Yield the keys whose spend is a cap's, each with the time up to which it is."""
        for key in self.keys:
            if self.counts(key, cap):
                yield key, self.now
            elif cap.subject is None:
                left = [at for was, at in self.former[key.hash] if was.is_in(cap.budget)]
                if left:
                    yield key, left[-1]

    def spent(self, cap: Cap) -> Decimal:
        """Return what was spent of a cap in its present window.

        The whole counters of the keys in it, and of those that left what they had spent by then.
        """
        return sum(
            (
                self.spent_by(key, cap.window, until=until, include_byok=cap.budget.include_byok)
                for key, until in self.contributors(cap)
            ),
            ZERO,
        )

    def spent_by(
        self,
        key: SimulatedKey,
        window: Window | None,
        *,
        include_byok: bool,
        until: datetime | None = None,
        since: datetime = LONG_AGO,
    ) -> Decimal:
        """Return what a key spent in the present window, from `since` on, up to `until`."""
        tally = self.guard.account.books.tallies[key.hash]
        begins = max(since, start(window, self.now)) if window else since
        total = tally.until(until or self.now).counted(include_byok=include_byok)
        return max(ZERO, total - tally.before(begins).counted(include_byok=include_byok))

    def allowed(self, cap: Cap) -> Decimal:
        """Return the cap with its grants.

        One that is over still counts until the guard has surely noticed; then what was spent of it
        until then stays granted.
        """
        amount, begun = cap.amount, start(cap.window, self.now)
        mine = [one for one in self.grants if (one.budget, one.key) == cap.place[:2]]
        for grant in sorted(mine, key=lambda one: one.ends):
            unknown = ZERO if grant.ends < self._noticed else None
            noticed = self.ended.get((grant.id, cap.place), unknown)
            if noticed is None:
                amount += grant.amount if grant.begins <= self.now else ZERO
            elif grant.ends > begun:
                amount = max(amount, min(amount + grant.amount, noticed))
        return amount

    def notice_ended_grants(self, seen: datetime) -> set[Place]:
        """Note that the guard knows of every grant that ended before `seen`; return their caps."""
        noticed = set()
        for grant in self.grants:
            if self._noticed <= grant.ends < seen:
                for cap in self.caps():
                    if (grant.budget, grant.key) == cap.place[:2]:
                        self.ended[grant.id, cap.place] = self.spent(cap)
                        noticed.add(cap.place)
        self._noticed = seen
        return noticed

    def leaves(self, key: SimulatedKey) -> None:
        """Note that a key is about to be called something else.

        A name that the guard never saw a key under is nobody's.
        """
        seen = self.guard.ledger.observations().get(key.hash)
        if seen and self.known_as(key, seen.key.name, seen.key.workspace) == self.identity(key):
            self.former[key.hash].append((self.identity(key), self.now))
