"""A key stopped now by a person's word, whatever it has spent, until that word is taken back."""

from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.errors import RequestError
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.observations import Observation
from budget_guard.domain.records import Freeze, Release
from budget_guard.domain.settling import has_disabled
from budget_guard.use_cases.desk import Desk, Until, end_of
from budget_guard.use_cases.hands_off import out_of_bounds
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.kinship import other_keys
from budget_guard.use_cases.overview import present_plan


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze as written, or as ended. `before` is the freeze it replaces, if one lasted.

    `others` are the other generations of its lineage: they are frozen, and freed, with it.
    `release` is what lasts beside it: of two words the newer wins. `is_off`: people have
    disabled the key, and that stays. `problem` is why `evaluate` was not started; the next one by
    schedule sees the word anyway.
    """

    freeze: Freeze
    seen: Observation
    release: Release | None
    at: datetime
    problem: str | None
    others: tuple[str, ...] = ()
    before: Freeze | None = None
    is_off: bool = False


def freeze(key: str, until: Until | None, reason: str, desk: Desk) -> Frozen:
    """Stop a key until then (by default until it is ended); raise `RequestError` where none can."""
    facts = present_plan(desk.ledger, desk.now).facts
    seen = find_key(key, facts)
    _require_hands_on(seen, facts)
    ends = FOR_EVER if until is None else end_of(until, facts.now)
    word = Freeze(facts.kin.root(seen.key.hash), ends, desk.by, reason, facts.now)
    return _written(word, seen, facts, desk)


def end_freeze(key: str, desk: Desk) -> Frozen:
    """End the freeze of a key now; raise `RequestError` if there is none."""
    facts = present_plan(desk.ledger, desk.now).facts
    seen = find_key(key, facts)
    for one in facts.freezes:
        if one.key == seen.key.hash and one.at <= facts.now < one.until:
            word = replace(one, key=facts.kin.root(one.key), until=facts.now)
            return _written(word, seen, facts, desk)
    message = f"{seen.key.known_as} is not frozen; nothing was changed"
    raise RequestError(message)


def _written(word: Freeze, seen: Observation, facts: Facts, desk: Desk) -> Frozen:
    key = seen.key.hash
    return Frozen(
        freeze=word,
        seen=seen,
        release=facts.release_of(key),
        at=facts.now,
        problem=desk.put(word, facts.now),
        before=facts.freeze_of(key),
        is_off=_is_off(seen, facts),
        others=other_keys(key, facts),
    )


def _is_off(seen: Observation, facts: Facts) -> bool:
    """Tell whether people have disabled a key, by the newest that is known of it."""
    hold = facts.holds.get(seen.key.hash)
    return facts.settings(seen).disabled and not (hold and has_disabled(hold))


def _require_hands_on(seen: Observation, facts: Facts) -> None:
    """Raise `RequestError` where the guard would not stop the key, with what to do instead."""
    if told := out_of_bounds(seen, facts):
        nobody = "" if seen.gone_at else "; disable it at OpenRouter"
        message = f"The guard cannot stop {seen.key.name}: {told}{nobody}. Nothing was changed."
        raise RequestError(message)
