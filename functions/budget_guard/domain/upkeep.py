"""Whether lineages need care: what `rotate` has to do besides the steps of Secrets Manager."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from budget_guard.domain.due import Due
from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Spent
from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Generation, Lineage, State
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode, Policy, RotationRule
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.split import AHEAD

PATIENCE = timedelta(hours=1)
"""Within this Secrets Manager has tried a step again, if it does."""
SOON = timedelta(minutes=5)
"""A rotation that all goes well with takes less."""
AGAIN = timedelta(hours=1)
"""So long after a rotation was begun, none is asked for besides those of the schedule."""


def needs_upkeep(facts: Facts, asked: Iterable[Due]) -> bool:
    """Tell whether any lineage needs what no step of a rotation does; `asked` are those that are due.

    Under `release` that is only what was left half done, and keys that people want disabled; under
    `observe` nothing.
    """
    match facts.policy.mode:
        case Mode.OBSERVE:
            return False
        case Mode.RELEASE:
            return _needs_sweep(facts) or _needs_retiring(facts)
        case Mode.ENFORCE:
            return (
                _needs_sweep(facts)
                or _needs_retiring(facts)
                or bool(unscheduled(facts.kin, facts.policy))
                or bool(to_start(asked, facts))
            )


def is_forsaken(rotation: Rotation, old: Observation | None, now: datetime) -> bool:
    """Tell whether a rotation was left half done, and nobody goes on with it in time.

    The old key was lowered to a little more than it spends in ten minutes: where that runs out,
    its application cannot wait for the next try.
    """
    patience = SOON if old and _runs_dry(old) else PATIENCE
    return not rotation.stage.is_over and now - rotation.began >= patience


def _runs_dry(seen: Observation) -> bool:
    left = seen.reading.limit_remaining
    return left is not None and left <= seen.burn(include_byok=True) / AHEAD


def unrecorded(kin: Kin, observations: Mapping[str, Observation]) -> tuple[Observation, ...]:
    """Return the keys that polls saw under names that were asked for, and that are on no record.

    They were made and lost, or are a person's.
    """
    asked = {
        (lineage.workspace, one.name) for lineage in kin.lineages.values() for one in lineage.asked
    }
    if not asked:
        return ()
    return tuple(
        seen
        for key, seen in observations.items()
        if (seen.key.workspace, seen.key.name) in asked and not seen.gone_at and key not in kin.of
    )


def schedule_of(lineage: Lineage, policy: Policy) -> timedelta | None:
    """Return how often a lineage is to be rotated; None: not by itself."""
    rule = policy.rotation_of(lineage.name)
    return rule.every if rule else None


def unscheduled(kin: Kin, policy: Policy) -> tuple[Lineage, ...]:
    """Return the lineages whose secrets are on another schedule than the policy's.

    One that is rotated just now waits: Secrets Manager takes no other schedule meanwhile.
    """
    rotated = {one.secret for one in kin.open}
    return tuple(
        one
        for one in kin.lineages.values()
        if one.every != schedule_of(one, policy) and one.secret not in rotated
    )


def to_start(asked: Iterable[Due], facts: Facts) -> tuple[Due, ...]:
    """Return whom of those that are due to begin with now.

    Not who is under no rule: those are not to be rotated at all.
    """
    last = {one.secret: one for one in facts.kin.rotations}
    return tuple(
        one
        for one in asked
        if (lineage := facts.kin.lineages.get(one.secret))
        and facts.policy.rotation_of(lineage.name)
        and is_free(last.get(one.secret), facts.now)
    )


def is_free(last: Rotation | None, now: datetime) -> bool:
    """Tell whether a rotation may be asked for after the last one, whatever became of that."""
    return last is None or (last.stage.is_over and now - last.began >= AGAIN)


def is_left_alone(one: Generation, facts: Facts) -> bool:
    """Tell whether people want the guard's hands off a key that was replaced.

    A release gives way to a person's later word on the key itself.
    """
    if is_forbidden(one.hash, facts):
        return True
    is_released = facts.policy.mode is Mode.RELEASE or facts.release_of(one.hash) is not None
    return one.cut is None and is_released


def is_forbidden(key: str, facts: Facts) -> bool:
    """Tell whether the budgets file keeps the guard off a key, whatever people ask for."""
    seen = facts.observations.get(key)
    return facts.is_protected(key) or (seen is not None and not facts.policy.concerns(seen.key))


def is_all_released(facts: Facts) -> bool:
    """Tell whether every key has its own settings back, by the budgets file or a person's word."""
    is_on = (one.at <= facts.now < one.until for one in facts.releases if one.key is None)
    return facts.policy.mode is Mode.RELEASE or any(is_on)


def _needs_sweep(facts: Facts) -> bool:
    """Tell whether something was left half done: who has used a key is nobody that was lost."""
    found = unrecorded(facts.kin, facts.observations)
    is_lost = any(one.reading.counters.lifetime == Spent() for one in found)
    old = facts.observations.get
    return is_lost or any(is_forsaken(one, old(one.old), facts.now) for one in facts.kin.rotations)


def _needs_retiring(facts: Facts) -> bool:
    return any(_is_leaving(one, facts) for one in facts.kin.lineages.values())


def _is_leaving(lineage: Lineage, facts: Facts) -> bool:
    rule = facts.policy.rotation_of(lineage.name) or RotationRule()
    return any(_needs_look(one, rule, facts) for one in lineage.generations)


def _needs_look(one: Generation, rule: RotationRule, facts: Facts) -> bool:
    """Tell whether a key that was replaced may have come to its next state.

    One that is off is looked at when its time has come, or where it is not any more as it was left.
    """
    if one.state not in (State.DRAINING, State.DISABLED) or is_left_alone(one, facts):
        return False
    if one.state is State.DRAINING:
        return True
    seen = facts.observations.get(one.hash)
    is_touched = seen is not None and (
        seen.gone_at or (not seen.reading.settings.disabled and facts.read_at(seen) > one.since)
    )
    return bool(is_touched) or facts.now - one.since >= rule.delete_after
