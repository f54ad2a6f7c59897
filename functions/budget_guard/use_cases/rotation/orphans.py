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
    whose plaintext is put aside. What is another lineage's of the same name is left alone, and what
    may be: a key that is listed was made after its rotation was written down, so that is read last.
    """
    sightings = to.keys.sightings(workspace)
    kin = Kin(to.ledger.lineages(), to.ledger.rotations())
    made = {one.name for one in kin.open if one.secret != lineage.secret and one.new is None}
    seen = (one for one in sightings if one.hash not in kin.of and one.name not in made)
    found = stray(lineage, seen, pending=pending)
    for one in found.orphans:
        to.keys.delete(one.hash)
    return found
