"""Whose a key is, as the budgets file says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from budget_guard.domain.keys import UNKNOWN, Key
from budget_guard.domain.kin import Kin
from budget_guard.domain.money import ZERO, Usd
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
    """The names and owners of keys that costs are told of, by hash or by `?` and a name.

    The generations of a lineage are one key: the one that is in use tells its name and owner.
    """

    observations: Mapping[str, Observation] = field(default_factory=dict)
    budgets: Sequence[Budget] = ()
    kin: Kin = field(default_factory=Kin)
    _owners: dict[str, str | None] = field(default_factory=dict)

    def owner(self, key: str) -> str | None:
        """Return who answers for a key; None where nobody does, or nobody knows."""
        if key not in self._owners:
            self._owners[key] = owner_of(self.seen(key), self.budgets)
        return self._owners[key]

    def name(self, key: str) -> str:
        """Return what people call a key: its lineage's name if it has one."""
        if seen := self.seen(key):
            return seen.key.known_as or key[:12]
        return key.removeprefix(UNKNOWN)

    def seen(self, key: str) -> Observation | None:
        """Return what is known of a key: of a lineage, the one in use, or the last that was seen."""
        for one in (self.kin.current(key), *reversed(self.kin.hashes(key))):
            if seen := self.observations.get(one):
                return self.kin.named(seen)
        return None

    def together(self, amounts: Mapping[str, Usd]) -> Mapping[str, Usd]:
        """Return amounts (USD) by the hash that each key's lineage began with."""
        found: dict[str, Usd] = {}
        for key, usd in amounts.items():
            root = self.kin.root(key)
            found[root] = found.get(root, ZERO) + usd
        return found
