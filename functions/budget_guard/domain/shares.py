"""Rule 4b: weighted max-min over all constraints together.

All keys rise in proportion to their weight; who meets an exhausted constraint stops; the others
go on, so that what one key may not use elsewhere reaches the others.
"""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple, Protocol

from budget_guard.domain.money import ZERO, Usd


class Bidder(Protocol):
    """Who has a weight, above 0, and the places of the constraints that bind it, at least one."""

    @property
    def weight(self) -> Usd:
        """Return how fast it rises, compared with the others."""
        ...

    @property
    def places(self) -> tuple[int, ...]:
        """Return what it takes from as it rises."""
        ...


class Bid(NamedTuple):
    """The least that can bid."""

    weight: Usd
    places: tuple[int, ...]


class Share(NamedTuple):
    """What a key is due (USD), and the place of the constraint that kept it from rising further."""

    amount: Usd
    bound_by: int


def shares(bids: Mapping[str, Bidder], lefts: Sequence[Usd]) -> dict[str, Share]:
    """Return the share of each key; `lefts` is what each constraint has left (USD).

    Guaranteed: the shares that a constraint binds sum to no more than what it has left; no share
    can grow without one that is smaller, by weight, shrinking.
    """
    rise = _Rise(bids, lefts)
    # A level is how far keys have risen, per unit of weight. What is left lasts longer as keys stop
    # elsewhere, never shorter: a place is looked at again when its turn comes by an old level.
    turns = [(rise.level(place), place) for place in rise.rising]
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
    """Keys on their way up, those with the same constraints together: they stop together."""

    def __init__(self, bids: Mapping[str, Bidder], lefts: Sequence[Usd]) -> None:
        self.found: dict[str, Share] = {}
        self.rising: dict[int, set[tuple[int, ...]]] = {}
        self._bids, self._left = bids, list(lefts)
        self._groups: dict[tuple[int, ...], list[str]] = {}
        for key, bid in bids.items():
            self._groups.setdefault(bid.places, []).append(key)
        self._weights = {
            places: sum((bids[key].weight for key in keys), ZERO)
            for places, keys in self._groups.items()
        }
        self._heavy = [ZERO] * len(lefts)
        for places, weight in self._weights.items():
            for place in places:
                self.rising.setdefault(place, set()).add(places)
                self._heavy[place] += weight

    def level(self, place: int) -> Usd:
        """Return the level at which what is left of a place is exhausted by those who rise."""
        return max(ZERO, self._left[place]) / self._heavy[place]

    def stop(self, place: int, level: Usd) -> None:
        """Stop all who rise at an exhausted place, wherever else they rise."""
        for places in tuple(self.rising[place]):
            for key in self._groups[places]:
                self.found[key] = Share(level * self._bids[key].weight, place)
            weight = self._weights[places]
            for other in places:
                self.rising[other].discard(places)
                self._heavy[other] -= weight
                self._left[other] -= level * weight
