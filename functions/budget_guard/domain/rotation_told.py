"""What people must hear of rotations: what failed, who still uses an old key, what is proposed.

A rotation that succeeds is no news.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from budget_guard.domain import commands, words
from budget_guard.domain.alerts import Condition, Kind
from budget_guard.domain.decision import Plan
from budget_guard.domain.due_told import about, asked_for
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Severity
from budget_guard.domain.lineage import Generation, Lineage
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode, RotationRule
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.domain.strays import LATEST
from budget_guard.domain.upkeep import is_all_released, is_forbidden, is_left_alone

STUCK = timedelta(minutes=90)
"""After an hour the guard takes a rotation back that nobody goes on with; it has tried some times."""
HOUR = timedelta(hours=1)


def rotations(plan: Plan) -> Iterator[Condition]:
    """Yield what is so of lineages and their rotations, and what is to be rotated, and why."""
    facts = plan.facts
    yield from asked_for(plan)
    last = {one.secret: one for one in facts.kin.rotations}
    for lineage in facts.kin.lineages.values():
        current = facts.observations.get(lineage.current.hash)
        if current and current.gone_at:
            yield _deleted(lineage, facts)
        elif rotation := last.get(lineage.secret):
            yield from _rotation(rotation, lineage, facts)
        yield from _lingering(lineage, facts)
    yield from _strays(facts)


def _rotation(rotation: Rotation, lineage: Lineage, facts: Facts) -> Iterator[Condition]:
    if rotation.stage is Stage.FAILED:
        yield _failed(rotation, lineage, facts)
    elif not rotation.stage.is_over:
        known = facts.incidents.get(f"rotation-failed/{rotation.secret}")
        if known:
            # It is tried again: over it is when that has succeeded.
            yield Condition(known.kind, known.step, Severity.WARNING, known.entry)
        if facts.now - rotation.began > STUCK:
            yield _stuck(rotation, lineage, facts)


def _failed(rotation: Rotation, lineage: Lineage, facts: Facts) -> Condition:
    told, mode = (rotation.failure or "it is not known why").rstrip("."), facts.policy.mode
    why = told.partition(" was not rotated: ")[2] or told
    again = f"once that is mended, try again: {commands.rotate(lineage.current.hash)}"
    if mode is not Mode.ENFORCE:
        again = f"while the budgets file says mode: {mode}, no key is rotated"
    entry = replace(
        about(lineage.current.hash, facts),
        incident=f"rotation-failed/{rotation.secret}",
        text=f"{lineage.name} was not rotated: {why}",
        action=f"applications go on with the key that they have from the secret {lineage.secret_name}",
        todo=f"see the last lines of the rotate log; {again}",
    )
    return Condition(Kind.ROTATION_FAILED, 1, Severity.WARNING, entry)


def _stuck(rotation: Rotation, lineage: Lineage, facts: Facts) -> Condition:
    since = words.as_of(rotation.began, facts.now)
    entry = replace(
        about(lineage.current.hash, facts),
        incident=f"rotation-stuck/{rotation.secret}",
        text=f"the rotation of {lineage.name}, begun at {since}, comes to no end",
        action="applications go on; both keys together stay within the budgets",
        todo="see the last lines of the rotate log, and whether OpenRouter is up; it is taken back "
        "as soon as that can be done",
    )
    return Condition(Kind.ROTATION_STUCK, 1, Severity.WARNING, entry)


def _deleted(lineage: Lineage, facts: Facts) -> Condition:
    entry = about(lineage.current.hash, facts)
    entry = replace(
        entry,
        incident=f"deleted/{lineage.current.hash}",
        text=f"{entry.key_name} was deleted at OpenRouter: applications that read its secret get "
        "401",
        action="nothing: there is no key left to rotate",
        todo="make a new key, in a secret of its own, and let them read that instead of "
        f"{lineage.secret_name}: budget-guard adopt --new NAME",
    )
    return Condition(Kind.DELETED, 1, Severity.CRITICAL, entry)


def _lingering(lineage: Lineage, facts: Facts) -> Iterator[Condition]:
    """Yield the old keys that are still in use: those to be cut off by force in good time.

    And at once, when all keys are released: nobody disables them then.
    """
    rule = facts.policy.rotation_of(lineage.name) or RotationRule()
    patience = rule.drain_max / 2 if rule.force else rule.drain_max
    if is_all_released(facts):
        patience = timedelta()
    for one in lineage.lingering(patience, facts.now):
        seen = facts.observations.get(one.hash)
        is_off = seen and (seen.gone_at or facts.settings(seen).disabled)
        if one.cut is None and not is_off:
            yield _linger(one, lineage, rule, facts)


def _linger(one: Generation, lineage: Lineage, rule: RotationRule, facts: Facts) -> Condition:
    entry = about(one.hash, facts)
    lasted = words.lasting(facts.now - one.since)
    since = words.as_of(one.since, facts.now)
    text = f"{entry.key_name} is still in use {lasted} after it was replaced ({since})"
    if is_all_released(facts):
        text = f"{entry.key_name} stays enabled beside its successor, each with its own limit"
    action, cut = _cut_off(one, rule, facts)
    entry = replace(
        entry,
        incident=f"lingering/{one.hash}",
        text=text,
        action=action,
        todo=f"find who still has it, and let them read the secret {lineage.secret_name}{cut}",
    )
    return Condition(Kind.LINGERING, 1, Severity.WARNING, entry)


def _cut_off(one: Generation, rule: RotationRule, facts: Facts) -> tuple[str, str]:
    """Return whether an old key is disabled by itself, and what to do to have it disabled now."""
    if facts.policy.mode is Mode.OBSERVE:
        return "nothing: the budgets file says mode: observe", ""
    if is_forbidden(one.hash, facts):
        return "nothing: the budgets file keeps the guard off it", ""
    cut = f"; to disable it now: {commands.retire(one.hash)}"
    if is_left_alone(one, facts):
        return "nothing: a released key is disabled only at your word", cut
    if rule.force:
        ends = words.moment(one.since + rule.drain_max, facts.now)
        return f"it is disabled at {ends}, in use or not (force: true)", cut
    return "nothing: a key in use is disabled only at your word, or with force: true", cut


def _strays(facts: Facts) -> Iterator[Condition]:
    """Yield the keys that have a name the guard asked for, and that may be a person's."""
    names = {
        (lineage.workspace, asked.name): lineage
        for lineage in facts.kin.lineages.values()
        for asked in lineage.asked
    }
    for key, seen in facts.observations.items() if names else ():
        lineage = names.get((seen.key.workspace, seen.key.name))
        if lineage is None or seen.gone_at or key in facts.kin.of:
            continue
        if _will_stay(seen, lineage, facts):
            yield _stray(seen, lineage, facts)


def _will_stay(seen: Observation, lineage: Lineage, facts: Facts) -> bool:
    """Tell whether the guard will not remove it as lost: it was used, or it has not done so by now."""
    spent = seen.reading.counters.lifetime
    asked_at = max(one.at for one in lineage.asked if one.name == seen.key.name)
    return bool(spent.credits or spent.byok) or facts.now - asked_at > LATEST + HOUR


def _stray(seen: Observation, lineage: Lineage, facts: Facts) -> Condition:
    entry = replace(
        about(seen.key.hash, facts),
        incident=f"stray/{seen.key.hash}",
        text=f"{seen.key.name} is named as if it came of a rotation of {lineage.name}, and did not",
        action="nothing: it may be a person's",
        todo="see who made it; if nobody needs it, delete it at openrouter.ai, else rename it",
    )
    return Condition(Kind.STRAY, 1, Severity.WARNING, entry)
