"""The guard's whole memory, as those need it who decide or tell."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from budget_guard.domain.alerts import Alert, Incident
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.records import Approval, Freeze, Grant, Release, SpendRecord
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.hold_ledger import HoldLedger, HoldRecord
from budget_guard.use_cases.kin_ledger import KinLedger, KinRecord
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.shared_ledger import SharedLedger, SharedRecord
from budget_guard.use_cases.usage_ledger import UsageRecord

if TYPE_CHECKING:
    # Only who keeps costs pays for loading what they are made of.
    from budget_guard.use_cases.costs.ledger import CostRecord


type BasicRecord = (
    UsageRecord
    | KinRecord
    | HoldRecord
    | SharedRecord
    | Incident
    | Alert
    | Grant
    | Release
    | Freeze
    | Approval
    | SpendRecord
)
type Record = BasicRecord | CostRecord


class Ledger(KinLedger, HoldLedger, SharedLedger, Protocol):
    """The guard's memory. Methods may raise `LedgerUnavailable`; writes also `LeaseLost`."""

    def grants(self) -> Sequence[Grant]:
        """Return the grants that began within the last 32 days."""
        ...

    def releases(self) -> Sequence[Release]:
        """Return the releases on record, also those that have ended."""
        ...

    def freezes(self) -> Sequence[Freeze]:
        """Return the freezes on record, also those that have ended."""
        ...

    def approvals(self) -> Sequence[Approval]:
        """Return the last approval by a person, and the last by the guard itself."""
        ...

    def incidents(self) -> Mapping[str, Incident]:
        """Return the open incidents, by id, read consistently."""
        ...

    def unsent(self) -> Sequence[Alert]:
        """Return the alerts that SNS has not taken yet, oldest first, read consistently."""
        ...

    def save(self, *records: Record, lease: Lease | None = None, wish: Wish | None = None) -> None:
        """Write records whole, each replacing its former self.

        With a lease: up to 98 at a time are written all or none, and none without the lease
        (`LeaseLost`). Without: in batches, in no order. With a wish (and a lease): nothing is
        written unless that generation of it is still open (`WishReplaced`).
        """
        ...

    def forget(
        self,
        *records: Incident | Wish | Release | Lineage | Rotation | Restriction | RestrictWish,
        lease: Lease,
    ) -> None:
        """Delete records, on the same terms as `save`."""
        ...
