"""What every constraint of a lineage leaves to it, when all that others can spend is taken off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from budget_guard.domain.constraints import Constraint, own_limit
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Possible
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.reach import is_ours
from budget_guard.domain.split import Cap, Limited, Room
from budget_guard.domain.tally import spent


@dataclass(frozen=True, slots=True)
class Kin:
    """A lineage's current key, the generations `before` it, and what a guardrail caps it at."""

    key: str
    before: Sequence[str] = ()
    cap: Cap | None = None


def rooms(facts: Facts, kin: Kin) -> tuple[Room, ...]:
    """Return the rooms of a lineage: of each constraint that holds its key now, and its own limits.

    None binds a key that no budget holds and that has no limit of its own. What the other keys of a
    constraint may spend is counted by the fences that may be in force, wished ones too; for one that
    has none yet, by what this decision would give it. What concerns the key alone, concerns the
    generations before it too.
    """
    plan = decide(facts)
    found = list(_claimed(plan, kin))
    if kin.key not in plan.sharing.by_key:
        own = own_limit(facts.observations[kin.key], facts)
        found += [_less(_room(own, own.left), kin, facts)] if own else []
    if kin.cap:
        seen = facts.observations[kin.key]
        room = Room(kin.cap.amount, kin.cap.window, kin.cap.include_byok)
        found.append(_less(room, kin, facts, _spent(seen, room, facts)))
    return tuple(found)


def in_force(seen: Observation, facts: Facts) -> Limited:
    """Return every limit that may be in force on a key: of a hold, else the one it was read with."""
    hold, reading = facts.holds.get(seen.key.hash), seen.reading
    possible: tuple[Possible, ...] = (Possible(reading.settings),)
    if hold and is_ours(hold):
        possible = hold.possible(facts.began(seen))
    return Limited(possible, reading.counters, facts.read_at(seen))


def _claimed(plan: Plan, kin: Kin) -> Iterator[Room]:
    claims, facts = plan.sharing.by_key, plan.facts
    claim = claims.get(kin.key)
    for place in claim.places if claim else ():
        bound, left = plan.sharing.constraints[place], plan.sharing.lefts[place]
        others = [one for one, other in claims.items() if one != kin.key and place in other.places]
        room = _room(bound, left - sum((_reach(plan, one, place) for one in others), ZERO))
        yield _less(room, kin, facts) if _is_own(bound) else room


def _is_own(bound: Constraint) -> bool:
    """Tell whether a constraint is about one key, whichever there are: its successor has another."""
    return bound.budget is None or bound.subject is not None


def _room(bound: Constraint, left: Usd) -> Room:
    return Room(left, bound.window, bound.include_byok)


def _less(room: Room, kin: Kin, facts: Facts, spent_by_key: Usd = ZERO) -> Room:
    """Return a room of the key's own, less what the generations before it took and can take of it."""
    taken = spent_by_key
    for one in kin.before:
        if seen := facts.observations.get(one):
            taken += _spent(seen, room, facts)
            if not seen.gone_at:
                taken += in_force(seen, facts).reaches(room, facts.now)
    return Room(room.left - taken, room.window, room.include_byok)


def _spent(seen: Observation, room: Room, facts: Facts) -> Usd:
    reading = seen.reading
    return spent(
        reading.counters, reading.at, room.window, include_byok=room.include_byok, now=facts.now
    )


def _reach(plan: Plan, key: str, place: int) -> Usd:
    """Return the most that another key can still spend of a constraint (USD)."""
    claim, planned = plan.sharing.by_key[key], plan.standings[key].headroom or ZERO
    if claim.reach is None:
        return planned
    most, _ = claim.reach.exposures(plan.sharing.constraints[place])
    return max(most, planned) if claim.is_first else most
