"""What the ledger keeps of keys' guardrails."""

from collections.abc import Mapping
from typing import Protocol

from budget_guard.domain.audit import Audit
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.use_cases.leases import Lease, Leasing

type RestrictionRecord = Restriction | RestrictWish | Audit


class RestrictionLedger(Leasing, Protocol):
    """The guard's memory of guardrails.

    Methods may raise `LedgerUnavailable`; writes also `LeaseLost`.
    """

    def restrictions(self) -> Mapping[str, Restriction]:
        """Return what is held of keys' guardrails, by key hash, read consistently."""
        ...

    def restrict_wishes(self) -> Mapping[str, RestrictWish]:
        """Return what is wished of keys' guardrails, by key hash, read consistently."""
        ...

    def save(self, *records: RestrictionRecord, lease: Lease | None = None) -> None:
        """Write records whole, each replacing its former self; with a lease all or none."""
        ...

    def forget(self, *records: Restriction | RestrictWish, lease: Lease) -> None:
        """Delete records, on the same terms as `save`."""
        ...
