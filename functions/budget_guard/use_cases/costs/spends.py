"""Counts what the budgets on models and providers have spent, from costs that were read.

`evaluate` must not read a month of hours every five minutes: it reads one small record of each.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from budget_guard.domain.cost_spends import (
    MOST_KEYS,
    TOP,
    CostSpend,
    Counted,
    Spender,
    selection_of,
    terms_of,
)
from budget_guard.domain.costs import ACTIVITY
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Budget, Policy, fits
from budget_guard.domain.windows import Window, start
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.selecting import Reach, Selected, Selecting, Selection
from budget_guard.use_cases.leases import Lease


@dataclass(frozen=True, slots=True)
class Spends:
    """What counting needs of the world. `has_time` tells whether to begin something new."""

    ledger: CostLedger
    lease: Lease
    policy: Policy
    people: People
    now: datetime
    has_time: Callable[[], bool]

    def count(self) -> None:
        """Write what each budget that counts costs has spent. Raises `LedgerError`.

        What is not known is not zero: where nothing was read, or there is no time, the record
        stays as it was, and becomes stale.
        """
        budgets = [one for one in self.policy.budgets if one.counts_costs]
        reach = self._reach() if budgets else None
        if reach is None:
            return
        selecting = Selecting(self.ledger, self.lease, reach, self.now, self.has_time)
        for selection, some in self._selections(budgets):
            first = min(start(window, self.now) for one in some for window in one.cap)
            if selected := selecting.select(selection, first.date()):
                found = [self._spend(one, selected, reach) for one in some]
                self.ledger.save(*found, lease=self.lease)

    def _reach(self) -> Reach | None:
        """Return how far the costs of all workspaces are read; None where none ever was."""
        known = self.ledger.costs_read()
        workspaces = [one for one in self.ledger.workspaces() if self.policy.reads(one)]
        read = [known[one] for one in workspaces if one in known]
        if not read:
            return None
        is_all = len(read) == len(workspaces)
        until = min(one.until for one in read)
        ends = [until, known[ACTIVITY].until] if is_all and ACTIVITY in known else []
        return Reach(
            since=max(one.since for one in read) if is_all else self.now,
            until=until.astimezone(UTC),
            final=min((one.astimezone(UTC).date() for one in ends), default=date.min),
        )

    def _selections(self, budgets: list[Budget]) -> Iterator[tuple[Selection, list[Budget]]]:
        some: dict[str, list[Budget]] = {}
        for one in budgets:
            some.setdefault(selection_of(one, self.policy.scope), []).append(one)
        for identity, alike in some.items():
            if axis := alike[0].axis:
                patterns = alike[0].models or alike[0].providers
                yield Selection(identity, axis, patterns), alike

    def _spend(self, budget: Budget, selected: Selected, reach: Reach) -> CostSpend:
        members = Members(budget, self.policy, self.people)
        windows = tuple(_counted(budget, one, selected, members, self.now) for one in budget.cap)
        terms = terms_of(budget, self.policy.scope)
        return CostSpend(budget.name, terms, self.now, reach.since, selected.until, windows)


@dataclass(frozen=True, slots=True)
class Members:
    """Whose costs count in a budget: of keys that it covers, and covered until some day.

    A generation of a lineage that is known no more belongs where the one in use does. A key that only costs tell of (deleted long ago, or made by OAuth) is known by its name alone,
    and is nobody's whom a per-key budget could ask.
    """

    budget: Budget
    policy: Policy
    people: People
    _last: dict[str, date] = field(default_factory=dict)

    def has(self, key: str, day: date) -> bool:
        """Tell whether what a key spent on a day counts; on the day it left, too."""
        if key not in self._last:
            self._last[key] = self._last_day(key)
        return day <= self._last[key]

    def _last_day(self, key: str) -> date:
        seen, budget = self.people.observations.get(key) or self.people.seen(key), self.budget
        if seen is None:
            is_narrowed = budget.workspaces or budget.creators or budget.per_key
            name = key.removeprefix(UNKNOWN)
            is_one = key.startswith(UNKNOWN) and not is_narrowed and fits(budget.keys, name)
            return date.max if is_one else date.min
        if self.policy.concerns(seen.key) and budget.covers(seen.key):
            return date.max
        left = [
            one.at
            for one in seen.former
            if self.policy.concerns(one.key) and budget.covers(one.key)
        ]
        return max(left).astimezone(UTC).date() if left else date.min


def _counted(
    budget: Budget, window: Window, selected: Selected, members: Members, now: datetime
) -> Counted:
    began, root = start(window, now), members.people.kin.root
    found = defaultdict[str, Usd](lambda: ZERO)
    for day, sums in selected.days.items():
        for key, spent in sums.items() if day >= began.date() else ():
            if members.has(key, day):
                found[root(key)] += spent.counted(include_byok=budget.include_byok)
    dearest = sorted(found, key=lambda key: (-found[key], key))
    per_hour = _per_hour(found, budget, selected, root)
    spenders = (Spender(key, found[key], per_hour[key]) for key in dearest if found[key] > 0)
    most = MOST_KEYS if budget.per_key else TOP
    return Counted(
        window,
        began,
        sum(found.values(), ZERO),
        sum(per_hour.values(), ZERO),
        tuple(spenders)[:most],
    )


def _per_hour(
    keys: Iterable[str], budget: Budget, selected: Selected, root: Callable[[str], str]
) -> Mapping[str, Usd]:
    lately = defaultdict[str, Usd](lambda: ZERO)
    for key, spent in selected.lately.items():
        lately[root(key)] += spent.counted(include_byok=budget.include_byok)
    return {key: lately[key] / selected.hours if selected.hours else ZERO for key in keys}
