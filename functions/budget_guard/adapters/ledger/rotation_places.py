"""Where lineages and rotations lie; imported, the ledger knows."""

from budget_guard.adapters.ledger.layout import Address, place
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation

LINEAGES = "LINEAGE"
ROTATIONS = "ROTATION"


@place.register
def _(record: Lineage) -> Address:
    return lineage(record.secret)


@place.register
def _(record: Rotation) -> Address:
    return rotation(record.secret)


def lineage(secret: str) -> Address:
    """Return where the lineage of a secret lies."""
    return Address(LINEAGES, secret)


def rotation(secret: str) -> Address:
    """Return where the last rotation of a secret lies."""
    return Address(ROTATIONS, secret)
