"""What the ordinary loop does for rotations: what was left half done, and keys that came late."""

from dataclasses import dataclass

from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.observations import Observation
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.strays import Sighting
from budget_guard.domain.upkeep import is_forsaken, unrecorded
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.orphans import remove_orphans
from budget_guard.use_cases.rotation.rotating import Rotating, alone, apart
from budget_guard.use_cases.rotation.taking_back import take_back


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: rotations that it ended, keys that it removed, keys that people must judge.

    `problems` is what it could not do.
    """

    ended: tuple[Rotation, ...] = ()
    removed: tuple[Sighting, ...] = ()
    doubtful: tuple[Sighting, ...] = ()
    problems: tuple[str, ...] = ()


def sweep(to: Rotating) -> Swept:
    """End rotations that nobody goes on with, and remove keys that were made and lost.

    A creation may take effect long after its answer was lost. Lineages that somebody rotates just
    now are left alone; what fails for one keeps no other.
    """
    lineages, rotations = to.ledger.lineages(), to.ledger.rotations()
    observations = to.ledger.observations()
    unknown = unrecorded(Kin(lineages, rotations), observations)
    places = {(one.key.workspace, one.key.name) for one in unknown}
    opened = {one.secret: one for one in rotations if not one.stage.is_over}
    found: list[Swept] = []
    problems: list[str] = []
    for secret, lineage in lineages.items():
        rotation = opened.get(secret)
        asked = ((lineage.workspace, one.name) for one in lineage.asked)
        is_suspect = not places.isdisjoint(asked)
        old = observations.get(lineage.current.hash)
        if is_forsaken(rotation, old, to.now) if rotation else is_suspect:
            with apart(problems), alone(secret, to) as lease:
                found.append(_swept(lineage, old, lease, to))
    return Swept(
        ended=tuple(one for swept in found for one in swept.ended),
        removed=tuple(one for swept in found for one in swept.removed),
        doubtful=tuple(one for swept in found for one in swept.doubtful),
        problems=tuple(problems),
    )


def _swept(lineage: Lineage, old: Observation | None, lease: Lease, to: Rotating) -> Swept:
    """Sweep by what is on record now that nobody else writes."""
    rotation = to.ledger.rotation(lineage.secret)
    ended: tuple[Rotation, ...] = ()
    if rotation and not rotation.stage.is_over:
        if not is_forsaken(rotation, old, to.now):
            return Swept()
        ended = (take_back(rotation, lineage, "nobody went on with it", lease, to),)
    now = to.ledger.lineage(lineage.secret) or lineage
    found = remove_orphans(now, lineage.workspace, to)
    return Swept(ended, found.orphans, found.doubtful)
