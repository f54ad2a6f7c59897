"""The ledgers with lineages and rotations, for those who rotate keys or tell of it."""

from collections.abc import Mapping, Sequence

from budget_guard.adapters.ledger import rotation_places
from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.ledger.reading import Reader
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation


class RotationReader(Reader):
    """The reading half of the `RotationLedger` port."""

    def lineage(self, secret: str) -> Lineage | None:
        """Return the lineage of a secret."""
        return self._at(Lineage, rotation_places.lineage(secret))

    def lineages(self) -> Mapping[str, Lineage]:
        """Return every lineage, by secret."""
        return {one.secret: one for one in self._all(Lineage, rotation_places.LINEAGES)}

    def rotation(self, secret: str) -> Rotation | None:
        """Return the last rotation of a secret."""
        return self._at(Rotation, rotation_places.rotation(secret))

    def rotations(self) -> Sequence[Rotation]:
        """Return the last rotation of each secret, the earliest first."""
        found = self._all(Rotation, rotation_places.ROTATIONS)
        return sorted(found, key=lambda one: (one.began, one.secret))


class MemoryRotationLedger(RotationReader, MemoryLedger):
    """The `RotationLedger` port in this process: see `MemoryLedger`."""


class DynamoRotationLedger(RotationReader, DynamoLedger):
    """The `RotationLedger` port on a table: see `DynamoLedger`."""
