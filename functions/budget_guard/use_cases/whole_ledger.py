"""The guard's whole memory with the costs, for those who show people everything."""

from typing import Protocol

from budget_guard.domain.alerts import Incident
from budget_guard.domain.daily import DayTouched
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.records import Release
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Ledger


class WholeLedger(Ledger, CostLedger, Protocol):
    """The guard's whole memory."""

    def forget(
        self,
        *records: Incident
        | Wish
        | Release
        | Lineage
        | Rotation
        | Restriction
        | RestrictWish
        | DayTouched,
        lease: Lease,
    ) -> None:
        """Delete records, on the same terms as `save`."""
        ...
