"""Which keys are generations of one: budgets, and people, see them together."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from budget_guard.domain.keys import Key, Spent
from budget_guard.domain.lineage import NUMBERED, Lineage, State, stem
from budget_guard.domain.observations import Observation
from budget_guard.domain.rotation import Rotation


@dataclass(frozen=True)
class Kin:
    """The lineages, by secret, and the last rotation of each.

    A key that an open rotation has made is a generation already: it can be spent from.
    """

    lineages: Mapping[str, Lineage] = field(default_factory=dict)
    rotations: Sequence[Rotation] = ()

    @cached_property
    def changing(self) -> frozenset[str]:
        """Return the keys between which a rotation is just now dividing money."""
        keys = (key for one in self.open for key in (one.old, one.new))
        return frozenset(key for key in keys if key)

    @property
    def open(self) -> Sequence[Rotation]:
        """Return the rotations that are under way."""
        return [one for one in self.rotations if not one.stage.is_over]

    @cached_property
    def of(self) -> Mapping[str, Lineage]:
        """Return the lineage of every key that has one, by hash."""
        found = {
            generation.hash: lineage
            for lineage in self.lineages.values()
            for generation in lineage.generations
        }
        for one in self.open:
            if one.new and one.secret in self.lineages:
                found[one.new] = self.lineages[one.secret]
        return found

    @cached_property
    def _hashes(self) -> Mapping[str, tuple[str, ...]]:
        """Return the hashes of each lineage, by secret, the oldest generation first."""
        found: dict[str, tuple[str, ...]] = {}
        for key, lineage in self.of.items():
            found[lineage.secret] = (*found.get(lineage.secret, ()), key)
        return found

    def hashes(self, key: str) -> tuple[str, ...]:
        """Return the hashes of a key's lineage, the oldest first: its own alone without one."""
        lineage = self.of.get(key)
        return self._hashes[lineage.secret] if lineage else (key,)

    def root(self, key: str) -> str:
        """Return the hash that a key's lineage began with: that stays as it is rotated."""
        return self.hashes(key)[0]

    def current(self, key: str) -> str:
        """Return the hash of the generation that is in use: of a key without lineage its own."""
        lineage = self.of.get(key)
        return lineage.current.hash if lineage else key

    def is_leaving(self, key: str) -> bool:
        """Tell whether a key has a successor that is in use."""
        lineage = self.of.get(key)
        return lineage is not None and any(
            one.hash == key and one.state is not State.CURRENT for one in lineage.generations
        )

    def others(self, key: str) -> tuple[str, ...]:
        """Return the hashes of the other generations of a key."""
        return tuple(one for one in self.hashes(key) if one != key)

    def lost(self, key: str, known: Container[str]) -> Iterator[Spent]:
        """Yield what the generations of a key spent in their lifetimes that are not `known` now."""
        lineage = self.of.get(key)
        for one in lineage.generations if lineage else ():
            if one.hash not in known:
                yield one.spent

    def introduced(self, observations: Mapping[str, Observation]) -> Mapping[str, Observation]:
        """Return the observations, each generation under the name of its lineage."""
        if not self.of:
            return observations
        known = {key: observations[key] for key in self.of.keys() & observations.keys()}
        return {**observations, **{key: self.named(one) for key, one in known.items()}}

    def named(self, seen: Observation) -> Observation:
        """Return what is known of one key, under the name of its lineage if it has one.

        One that a person gave another name since has that; what it was called before counts too.
        """
        lineage = self.of.get(seen.reading.key.hash)
        if lineage is None:
            return seen
        former = tuple(replace(one, key=_known(one.key, lineage)) for one in seen.former)
        reading = replace(seen.reading, key=_known(seen.reading.key, lineage))
        return replace(seen, reading=reading, former=former)

    def namesake(self, key: Key, observations: Mapping[str, Observation]) -> Lineage | None:
        """Return another lineage whose successors are named as those of a key would be.

        By the names that polls saw; not one in another workspace, nor one whose key was deleted.
        """
        place = (stem(key.name), key.workspace)
        for one in self.lineages.values():
            seen = observations.get(one.current.hash)
            if seen is None or seen.gone_at or one == self.of.get(key.hash):
                continue
            if (stem(seen.key.name), seen.key.workspace) == place:
                return one
        return None

    def count(self, keys: Iterable[str]) -> int:
        """Count keys, the generations of one as one."""
        return len({self.root(key) for key in keys}) if self.of else len(frozenset(keys))


def _known(key: Key, lineage: Lineage) -> Key:
    """Return a key with the name that it had, or has, without its number in its lineage."""
    name, numbered = stem(key.name), NUMBERED.fullmatch(key.name)
    is_its_own = numbered is not None and any(
        (one.hash, one.number) == (key.hash, int(numbered["number"])) for one in lineage.generations
    )
    return replace(key, lineage=name) if is_its_own or name == lineage.name else key
