"""What every constraint of a lineage leaves to it, when all that others can spend is taken off."""

from collections.abc import Iterator

from budget_guard.domain.constraints import own_limit
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.facts import Facts
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.rotation import Room


def rooms(facts: Facts, key: str) -> tuple[Room, ...]:
    """Return the rooms of a key: of every constraint that holds it now, and of its own limit.

    None binds a key that no budget holds and that has no limit of its own. What the other keys of a
    constraint may spend is counted by the fences that may be in force, wished ones too; for one that
    has none yet, by what this decision would give it.
    """
    plan = decide(facts)
    if key in plan.sharing.by_key:
        return tuple(_claimed(plan, key))
    own = own_limit(facts.observations[key], facts)
    return (Room(own.left, own.window, own.include_byok),) if own else ()


def _claimed(plan: Plan, key: str) -> Iterator[Room]:
    sharing = plan.sharing
    for place in sharing.by_key[key].places:
        bound = sharing.constraints[place]
        others = [
            other
            for other, claim in sharing.by_key.items()
            if other != key and place in claim.places
        ]
        taken = sum((_reach(plan, other, place) for other in others), ZERO)
        yield Room(sharing.lefts[place] - taken, bound.window, bound.include_byok)


def _reach(plan: Plan, key: str, place: int) -> Usd:
    """Return the most that another key can still spend of a constraint (USD)."""
    claim, standing = plan.sharing.by_key[key], plan.standings[key]
    planned = standing.headroom or ZERO
    if claim.reach is None:
        return planned
    most, _ = claim.reach.exposures(plan.sharing.constraints[place])
    return max(most, planned) if claim.is_first else most
