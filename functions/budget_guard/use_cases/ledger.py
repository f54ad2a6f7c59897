"""The guard's whole memory, as those need it who decide or tell."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from budget_guard.domain.alerts import Alert, Incident
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.records import Approval, Deployed, Freeze, Grant, Release, SpendRecord
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.signal import RequestSignals, Signals
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.hold_ledger import HoldLedger, HoldRecord
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.restricting.ledger import RestrictionLedger, RestrictionRecord
from budget_guard.use_cases.usage_ledger import UsageLedger, UsageRecord

if TYPE_CHECKING:
    # Only who keeps costs pays for loading what they are made of.
    from budget_guard.use_cases.costs.ledger import CostRecord


type BasicRecord = (
    UsageRecord
    | HoldRecord
    | RestrictionRecord
    | Deployed
    | Incident
    | Alert
    | Grant
    | Release
    | Freeze
    | Approval
    | SpendRecord
    | Signals
    | RequestSignals
    | CostSpend
    | Lineage
    | Rotation
)
type Record = BasicRecord | CostRecord


class Ledger(UsageLedger, HoldLedger, RestrictionLedger, Protocol):
    """The guard's memory. Methods may raise `LedgerUnavailable`; writes also `LeaseLost`."""

    def deployed(self) -> Deployed | None:
        """Return the policy of the last evaluation, and its time; None before the first."""
        ...

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

    def signals(self) -> Signals | None:
        """Return what the last poll of costs found; None before the first."""
        ...

    def request_signals(self) -> RequestSignals | None:
        """Return what the last poll of generations found; None before the first."""
        ...

    def cost_spends(self) -> Mapping[str, CostSpend]:
        """Return what the budgets that count costs have spent, by the budget's name."""
        ...

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

    def save(self, *records: Record, lease: Lease | None = None, wish: Wish | None = None) -> None:
        """Write records whole, each replacing its former self.

        With a lease: up to 98 at a time are written all or none, and none without the lease
        (`LeaseLost`). Without: in batches, in no order. With a wish (and a lease): nothing is
        written unless that generation of it is still open (`WishReplaced`).
        """
        ...

    def forget(
        self, *records: Incident | Wish | Release | Restriction | RestrictWish, lease: Lease
    ) -> None:
        """Delete records, on the same terms as `save`."""
        ...
