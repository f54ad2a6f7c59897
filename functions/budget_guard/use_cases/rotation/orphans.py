"""Keys that were made and lost: by their name and their age they are known, and removed."""

from budget_guard.domain.kin import Kin
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.strays import Stray, stray
from budget_guard.use_cases.rotation.rotating import Rotating


def remove_orphans(
    lineage: Lineage, workspace: str, to: Rotating, *, pending: str | None = None
) -> Stray:
    """Delete the keys that were made under the lineage's names and are on no record.

    Nobody has the plaintext of one: it comes with the answer to its creation, and that was lost. Whom
    somebody used, or made earlier, is no orphan, and is returned as doubtful. `pending` is the key
    whose plaintext is put aside. What is another lineage's of the same name is left alone.
    """
    theirs = Kin(to.ledger.lineages(), to.ledger.rotations()).of
    seen = (one for one in to.keys.sightings(workspace) if one.hash not in theirs)
    found = stray(lineage, seen, pending=pending)
    for one in found.orphans:
        to.keys.delete(one.hash)
    return found
