"""What the ordinary loop does for rotations: what was left half done, and keys that came late."""

from dataclasses import dataclass
from datetime import timedelta

from budget_guard.domain.errors import LeaseLost
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.strays import Sighting
from budget_guard.use_cases.rotation.orphans import remove_orphans
from budget_guard.use_cases.rotation.rotating import Rotating, alone
from budget_guard.use_cases.rotation.taking_back import take_back

PATIENCE = timedelta(hours=1)
"""Within this Secrets Manager has tried a step again, if it does."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: rotations that it ended, keys that it removed, keys that people must judge."""

    ended: tuple[Rotation, ...] = ()
    removed: tuple[Sighting, ...] = ()
    doubtful: tuple[Sighting, ...] = ()


def sweep(to: Rotating) -> Swept:
    """End rotations that nobody goes on with, and remove keys that were made and lost.

    A creation may take effect long after its answer was lost. Lineages that somebody rotates just
    now are left alone.
    """
    found = [_swept(one, to) for one in to.ledger.lineages().values()]
    return Swept(
        ended=tuple(one for swept in found for one in swept.ended),
        removed=tuple(one for swept in found for one in swept.removed),
        doubtful=tuple(one for swept in found for one in swept.doubtful),
    )


def _swept(lineage: Lineage, to: Rotating) -> Swept:
    rotation = to.ledger.rotation(lineage.secret)
    is_open = rotation is not None and not rotation.stage.is_over
    if is_open and rotation and to.now - rotation.began < PATIENCE:
        return Swept()
    if not is_open and not _is_suspicious(lineage, to):
        return Swept()
    try:
        with alone(lineage.secret, to) as lease:
            ended: tuple[Rotation, ...] = ()
            if is_open and rotation:
                ended = (take_back(rotation, lineage, "nobody went on with it", lease, to),)
            now = to.ledger.lineage(lineage.secret) or lineage
            found = remove_orphans(now, lineage.workspace, to)
            return Swept(ended, found.orphans, found.doubtful)
    except LeaseLost:
        return Swept()


def _is_suspicious(lineage: Lineage, to: Rotating) -> bool:
    """Tell whether a poll saw a key under a name that was asked for, and that is on no record."""
    names = {one.name for one in lineage.asked}
    return any(
        one.key.name in names and not one.gone_at and not lineage.knows(one.key.hash)
        for one in to.ledger.observations().values()
    )
