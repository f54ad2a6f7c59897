"""Where lineages lie, and their rotations; imported, the ledger knows."""

from budget_guard.adapters.ledger.layout import Address, place
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation

LINEAGES = "LINEAGE"
ROTATIONS = "ROTATION"


@place.register(Lineage)
def _(record: Lineage) -> Address:
    return Address(LINEAGES, record.secret)


@place.register(Rotation)
def _(record: Rotation) -> Address:
    return Address(ROTATIONS, record.secret)
