"""Which keys are to be rotated besides their schedule, by a budget's threshold, a leak or their end.

For the first two once for each step of a ladder in each instance of its window, and for each suspicion: people are
told of it as an incident, and what was rotated since that was opened is not due again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain import reasons, words
from budget_guard.domain.alerts import Kind
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Do, Threshold
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import Mode
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.telling import signalled
from budget_guard.domain.strays import CLOCKS
from budget_guard.domain.windows import start

ROTATING = frozenset({Do.ROTATE, Do.PROPOSE})


@dataclass(frozen=True, slots=True)
class Due:
    """A lineage, by its secret and name, that is to be rotated now, and why."""

    secret: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why lineages, at least one, are to be rotated, or people are to be asked to (`do`).

    `incident` is the same as long as it is one matter. `why` is for people. `constraint` is the cap
    that has come to a threshold; None: it is a leak that is suspected.
    """

    incident: str
    do: Do
    why: str
    lineages: tuple[Lineage, ...]
    constraint: Constraint | None = None


def due(plan: Plan) -> tuple[Due, ...]:
    """Return what is to be rotated now, each lineage once.

    Nothing that people were not told of before, nor what was rotated since, or tried to be: a
    rotation that failed is theirs to repeat, unless the key soon ends by itself.
    """
    facts, found = plan.facts, dict[str, Due]()
    for cause in causes(plan):
        told = facts.incidents.get(cause.incident)
        if told and cause.do is Do.ROTATE:
            for one in cause.lineages:
                if not _was_rotated(one, told.opened_at, facts.kin.rotations):
                    found.setdefault(one.secret, Due(one.secret, one.name, cause.why))
    for ending in _ending(facts):
        found.setdefault(ending.secret, ending)
    return tuple(found.values())


def _ending(facts: Facts) -> Iterator[Due]:
    """Yield whom OpenRouter soon admits no more, in time for applications to read the successor.

    That lives as long as its predecessor did, so the time ahead is never most of a key's life.
    """
    for lineage in facts.kin.lineages.values() if facts.policy.mode is Mode.ENFORCE else ():
        current, rule = lineage.current, facts.policy.rotation_of(lineage.name)
        seen = facts.observations.get(current.hash)
        ends = seen.key.expires_at if seen else None
        if rule and ends and _may_be_rotated(current.hash, facts):
            ahead = min(rule.drain_max, (ends - current.since) / 4)
            if ends - ahead <= facts.now < ends:
                yield Due(lineage.secret, lineage.name, f"it ends {words.moment(ends, facts.now)}")


def _was_rotated(lineage: Lineage, since: datetime, rotations: Iterable[Rotation]) -> bool:
    """Tell whether a rotation was begun since then, by whatever clock, or has not come to its end."""
    if lineage.current.since >= since:
        return True
    last = next((one for one in rotations if one.secret == lineage.secret), None)
    return last is not None and (not last.stage.is_over or last.began >= since - CLOCKS)


def causes(plan: Plan) -> Iterator[Cause]:
    """Yield why lineages are to be rotated now, whether or not they were since: none but to enforce."""
    facts = plan.facts
    if facts.policy.mode is Mode.ENFORCE and facts.kin.lineages:
        for constraint in plan.constraints:
            yield from _reached(constraint, facts)
        yield from _leaks(facts)


def asks(constraint: Constraint) -> tuple[Threshold, ...]:
    """Return the thresholds that a cap has come to at which its keys are to be rotated."""
    ladder = constraint.budget.thresholds if constraint.budget and constraint.spend > 0 else ()
    return tuple(one for one in ladder if one.do in ROTATING and constraint.fraction >= one.at)


def _reached(constraint: Constraint, facts: Facts) -> Iterator[Cause]:
    budget, window, kin = constraint.budget, constraint.window, facts.kin
    steps = asks(constraint)
    if not steps or budget is None or window is None:
        return
    current = sorted(key for key in constraint.members & kin.of.keys() if kin.current(key) == key)
    lineages = tuple(kin.of[key] for key in current if _may_be_rotated(key, facts))
    if not lineages:
        return
    # A successor goes on with the incident of the key that it took the place of.
    subject = kin.root(constraint.subject) if constraint.subject else "*"
    place = f"rotation/{budget.name}/{subject}/{window}/{start(window, facts.now):%Y-%m-%d}"
    why = reasons.spending(constraint, lineages[0].name)
    for step in steps:
        do = Do.ROTATE if step.do is Do.ROTATE else Do.PROPOSE
        yield Cause(f"{place}/{int(step.at * 1000)}", do, why, lineages, constraint)


def _leaks(facts: Facts) -> Iterator[Cause]:
    """Yield the keys that spend out of profile: of a lineage, its present key, or all as one.

    Not one that has a successor, and is still in use: another rotation would change nothing for it.
    """
    kin = facts.kin
    for one in signalled(facts):
        key = one.entry.key
        if one.kind is not Kind.UNUSUAL or key is None or key not in kin.of:
            continue
        lineage, current = kin.of[key], kin.current(key)
        rule = facts.policy.rotation_of(lineage.name)
        is_leaving = key in {old.hash for old in lineage.draining}
        is_of_now = key in (current, kin.root(key)) and not is_leaving
        if rule and rule.on_leak in ROTATING and is_of_now and _may_be_rotated(current, facts):
            figures = one.entry.text.partition("; most by ")[0]
            figures = figures.removeprefix(f"{one.entry.key_name}: ")
            why = f"it may have leaked, at {figures}"
            yield Cause(leak(one.id), rule.on_leak, why, (lineage,))


def leak(signal: str) -> str:
    """Return the incident of a suspicion that rests on a signal, by the signal's."""
    return f"rotation/{signal}"


def _may_be_rotated(key: str, facts: Facts) -> bool:
    """Tell whether a lineage's present key is one that the guard rotates, as far as it knows."""
    seen, lineage = facts.observations.get(key), facts.kin.of[key]
    if seen is None or seen.gone_at or facts.policy.rotation_of(lineage.name) is None:
        return False
    is_off = facts.settings(seen).disabled or facts.freeze_of(key) is not None
    is_known = facts.policy.concerns(seen.key) and not facts.is_stale(seen.key.workspace)
    is_free = facts.release_of(key) is not None or facts.is_protected(key)
    return is_known and not is_off and not is_free
