"""Rule 4b: weighted max-min over all constraints together.

All keys rise in proportion to their weight; who meets an exhausted constraint stops; the others
go on, so that what one key may not use elsewhere reaches the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from budget_guard.domain.money import ZERO, Usd


@dataclass(frozen=True, slots=True)
class Pot:
    """What is left (USD) for some keys together."""

    members: frozenset[str]
    left: Usd


@dataclass(frozen=True, slots=True)
class Share:
    """What a key is due (USD), and the place of the pot that kept it from rising further."""

    amount: Usd
    bound_by: int


def shares(weights: Mapping[str, Usd], pots: Sequence[Pot]) -> dict[str, Share]:
    """Return the share of each key that is in a pot.

    Guaranteed: the shares in each pot sum to no more than its `left`; no share can grow without
    one that is smaller, by weight, shrinking. Each key in a pot has a weight above 0.
    """
    rise = _Rise(weights, pots)
    # A level is how far keys have risen, per unit of weight. Pots last longer as keys stop
    # elsewhere, never shorter: a pot is looked at again when its turn comes by an old level.
    turns = [(rise.level(place), place) for place, pot in enumerate(pots) if pot.members]
    heapify(turns)
    while turns:
        was, place = heappop(turns)
        if not rise.rising[place]:
            continue
        level = rise.level(place)
        if level > was:
            heappush(turns, (level, place))
        else:
            rise.stop(place, level)
    return rise.found


class _Rise:
    """Keys on their way up: who has stopped, and what that leaves in each pot."""

    def __init__(self, weights: Mapping[str, Usd], pots: Sequence[Pot]) -> None:
        self.found: dict[str, Share] = {}
        self.rising = [len(pot.members) for pot in pots]
        self._weights, self._pots = weights, pots
        self._left = [pot.left for pot in pots]
        self._heavy = [sum((weights[key] for key in pot.members), ZERO) for pot in pots]
        self._places: dict[str, list[int]] = {}
        for place, pot in enumerate(pots):
            for key in pot.members:
                self._places.setdefault(key, []).append(place)

    def level(self, place: int) -> Usd:
        """Return the level at which a pot is exhausted by the keys that still rise in it."""
        return max(ZERO, self._left[place]) / self._heavy[place]

    def stop(self, place: int, level: Usd) -> None:
        """Stop every rising key of an exhausted pot, in all its pots."""
        for key in self._pots[place].members:
            if key not in self.found:
                weight = self._weights[key]
                self.found[key] = Share(level * weight, place)
                for other in self._places[key]:
                    self.rising[other] -= 1
                    self._heavy[other] -= weight
                    self._left[other] -= level * weight
