"""What both ledgers answer alike of lineages."""

from collections.abc import Mapping, Sequence

from budget_guard.adapters.ledger.kin_places import LINEAGES, ROTATIONS
from budget_guard.adapters.ledger.layout import Address
from budget_guard.adapters.ledger.usage_reading import UsageReader
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation


class KinReader(UsageReader):
    """The reading half of the `KinLedger` port."""

    def lineage(self, secret: str) -> Lineage | None:
        """Return the lineage of a secret."""
        return self._at(Lineage, Address(LINEAGES, secret))

    def lineages(self) -> Mapping[str, Lineage]:
        """Return every lineage, by secret."""
        return {one.secret: one for one in self._all(Lineage, LINEAGES)}

    def rotation(self, secret: str) -> Rotation | None:
        """Return the last rotation of a secret."""
        return self._at(Rotation, Address(ROTATIONS, secret))

    def rotations(self) -> Sequence[Rotation]:
        """Return the last rotation of each secret, the earliest first."""
        return sorted(self._all(Rotation, ROTATIONS), key=lambda one: (one.began, one.secret))
