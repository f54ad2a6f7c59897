"""What binds each key: the constraints found, by their places, and keys' own limits beside them.

And the budgets of the guardrails of lineages, while OpenRouter does not count them rightly.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from budget_guard.domain.constraints import Constraint, guardrail_cap, own_limit, own_limit_alone
from budget_guard.domain.facts import Facts
from budget_guard.domain.observations import Observation
from budget_guard.domain.tally import spent_together


class Bond(NamedTuple):
    """What binds keys: places of constraints; whether one wants them held; whether one counts BYOK."""

    places: tuple[int, ...] = ()
    holds: bool = False
    include_byok: bool = False


FREE = Bond()


class Bonds:
    """The places of constraints in `bounds`: those found, and own limits as they are asked for."""

    def __init__(self, facts: Facts, found: Sequence[Constraint]) -> None:
        self.bounds = list(found)
        self._facts = facts
        self._of_budget: dict[str, list[int]] = {}
        self._of_kin: dict[str, tuple[int, ...]] = {}
        of_subject: dict[str, list[int]] = {}
        for place, one in enumerate(found):
            if one.is_fencing and one.subject:
                for key in one.members:
                    of_subject.setdefault(key, []).append(place)
            elif one.is_fencing and one.budget:
                self._of_budget.setdefault(one.budget.name, []).append(place)
        self._own = {key: self._bond(places) for key, places in of_subject.items()}

    def common(self, covering: Iterable[int]) -> Bond:
        """Return what binds the keys that the same budgets cover together."""
        budgets = self._facts.policy.budgets
        some = (self._of_budget.get(budgets[one].name, ()) for one in sorted(covering))
        return self._bond(chain.from_iterable(some))

    def of(self, seen: Observation, common: Bond) -> tuple[Bond, Bond]:
        """Return what binds a key with others, `common` to its group at least, and what alone.

        A key of its own without its own limit: that binds only whom something wants held. The
        generations of a lineage with it, and all that is one's own is common to them.
        """
        key = seen.reading.key.hash
        own = self._own.get(key, FREE)
        if key not in self._facts.kin.of or seen.gone_at:
            return common, own
        own = self._bond((*own.places, *self._limit_of_ones_own(seen)))
        if places := self._places_of_kin(seen):
            some = (self.bounds[place] for place in places)
            holds = own.holds or any(self._is_spent_by_kin(seen, one) for one in some)
            own = self._bond((*own.places, *places))._replace(holds=holds)
        if not any(self.bounds[place].is_shared for place in own.places):
            return common, own
        every = self._bond(sorted((*common.places, *own.places)))
        return every._replace(holds=common.holds or own.holds), FREE

    def with_limit(self, seen: Observation, own: Bond) -> Bond:
        """Return what binds a key alone, with its own limit."""
        if seen.reading.key.hash in self._facts.kin.of:
            return own
        limit = own_limit(seen, self._facts)
        if limit is None:
            return own
        self.bounds.append(limit)
        places = (*own.places, len(self.bounds) - 1)
        return Bond(places, own.holds, own.include_byok or limit.include_byok)

    def _bond(self, places: Iterable[int]) -> Bond:
        some = tuple(places)
        bound = [self.bounds[place] for place in some]
        return Bond(some, any(one.holds for one in bound), any(one.include_byok for one in bound))

    def _places_of_kin(self, seen: Observation) -> tuple[int, ...]:
        """Return the places of what all generations of a key have together, but for budgets."""
        key, facts = seen.key.hash, self._facts
        root = facts.kin.root(key)
        if root not in self._of_kin:
            first, some = len(self.bounds), (own_limit(seen, facts), guardrail_cap(key, facts))
            self.bounds += [one for one in some if one]
            self._of_kin[root] = tuple(range(first, len(self.bounds)))
        return self._of_kin[root]

    def _limit_of_ones_own(self, seen: Observation) -> Iterable[int]:
        """Yield the place of a limit that only this generation has: a person gave it another."""
        if limit := own_limit_alone(seen, self._facts):
            self.bounds.append(limit)
            yield len(self.bounds) - 1

    def _is_spent_by_kin(self, seen: Observation, limit: Constraint) -> bool:
        """Tell whether another generation has spent of a limit, or may yet: OpenRouter counts one."""
        alone = spent_together((seen,), limit.window, self._facts, include_byok=limit.include_byok)
        return limit.is_shared or limit.spend > alone
