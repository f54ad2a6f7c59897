"""The second step: what hangs on the old key's hash comes to hang on the new one's too."""

from dataclasses import replace

from budget_guard.domain.constraints import guardrail_cap
from budget_guard.domain.errors import KeyGone, ProviderRejected
from budget_guard.domain.facts import Facts
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.restricting.carrying import carried
from budget_guard.use_cases.rotation.ports import KeyList
from budget_guard.use_cases.rotation.rotating import Rotating, changing


def carry(rotation: Rotation, new: str, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    """Assign the guardrail, and add the new hash to the lists that have the old one.

    The guardrail's budget is kept with the lineage: OpenRouter would give it to the new key anew.
    """
    if rotation.stage.reaches(Stage.CARRIED):
        return
    for one in to.keys.lists(rotation.workspace):
        if rotation.old in one.keys and new not in one.keys:
            _write(replace(one, keys=(*one.keys, new)), to)
    # Between the look at the old key's guardrail and the record `enforce` may restrict neither.
    with changing(to):
        guardrail = to.keys.guardrail(rotation.old)
        if guardrail is not None and to.keys.guardrail(new) != guardrail:
            to.keys.assign(guardrail.id, new)
        known = carried(rotation.old, new, guardrail.id if guardrail else None, to.ledger, to.now)
        capped = replace(lineage, cap=guardrail.cap if guardrail else None)
        to.ledger.save(rotation.at(Stage.CARRIED), capped, *known, lease=lease)


def look_at_cap(lineage: Lineage, facts: Facts, lease: Lease, to: Rotating) -> None:
    """Keep with a lineage what the guardrail of its key in use allows now, if that matters.

    It does while two generations are counted together, and where the guard may restrict: people
    change guardrails, and so does it. Without one, or with one that has no budget, none is kept.
    """
    key = lineage.current.hash
    is_restricted = bool(lineage.draining) and key in facts.restrictions
    if not is_restricted and guardrail_cap(key, facts) is None:
        return
    has = to.keys.guardrail(key)
    cap = has.cap if has else None
    if cap != lineage.cap:
        to.ledger.save(replace(lineage, cap=cap), lease=lease)


def drop(key: str, workspace: str, to: Rotating) -> None:
    """Take a hash from the lists that have it: one with a deleted key in it cannot be changed any more.

    The last one stays: a list without keys would be for every key.
    """
    for one in to.keys.lists(workspace):
        rest = tuple(other for other in one.keys if other != key)
        if rest and key in one.keys:
            _write(replace(one, keys=rest), to)


def _write(changed: KeyList, to: Rotating) -> None:
    """Write a list; where it is refused, once more without the keys that are no more."""
    try:
        to.keys.write(changed)
    except ProviderRejected:
        alive = tuple(one for one in changed.keys if _exists(one, to))
        if alive == changed.keys or not alive:
            raise
        to.keys.write(replace(changed, keys=alive))


def _exists(key: str, to: Rotating) -> bool:
    try:
        to.openrouter.key(key)
    except KeyGone:
        return False
    return True
