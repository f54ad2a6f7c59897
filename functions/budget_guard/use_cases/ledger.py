"""The guard's memory, as the use cases need it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from budget_guard.domain.alerts import Alert, Incident
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.holds import Hold
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.observations import Freshness, Observation
from budget_guard.domain.records import (
    Approval,
    Audit,
    Deployed,
    Freeze,
    Grant,
    PollReport,
    Release,
    SpendRecord,
    Workspace,
)
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.signal import RequestSignals, Signals
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.listings import Known

if TYPE_CHECKING:
    # Only who keeps costs pays for loading what they are made of.
    from budget_guard.use_cases.costs.ledger import CostRecord


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run (`token`) to write for `name`, until a moment of the wall clock."""

    name: str
    token: str
    until: datetime


type BasicRecord = (
    Observation
    | Freshness
    | Workspace
    | PollReport
    | Deployed
    | Hold
    | Wish
    | Incident
    | Alert
    | Grant
    | Release
    | Freeze
    | Approval
    | SpendRecord
    | Audit
    | Signals
    | RequestSignals
    | CostSpend
    | Lineage
    | Rotation
    | Restriction
    | RestrictWish
)
type Record = BasicRecord | CostRecord


class Ledger(Protocol):
    """The guard's memory. Methods may raise `LedgerUnavailable`; writes also `LeaseLost`."""

    def acquire(self, lease: Lease, *, now: datetime) -> None:
        """Take the lease; raise `LeaseLost` while another token's has not ended at `now`."""
        ...

    def give_back(self, lease: Lease) -> None:
        """End the lease; does nothing if it is another's by now."""
        ...

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

    def deployed(self) -> Deployed | None:
        """Return the policy of the last evaluation, and its time; None before the first."""
        ...

    def holds(self) -> Mapping[str, Hold]:
        """Return every hold, by key hash."""
        ...

    def hold(self, key: str) -> Hold | None:
        """Return one hold, read consistently."""
        ...

    def wishes(self) -> Mapping[str, Wish]:
        """Return the open wishes, by key hash, read consistently."""
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

    def audit(self, key: str) -> Sequence[Audit]:
        """Return the changes made to a key, newest first, at most 100."""
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

    def restrictions(self) -> Mapping[str, Restriction]:
        """Return what is held of keys' guardrails, by key hash, read consistently."""
        ...

    def restrict_wishes(self) -> Mapping[str, RestrictWish]:
        """Return what is wished of keys' guardrails, by key hash, read consistently."""
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

    def finish(self, wish: Wish, *, lease: Lease) -> None:
        """Delete a wish unless a newer generation has replaced it."""
        ...
