"""Which budgets cover a key: asked for every key at every evaluation, so only likely ones are tried."""

import re
from collections.abc import Iterable, Mapping, Sequence

from budget_guard.domain.keys import Key
from budget_guard.domain.policy import Budget, fits

WILD = re.compile(r"\[.*\]|[*?]", re.DOTALL)

type Index = Mapping[str, Sequence[tuple[int, str]]]
"""By what a name must begin with: places of budgets, and what it must contain besides."""


class Coverage:
    """Finds the budgets that cover a key, by the letters that their patterns ask for."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self._budgets = budgets
        self._indexes: dict[str, tuple[Index, list[int]]] = {}

    def of(self, key: Key) -> list[int]:
        """Return the places of the budgets that cover `key`, in no order."""
        if key.workspace not in self._indexes:
            self._indexes[key.workspace] = self._index(key.workspace)
        index, lengths = self._indexes[key.workspace]
        name, budgets, found = key.name, self._budgets, []
        for length in lengths:
            for place, letters in index.get(name[:length], ()):
                if letters in name and budgets[place].covers(key) and place not in found:
                    found.append(place)
        return found

    def any_of(self, keys: Iterable[Key]) -> frozenset[int]:
        """Return the places of the budgets that cover one of `keys`."""
        return frozenset(place for key in keys for place in self.of(key))

    def _index(self, workspace: str) -> tuple[Index, list[int]]:
        """Return what to try for the keys of a workspace, and the lengths of the beginnings."""
        index: dict[str, list[tuple[int, str]]] = {}
        for place, budget in enumerate(self._budgets):
            if not budget.workspaces or fits(budget.workspaces, workspace):
                for pattern in budget.keys:
                    begins, *rest = WILD.split(pattern)
                    index.setdefault(begins, []).append((place, max(rest, key=len, default="")))
        return index, sorted({len(begins) for begins in index})
