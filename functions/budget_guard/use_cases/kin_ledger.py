"""What the ledger keeps of lineages: which keys are generations of one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from budget_guard.domain.lineage import Lineage
from budget_guard.domain.rotation import Rotation
from budget_guard.use_cases.usage_ledger import UsageLedger

type KinRecord = Lineage | Rotation


class KinLedger(UsageLedger, Protocol):
    """The guard's memory of keys and their lineages. Methods may raise `LedgerUnavailable`."""

    def lineage(self, secret: str) -> Lineage | None:
        """Return the lineage of a secret."""
        ...

    def lineages(self) -> Mapping[str, Lineage]:
        """Return every lineage, by secret, read consistently."""
        ...

    def rotation(self, secret: str) -> Rotation | None:
        """Return the last rotation of a secret, read consistently."""
        ...

    def rotations(self) -> Sequence[Rotation]:
        """Return the last rotation of each secret, the earliest first."""
        ...
