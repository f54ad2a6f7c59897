"""Which budgets cover a key: asked for every key at every evaluation, so only likely ones are tried."""

from collections.abc import Iterable, Sequence

from budget_guard.domain.keys import Key
from budget_guard.domain.policy import Budget

WILD = frozenset("*?[")


class Coverage:
    """Finds the budgets that cover a key, by the letters that their patterns begin with."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self._budgets = budgets
        self._places: dict[str, list[int]] = {}
        for place, budget in enumerate(budgets):
            for begins in {_beginning(pattern) for pattern in budget.keys}:
                self._places.setdefault(begins, []).append(place)
        self._lengths = sorted({len(begins) for begins in self._places})

    def of(self, key: Key) -> list[int]:
        """Return the places of the budgets that cover `key`, in no order."""
        name, budgets = key.name, self._budgets
        found: list[int] = []
        for length in self._lengths:
            for place in self._places.get(name[:length], ()):
                if budgets[place].covers(key) and place not in found:
                    found.append(place)
        return found

    def any_of(self, keys: Iterable[Key]) -> frozenset[int]:
        """Return the places of the budgets that cover one of `keys`."""
        return frozenset(place for key in keys for place in self.of(key))


def _beginning(pattern: str) -> str:
    """Return what a name must begin with to fit the pattern."""
    wild = next((at for at, letter in enumerate(pattern) if letter in WILD), len(pattern))
    return pattern[:wild]
