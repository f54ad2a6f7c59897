"""What becomes of a key whose successor is in use: off when nobody uses it, and later deleted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from budget_guard.domain.errors import KeyGone, VaultError
from budget_guard.domain.keys import Reading
from budget_guard.domain.lineage import Generation, Lineage, State
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.records import Audit
from budget_guard.use_cases.ledger import Lease
from budget_guard.use_cases.ports import Change
from budget_guard.use_cases.rotation.deleting import delete_key
from budget_guard.use_cases.rotation.rotating import Rotating, alone, apart, changing


@dataclass(frozen=True, slots=True)
class Retired:
    """What a run did: hashes of keys disabled and deleted, and what could not be done."""

    disabled: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def retire(to: Rotating) -> Retired:
    """Look at every key that has a successor, and take the next step with it.

    Lineages that somebody rotates just now wait for the next run; what fails for one of them keeps
    no other.
    """
    found: list[_Found] = []
    problems: list[str] = []
    for lineage in to.ledger.lineages().values():
        with apart(problems):
            found.extend(_each(lineage, to))
    return Retired(
        disabled=tuple(one.key for one in found if one.state is State.DISABLED),
        deleted=tuple(one.key for one in found if one.state is State.DELETED),
        problems=tuple(problems),
    )


class _Found(NamedTuple):
    state: State
    key: str


def _each(lineage: Lineage, to: Rotating) -> Iterator[_Found]:
    leaving = (State.DRAINING, State.DISABLED)
    if not any(one.state in leaving for one in lineage.generations):
        return
    rule = to.rule(lineage)
    with alone(lineage.secret, to) as lease:
        now = to.ledger.lineage(lineage.secret) or lineage
        for one in now.generations:
            if one.state in leaving and (found := _step(one, lineage.secret, rule, lease, to)):
                yield found


def _step(
    one: Generation, secret: str, rule: RotationRule, lease: Lease, to: Rotating
) -> _Found | None:
    try:
        reading = to.openrouter.key(one.hash)
    except KeyGone:
        seen = to.ledger.observation(one.hash)
        spent = seen.reading.counters.lifetime if seen else one.spent
        _save_deleted(secret, replace(one, spent=spent), to.clock(), lease, to)
        return _Found(State.DELETED, one.hash)
    if one.state is State.DISABLED:
        return _deleted(one, secret, reading, rule, lease, to)
    return _drained(one, secret, reading, rule, lease, to)


def _drained(
    one: Generation, secret: str, reading: Reading, rule: RotationRule, lease: Lease, to: Rotating
) -> _Found | None:
    """Disable a key when it is idle; else remember when it was last in use."""
    spent = reading.counters.lifetime
    seen = one.looked_at(spent, None, reading.at)
    if seen.idle_for(reading.at) >= rule.drain:
        # Who uses models that cost nothing moves no counter; and a listing is many requests.
        seen = seen.looked_at(spent, _used_at(one.hash, reading, to), reading.at)
    lineage = to.ledger.lineage(secret)
    if lineage is not None and seen != one:
        to.ledger.save(lineage.with_generation(seen), lease=lease)
    is_late = reading.at - one.since >= rule.drain_max
    is_idle = seen.idle_for(reading.at) >= rule.drain
    is_due = is_idle or (is_late and rule.force)
    is_cut = one.cut is not None or reading.settings.disabled
    if is_cut or (is_due and not _is_read(one, secret, to)):
        _disable(one, reading, to)
        _save(secret, one.hash, State.DISABLED, reading.at, lease, to)
        return _Found(State.DISABLED, one.hash)
    return None


def _is_read(one: Generation, secret: str, to: Rotating) -> bool:
    """Tell whether who reads the secret gets this key: a person may have moved it back.

    A secret that is no more is read by nobody.
    """
    try:
        kept = to.vault.current(secret)
    except VaultError:
        return False
    return kept is not None and kept.hash == one.hash


def _used_at(key: str, reading: Reading, to: Rotating) -> datetime | None:
    """Return when a key was last used, for nothing too, as far as OpenRouter says."""
    seen = to.keys.sightings(reading.key.workspace)
    return next((one.used_at for one in seen if one.hash == key), None)


def _disable(one: Generation, reading: Reading, to: Rotating) -> None:
    """Switch the key off as a person would: no evaluation switches it on again."""
    if reading.settings.disabled:
        return
    with changing(to) as lease:
        answer = to.openrouter.change(one.hash, Change(disabled=True))
        audit = Audit(
            id=f"retired-{one.number}",
            key=one.hash,
            name=answer.key.name,
            before=reading.settings,
            after=answer.settings,
            reason=f"its successor is in use, and {_why(one)}",
            run=to.run,
            at=answer.at,
            undo=f"enable {answer.key.name} at openrouter.ai",
        )
        to.ledger.save(audit, lease=lease)


def _why(one: Generation) -> str:
    return f"{one.cut} (a person's word)" if one.cut else "nobody uses it any more"


def _deleted(
    one: Generation, secret: str, reading: Reading, rule: RotationRule, lease: Lease, to: Rotating
) -> _Found | None:
    """Delete a key that has been off long enough; one that a person switched on drains again."""
    if not reading.settings.disabled:
        again = replace(one, idle_since=None, cut=None)
        lineage = to.ledger.lineage(secret)
        if lineage is not None:
            draining = lineage.with_generation(again).come_to(one.hash, State.DRAINING, reading.at)
            to.ledger.save(draining, lease=lease)
        return None
    if reading.at - one.since < rule.delete_after or _is_read(one, secret, to):
        return None
    delete_key(one.hash, reading.key.workspace, lease, to)
    last = replace(one, spent=reading.counters.lifetime)
    _save_deleted(secret, last, reading.at, lease, to)
    return _Found(State.DELETED, one.hash)


def _save_deleted(secret: str, one: Generation, at: datetime, lease: Lease, to: Rotating) -> None:
    """Write down that a key is no more, and what it spent: limits for ever count that for ever."""
    lineage = to.ledger.lineage(secret)
    if lineage is not None:
        gone = lineage.with_generation(one).come_to(one.hash, State.DELETED, at)
        to.ledger.save(gone, lease=lease)


def _save(secret: str, key: str, state: State, at: datetime, lease: Lease, to: Rotating) -> None:
    lineage = to.ledger.lineage(secret)
    if lineage is not None:
        to.ledger.save(lineage.come_to(key, state, at), lease=lease)
