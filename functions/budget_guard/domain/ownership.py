"""Whose a key is, as the budgets file says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from budget_guard.domain.keys import UNKNOWN, Key
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget


def holder(key: Key, budgets: Sequence[Budget]) -> Budget | None:
    """Return the first budget that counts all that a key spends; None: no budget does."""
    return next((one for one in budgets if not one.counts_costs and one.covers(key)), None)


def owner_of(seen: Observation | None, budgets: Sequence[Budget]) -> str | None:
    """Return the owner of the first budget in the file that covers a key and names one.

    Who watches a model does not thereby own the keys that use it.
    """
    if seen is None:
        return None
    named = (one for one in budgets if one.owner and not one.counts_costs)
    return next((one.owner for one in named if one.covers(seen.key)), None)


@dataclass(frozen=True, slots=True)
class People:
    """The names and owners of keys that costs are told of, by hash or by `?` and a name."""

    observations: Mapping[str, Observation] = field(default_factory=dict)
    budgets: Sequence[Budget] = ()
    _owners: dict[str, str | None] = field(default_factory=dict)

    def owner(self, key: str) -> str | None:
        """Return who answers for a key; None where nobody does, or nobody knows."""
        if key not in self._owners:
            self._owners[key] = owner_of(self.observations.get(key), self.budgets)
        return self._owners[key]

    def name(self, key: str) -> str:
        """Return what people call a key."""
        seen = self.observations.get(key)
        return (seen.key.name or key[:12]) if seen else key.removeprefix(UNKNOWN)
