"""What the ledger keeps of the account as it was read: the part of it that a poll needs."""

from collections.abc import Mapping
from typing import Protocol

from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.polls import PollReport, Workspace
from budget_guard.use_cases.leases import Lease, Leasing
from budget_guard.use_cases.listings import Known

type UsageRecord = Observation | Freshness | Workspace | PollReport


class UsageLedger(Leasing, Protocol):
    """The guard's memory of what was read. Methods may raise `LedgerUnavailable`."""

    def observations(self) -> Mapping[str, Observation]:
        """Return what is known of each key, by hash; of the last 31 days' deleted ones too."""
        ...

    def known(self) -> Mapping[str, Known]:
        """Return the same keys, and read of each only what a poll must know."""
        ...

    def observation(self, key: str) -> Observation | None:
        """Return what is known of one key."""
        ...

    def freshness(self) -> Mapping[str, Freshness]:
        """Return when each workspace was last seen completely, by workspace id."""
        ...

    def freshness_of(self, workspace: str) -> Freshness | None:
        """Return when one workspace was last seen completely."""
        ...

    def workspaces(self) -> Mapping[str, Workspace]:
        """Return the workspaces of the last poll that could list them, by id."""
        ...

    def poll_report(self) -> PollReport | None:
        """Return how the last poll ended; None before the first."""
        ...

    def save(self, *records: UsageRecord, lease: Lease | None = None) -> None:
        """Write records whole, each replacing its former self; raise `LeaseLost` without the lease.

        With a lease: up to 98 at a time are written all or none. Without: in batches, in no order.
        """
        ...
