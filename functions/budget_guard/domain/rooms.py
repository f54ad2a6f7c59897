"""What every constraint of a lineage leaves to it, when all that others can spend is taken off."""

from collections.abc import Iterator
from dataclasses import replace

from budget_guard.domain.constraints import Constraint, own_limit
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.held import is_ours, kept
from budget_guard.domain.holds import Possible
from budget_guard.domain.lineage import Cap
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.split import Limited, Room
from budget_guard.domain.tally import spent_together


def rooms(facts: Facts, key: str, cap: Cap | None = None) -> tuple[Room, ...]:
    """Return the rooms of a lineage, by the hash of its current key: of each constraint that holds it.

    And of its own limit, and of what a guardrail caps each of its keys at. None binds a key that no
    budget holds and that has no limit of its own. What other keys, earlier generations too, may
    spend of them is counted by the fences that may be in force, wished ones too; for one that has
    none yet, by what this decision would give it.
    """
    plan = decide(facts)
    found = list(_claimed(plan, key))
    seen = facts.observations[key]
    if key not in plan.sharing.by_key and (own := own_limit(seen, facts)):
        found.append(_beside_kin(_room(own, own.left), key, facts))
    if cap:
        room = Room(cap.amount, cap.window, cap.include_byok)
        line = (facts.observations.get(one) for one in facts.kin.hashes(key))
        spent = spent_together(
            [one for one in line if one], room.window, facts, include_byok=room.include_byok
        )
        found.append(_beside_kin(replace(room, left=room.left - spent), key, facts))
    return tuple(found)


def in_force(seen: Observation, facts: Facts) -> Limited:
    """Return every limit that may be in force on a key: of a hold, else the one it was read with."""
    hold, reading = facts.holds.get(seen.key.hash), seen.reading
    possible: tuple[Possible, ...] = (Possible(reading.settings),)
    if hold and is_ours(hold):
        possible = hold.possible(facts.began(seen))
    return Limited(possible, reading.counters, facts.read_at(seen))


def to_stay(seen: Observation, facts: Facts) -> Limited:
    """Return the one limit that a key has when all has settled, if nobody acts."""
    hold, limits = facts.holds.get(seen.key.hash), in_force(seen, facts)
    stays = kept(hold) if hold and is_ours(hold) else None
    return limits._replace(possible=(stays,)) if stays else limits


def _claimed(plan: Plan, key: str) -> Iterator[Room]:
    claims = plan.sharing.by_key
    claim = claims.get(key)
    for place in claim.places if claim else ():
        bound, left = plan.sharing.constraints[place], plan.sharing.lefts[place]
        others = [one for one, other in claims.items() if one != key and place in other.places]
        yield _room(bound, left - sum((_reach(plan, one, place) for one in others), ZERO))


def _room(bound: Constraint, left: Usd) -> Room:
    return Room(left, bound.window, bound.include_byok)


def _beside_kin(room: Room, key: str, facts: Facts) -> Room:
    """Return a room that nobody shares, less what the other generations can still take of it."""
    others = [facts.observations.get(one) for one in facts.kin.others(key)]
    alive = [one for one in others if one and not one.gone_at]
    most = (in_force(one, facts).reaches(room, facts.now) for one in alive)
    return replace(room, left=room.left - sum(most, ZERO))


def _reach(plan: Plan, key: str, place: int) -> Usd:
    """Return the most that another key can still spend of a constraint (USD)."""
    claim, planned = plan.sharing.by_key[key], plan.standings[key].headroom or ZERO
    if claim.reach is None:
        return planned
    most, _ = claim.reach.exposures(plan.sharing.constraints[place])
    return max(most, planned) if claim.is_first else most
