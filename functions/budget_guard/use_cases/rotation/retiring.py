"""What becomes of a key whose successor is in use: off when nobody uses it, and later deleted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from budget_guard.domain.audit import Audit
from budget_guard.domain.errors import KeyGone, SecretGone
from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Reading
from budget_guard.domain.lineage import Generation, Lineage, State
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.upkeep import is_left_alone
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ports import Change
from budget_guard.use_cases.rotation.carrying import drop, look_at_cap
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

    Lineages that somebody rotates just now wait for the next run, and keys that people want left
    alone; what fails for one lineage keeps no other.
    """
    found: list[_Found] = []
    problems: list[str] = []
    facts = gather(to.ledger, to.policy, to.now)
    for lineage in facts.kin.lineages.values():
        with apart(problems):
            found.extend(_each(lineage, facts, to))
    return Retired(
        disabled=tuple(one.key for one in found if one.state is State.DISABLED),
        deleted=tuple(one.key for one in found if one.state is State.DELETED),
        problems=tuple(problems),
    )


class _Found(NamedTuple):
    state: State
    key: str


def _each(lineage: Lineage, facts: Facts, to: Rotating) -> Iterator[_Found]:
    if not any(_is_leaving(one, facts) for one in lineage.generations):
        return
    rule = to.rule(lineage)
    with alone(lineage.secret, to) as lease:
        now = to.ledger.lineage(lineage.secret) or lineage
        for one in now.generations:
            if _is_leaving(one, facts) and (found := _step(one, lineage.secret, rule, lease, to)):
                yield found
        look_at_cap(to.ledger.lineage(lineage.secret) or now, facts, lease, to)


def _is_leaving(one: Generation, facts: Facts) -> bool:
    return one.state in (State.DRAINING, State.DISABLED) and not is_left_alone(one, facts)


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
    is_told_off = one.cut is not None or reading.settings.disabled
    is_due = is_idle or (is_late and rule.force)
    if is_told_off or (is_due and not _is_in_secret(one, secret, to)):
        _disable(one, reading, _why(one, rule, is_idle=is_idle), to)
        _save(secret, one.hash, State.DISABLED, reading.at, lease, to)
        return _Found(State.DISABLED, one.hash)
    return None


def _is_in_secret(one: Generation, secret: str, to: Rotating) -> bool:
    """Tell whether a person has moved the secret back to a key: applications get it again."""
    try:
        kept = to.vault.current(secret)
    except SecretGone:
        return False
    return kept is not None and kept.hash == one.hash


def _used_at(key: str, reading: Reading, to: Rotating) -> datetime | None:
    """Return when a key was last used, for nothing too, as far as OpenRouter says."""
    seen = to.keys.sightings(reading.key.workspace)
    return next((one.used_at for one in seen if one.hash == key), None)


def _disable(one: Generation, reading: Reading, why: str, to: Rotating) -> None:
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
            reason=f"its successor is in use, and {why}",
            run=to.run,
            at=answer.at,
            undo=f"enable {answer.key.name} at openrouter.ai",
        )
        to.ledger.save(audit, lease=lease)


def _why(one: Generation, rule: RotationRule, *, is_idle: bool) -> str:
    if one.cut:
        return f"{one.cut} (a person's word)"
    hours = rule.drain_max // timedelta(hours=1)
    in_use = f"it was still in use {hours} hours after (force: true)"
    return "nobody uses it any more" if is_idle else in_use


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
    if reading.at - one.since < rule.delete_after or _is_in_secret(one, secret, to):
        return None
    drop(one.hash, reading.key.workspace, to)
    delete_key(one.hash, lease, to)
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
