"""Which budgets cover a key: asked for every key at every evaluation, so only likely ones are tried."""

import re
from collections.abc import Iterable, Mapping, Sequence

from budget_guard.domain.keys import Key
from budget_guard.domain.policy import Budget, fits

WILD = re.compile(r"\[.*\]|[*?]", re.DOTALL)

type Index = Mapping[str, Sequence[tuple[int, str, bool]]]
"""By what a name must begin with: places of budgets, what it must contain besides, and whether
that is all that is asked of it."""


class Coverage:
    """Finds the budgets that cover a key, by the letters that their patterns ask for.

    Not those that count costs, which say nothing of a key.
    """

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self._budgets = budgets
        self._indexes: dict[str, tuple[Index, list[int]]] = {}

    def of(self, key: Key) -> list[int]:
        """Return the places of the budgets that cover `key`, in no order."""
        if key.workspace not in self._indexes:
            self._indexes[key.workspace] = self._index(key.workspace)
        index, lengths = self._indexes[key.workspace]
        name, budgets, found = key.known_as, self._budgets, []
        for length in lengths:
            for place, letters, is_all in index.get(name[:length], ()):
                is_likely = letters in name and place not in found
                if is_likely and (is_all or budgets[place].covers(key)):
                    found.append(place)
        return found

    def any_of(self, keys: Iterable[Key]) -> frozenset[int]:
        """Return the places of the budgets that cover one of `keys`."""
        return frozenset(place for key in keys for place in self.of(key))

    def _index(self, workspace: str) -> tuple[Index, list[int]]:
        """Return what to try for the keys of a workspace, and the lengths of the beginnings."""
        index: dict[str, list[tuple[int, str, bool]]] = {}
        for place, budget in enumerate(self._budgets):
            if budget.counts_costs:
                continue
            if not budget.workspaces or fits(budget.workspaces, workspace):
                for pattern in budget.keys:
                    begins, *rest = WILD.split(pattern)
                    letters = max(rest, key=len, default="")
                    is_all = not budget.creators and pattern in (f"{begins}*", f"*{letters}*")
                    index.setdefault(begins, []).append((place, letters, is_all))
        return index, sorted({len(begins) for begins in index})
