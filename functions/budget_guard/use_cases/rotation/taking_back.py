"""What follows a failure: the secret stays as it is, the new key goes, the old one gets its own back."""

from contextlib import suppress
from dataclasses import replace

from budget_guard.domain.errors import ManagementKeyError, ProviderError, SecretGone
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation, Stage
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.carrying import drop
from budget_guard.use_cases.rotation.deleting import delete_key
from budget_guard.use_cases.rotation.finishing import record_move
from budget_guard.use_cases.rotation.money import put_back
from budget_guard.use_cases.rotation.orphans import remove_orphans
from budget_guard.use_cases.rotation.rotating import Rotating


def take_back(
    rotation: Rotation, lineage: Lineage, why: str, lease: Lease, to: Rotating
) -> Rotation:
    """Undo what a rotation did, in steps that can be repeated; `why` is for people.

    Where the secret has moved on already, nothing is undone: applications use the new key. One that
    was deleted holds nothing: who has a key of it has the old one.
    """
    if _in_use(rotation, to) == rotation.token:
        record_move(rotation, lineage, lease, to)
        return replace(rotation, stage=Stage.DONE)
    failing = replace(rotation, stage=Stage.FAILING, failure=rotation.failure or why)
    to.ledger.save(failing, lease=lease)
    for new in {rotation.new, _put_aside(rotation, to)} - {None, rotation.old}:
        # The old key waits for its money: a list that is left as it is is mended by the next one.
        with suppress(ProviderError, ManagementKeyError):
            drop(str(new), rotation.workspace, to)
        delete_key(str(new), lease, to)
    remove_orphans(lineage, rotation.workspace, to)
    with suppress(SecretGone):
        to.vault.drop_pending(rotation.secret, rotation.token)
    put_back(rotation, lineage, to)
    failed = replace(failing, stage=Stage.FAILED)
    to.ledger.save(failed, lease=lease)
    return failed


def _in_use(rotation: Rotation, to: Rotating) -> str | None:
    try:
        return to.vault.in_use(rotation.secret)
    except SecretGone:
        return None


def _put_aside(rotation: Rotation, to: Rotating) -> str | None:
    """Return the hash of the key whose plaintext was put aside."""
    try:
        kept = to.vault.version(rotation.secret, rotation.token)
    except SecretGone:
        return None
    return kept.hash if kept else None
