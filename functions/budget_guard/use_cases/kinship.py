"""A key among the generations of its lineage: how people call it, and what a word on it concerns."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from budget_guard.domain.facts import Facts
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import NUMBERED, Lineage, State
from budget_guard.domain.records import Freeze, Release


def is_called(lineage: Lineage, text: str) -> bool:
    """Tell whether a person means a lineage: by its name, its secret, or a generation's name."""
    numbered = NUMBERED.fullmatch(text)
    if numbered and numbered["stem"] == lineage.name:
        return any(one.number == int(numbered["number"]) for one in lineage.generations)
    return text in (lineage.name, lineage.secret, lineage.secret_name)


def names_of(facts: Facts) -> dict[str, str]:
    """Return what people call each key, by hash: one that is long gone by its lineage's name."""
    seen = {key: one.key.known_as for key, one in facts.observations.items()}
    return {key: one.name for key, one in facts.kin.of.items()} | seen


def place_of(key: str, facts: Facts) -> str | None:
    """Return which generation a key is: "generation 3 of 3, #2 is draining"; None: of no lineage."""
    lineage = facts.kin.of.get(key)
    if lineage is None:
        return None
    newest = lineage.generations[-1].number
    number = next((one.number for one in lineage.generations if one.hash == key), newest + 1)
    return ", ".join([f"generation {number} of {max(number, newest)}", *_others(key, facts)])


def label_of(key: str, facts: Facts) -> str:
    """Return a key's own name, and that it is on its way out: "prod-api #2, draining"."""
    seen, lineage = facts.observations.get(key), facts.kin.of.get(key)
    name = seen.key.name if seen else key[:12]
    states = {one.hash: one.state for one in lineage.generations} if lineage else {}
    state = states.get(key, State.CURRENT)
    return name if state is State.CURRENT else f"{name}, {state}"


def _others(key: str, facts: Facts) -> Iterator[str]:
    lineage = facts.kin.of[key]
    for one in lineage.draining:
        if one.hash != key:
            yield f"#{one.number} is draining"
    for rotation in facts.kin.open:
        if rotation.secret == lineage.secret and rotation.new != key:
            yield f"{rotation.name.removeprefix(lineage.name).strip()} is being made"


def other_keys(key: str, facts: Facts) -> tuple[str, ...]:
    """Return the other enabled generations of a key's lineage: "#2". A word on it is for them too."""
    lineage = facts.kin.of.get(key)
    if lineage is None:
        return ()
    enabled = (one for one in (*lineage.draining, lineage.current) if one.hash != key)
    return tuple(f"#{one.number}" for one in enabled)


def of_all[Word: (Freeze, Release)](words: Sequence[Word], kin: Kin) -> Sequence[Word]:
    """Return people's words on keys, each on a lineage once for every key of it that is left.

    So what stops a key stops its generations too, one that is made later among them.
    """
    if not kin.of:
        return words
    return [one for word in words for one in _each(word, kin)]


def _each[Word: (Freeze, Release)](word: Word, kin: Kin) -> Sequence[Word]:
    if not word.key or word.key not in kin.of:
        return [word]
    return [replace(word, key=key) for key in _alive(word.key, kin)]


def lasting(facts: Facts) -> Iterator[Release]:
    """Yield the releases that last, each once: of a lineage, that of the key that is in use."""
    for one in facts.releases:
        is_once = one.key is None or facts.kin.current(one.key) == one.key
        if is_once and one.at <= facts.now < one.until:
            yield one


def _alive(key: str, kin: Kin) -> Iterator[str]:
    lineage = kin.of.get(key)
    gone = (
        {one.hash for one in lineage.generations if one.state is State.DELETED} if lineage else ()
    )
    return (one for one in kin.hashes(key) if one not in gone)
