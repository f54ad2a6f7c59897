"""Rule 4b: weighted max-min over all constraints together.

All keys rise in proportion to their weight; who meets an exhausted constraint stops; the others
go on, so that what one key may not use elsewhere reaches the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from budget_guard.domain.money import ZERO, Usd


@dataclass(frozen=True, slots=True)
class Pot:
    """What is left (USD) for some keys together."""

    members: frozenset[str]
    left: Usd


def shares(weights: Mapping[str, Usd], pots: Iterable[Pot]) -> dict[str, Usd]:
    """Return what each key of `weights` may still spend.

    Guaranteed: the shares in each pot sum to no more than its `left`; no share can grow without
    one that is smaller, by weight, shrinking. Each key must be in a pot; weights are above 0.
    """
    result: dict[str, Usd] = {}
    for group in _groups(pots):
        result |= _fill(weights, group)
    return result


def _groups(pots: Iterable[Pot]) -> list[list[Pot]]:
    """Split pots into groups that have no key in common, so that each is filled by itself."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    kept = [pot for pot in pots if pot.members]
    for pot in kept:
        first, *others = (root(key) for key in pot.members)
        for other in others:
            parent[root(other)] = root(first)
    groups: dict[str, list[Pot]] = {}
    for pot in kept:
        groups.setdefault(root(next(iter(pot.members))), []).append(pot)
    return list(groups.values())


def _fill(weights: Mapping[str, Usd], pots: list[Pot]) -> dict[str, Usd]:
    shares: dict[str, Usd] = {}
    rising = {key for pot in pots for key in pot.members}
    while rising:
        level, full = min(
            ((_level(pot, shares, rising, weights), pot) for pot in pots if pot.members & rising),
            key=lambda found: found[0],
        )
        for key in full.members & rising:
            shares[key] = level * weights[key]
        rising -= full.members
    return shares


def _level(
    pot: Pot, shares: Mapping[str, Usd], rising: set[str], weights: Mapping[str, Usd]
) -> Usd:
    """Return how far the pot's rising keys can rise, per unit of weight."""
    taken = sum((shares[key] for key in pot.members - rising), ZERO)
    return max(ZERO, pot.left - taken) / sum(weights[key] for key in pot.members & rising)
