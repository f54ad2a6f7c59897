"""A key given back by a person's word, and left alone until a time."""

from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain.errors import RequestError
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import FOR_EVER, Hold
from budget_guard.domain.observations import Observation
from budget_guard.domain.records import Freeze, Release
from budget_guard.domain.restriction import Restriction
from budget_guard.domain.windows import Window, end
from budget_guard.use_cases.desk import Desk, Until, end_of
from budget_guard.use_cases.holdings import find_key, is_in_hand
from budget_guard.use_cases.kinship import other_keys
from budget_guard.use_cases.overview import present_plan


@dataclass(frozen=True, slots=True)
class Released:
    """A release as written; `hold` is what the guard has of the key, None if it holds it not.

    `freeze` lasts beside it: of two words the newer counts. `restricted`: its guardrail is the
    guard's, and is given back too. `others` are the other generations of its lineage, which are
    released with it.
    """

    release: Release
    seen: Observation
    hold: Hold | None
    at: datetime
    problem: str | None
    freeze: Freeze | None = None
    restricted: Restriction | None = None
    others: tuple[str, ...] = ()


def release(key: str, until: Until | None, reason: str, desk: Desk) -> Released:
    """Give a key back until then (by default the next 00:00 UTC); raise `RequestError`."""
    facts = present_plan(desk.ledger, desk.now).facts
    seen = find_key(key, facts)
    ends = end(Window.DAILY, facts.now) if until is None else end_of(until, facts.now)
    word = Release(facts.kin.root(seen.key.hash), ends, desk.by, reason, facts.now)
    held = facts.holds.get(seen.key.hash)
    problem, frozen = desk.put(word, facts.now), _freeze_of(seen.key.hash, facts)
    hold = held if held and is_in_hand(held) else None
    known = facts.restrictions.get(seen.key.hash)
    restricted = known if known and known.is_ours else None
    others = other_keys(seen.key.hash, facts)
    return Released(word, seen, hold, facts.now, problem, frozen, restricted, others)


@dataclass(frozen=True, slots=True)
class Ended:
    """A release as ended; `freeze` is what counts again of the key then, if anything does."""

    release: Release
    problem: str | None
    freeze: Freeze | None


def end_release(key: str | None, desk: Desk) -> Ended:
    """End the release of a key (None: of all keys) now; raise `RequestError` if there is none."""
    facts = present_plan(desk.ledger, desk.now).facts
    subject = find_key(key, facts).key.hash if key else None
    lasting = [one for one in facts.releases if one.at <= facts.now < one.until]
    for one in lasting:
        if one.key == subject:
            whose = facts.kin.root(subject) if subject else None
            ended = replace(one, key=whose, until=facts.now)
            frozen = _freeze_of(subject, facts) if subject else None
            return Ended(ended, desk.put(ended, facts.now), frozen)
    whose = f"of {key}" if key else "of all keys"
    hint = (
        " All keys are released: release --end --all."
        if any(not one.key for one in lasting)
        else ""
    )
    message = f"There is no release {whose} to end; nothing was changed.{hint}"
    raise RequestError(message)


def _freeze_of(key: str, facts: Facts) -> Freeze | None:
    """Return the freeze of a key that lasts, whether another word overrules it or not."""
    lasting = (one for one in facts.freezes if one.key == key)
    return next((one for one in lasting if one.at <= facts.now < one.until), None)


def release_of_all(reason: str, by: str, at: datetime) -> Release:
    """Return the word that gives every key back until it is taken back."""
    return Release(None, FOR_EVER, by, reason, at)
