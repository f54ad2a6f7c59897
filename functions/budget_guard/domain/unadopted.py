"""Keys that the budgets file wants rotated, and that are in no secret: they cannot be."""

from budget_guard.domain.facts import Facts
from budget_guard.domain.keys import Key


def unadopted(facts: Facts) -> tuple[Key, ...]:
    """Return the keys that a rule of rotation is for and that have no lineage, by name.

    Not those that nobody needs to rotate: gone, disabled, protected, or out of the guard's scope;
    nor what a rotation left behind, which is swept.
    """
    policy = facts.policy
    left_behind = {asked.name for one in facts.kin.lineages.values() for asked in one.asked}
    found = (
        seen.key
        for key, seen in facts.observations.items()
        if policy.rotation_of(seen.key.name)
        and key not in facts.kin.of
        and seen.key.name not in left_behind
        and not (seen.gone_at or facts.settings(seen).disabled or facts.is_protected(key))
        and policy.concerns(seen.key)
    )
    return tuple(sorted(found, key=lambda one: (one.name, one.hash)))
