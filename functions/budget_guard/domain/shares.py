"""Rule 4b: weighted max-min over all constraints together.

All keys rise in proportion to their weight; who meets an exhausted constraint stops; the others
go on, so that what one key may not use elsewhere reaches the others.
"""

from collections.abc import Iterator, Mapping, Sequence
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
    def common(self) -> tuple[int, ...]:
        """Return what it takes from together with others as it rises."""
        ...

    @property
    def own(self) -> tuple[int, ...]:
        """Return what no other takes from."""
        ...


class Bid(NamedTuple):
    """The least that can bid."""

    weight: Usd
    common: tuple[int, ...]
    own: tuple[int, ...] = ()


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
    turns = [(rise.level(place), place) for place in rise.places]
    heapify(turns)
    while len(rise.found) < len(bids):
        was, place = heappop(turns)
        if place in rise.owners:
            rise.stop_owner(place, was)
        elif rise.rising[place]:
            level = rise.level(place)
            if level > was:
                heappush(turns, (level, place))
            else:
                rise.stop(place, level)
    return rise.found


class _Rise:
    """Keys on their way up, those that take from the same places together: they stop together.

    But for one that stops earlier, by what is its own (`owners`).
    """

    def __init__(self, bids: Mapping[str, Bidder], lefts: Sequence[Usd]) -> None:
        self.found: dict[str, Share] = {}
        self.owners = {place: key for key, bid in bids.items() for place in bid.own}
        self.rising: dict[int, set[tuple[int, ...]]] = {}
        self._bids, self._left = bids, list(lefts)
        self._heavy = [ZERO] * len(lefts)
        self._groups: dict[tuple[int, ...], dict[str, Usd]] = {}
        for key, bid in bids.items():
            self._groups.setdefault(bid.common, {})[key] = bid.weight
        for common, group in self._groups.items():
            weight = sum(group.values(), ZERO)
            for place in common:
                self.rising.setdefault(place, set()).add(common)
                self._heavy[place] += weight
        for place, key in self.owners.items():
            self._heavy[place] = bids[key].weight

    @property
    def places(self) -> Iterator[int]:
        """Yield every place that somebody takes from."""
        yield from self.rising
        yield from self.owners

    def level(self, place: int) -> Usd:
        """Return the level at which what is left of a place is exhausted by those who rise."""
        return max(ZERO, self._left[place]) / self._heavy[place]

    def stop(self, place: int, level: Usd) -> None:
        """Stop all who rise at an exhausted place, wherever else they rise."""
        for common in tuple(self.rising[place]):
            group = self._groups[common]
            self.found |= {key: Share(level * weight, place) for key, weight in group.items()}
            self._leave(common, level, sum(group.values(), ZERO), is_last=True)

    def stop_owner(self, place: int, level: Usd) -> None:
        """Stop the one key that takes from an exhausted place, unless it has stopped before."""
        key = self.owners[place]
        if key not in self.found:
            common = self._bids[key].common
            group = self._groups[common]
            weight = group.pop(key)
            self.found[key] = Share(level * weight, place)
            self._leave(common, level, weight, is_last=not group)

    def _leave(self, common: tuple[int, ...], level: Usd, weight: Usd, *, is_last: bool) -> None:
        """Count what those of that weight take with them."""
        for place in common:
            self._heavy[place] -= weight
            self._left[place] -= level * weight
            if is_last:
                self.rising[place].discard(common)
