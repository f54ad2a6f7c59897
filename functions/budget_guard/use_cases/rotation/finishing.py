"""The last step: who asks for the secret from now on gets the new key."""

from dataclasses import replace

from budget_guard.domain.errors import RotationFailed
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.rotating import Rotating


def finish(rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    """Move the secret on, then the lineage: the old key drains."""
    if rotation.stage is Stage.DONE:
        return
    if rotation.stage is not Stage.PROVEN:
        message = f"{rotation.name} was not proven; the secret stays with its predecessor."
        raise RotationFailed(message)
    to.vault.promote(rotation.secret, rotation.token)
    record_move(rotation, lineage, lease, to)


def record_move(rotation: Rotation, lineage: Lineage, lease: Lease, to: Rotating) -> None:
    """Write down that the secret holds the new key."""
    moved = lineage.moved_to(rotation.new or "", to.clock()) if rotation.new else lineage
    to.ledger.save(replace(rotation, stage=Stage.DONE), moved, lease=lease)
