"""What both ledgers answer alike, given a table that can be asked for partitions and items."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from budget_guard.adapters.ledger.addresses import (
    COST_SPENDS,
    DEPLOYED,
    LAST_POLL,
    LINEAGES,
    OPEN_ALERTS,
    REQUEST_SIGNALS,
    ROTATIONS,
    SIGNALS,
    audit_partition,
    freshness_address,
    hold_address,
    observation_address,
    partitions,
)
from budget_guard.adapters.ledger.layout import Address
from budget_guard.adapters.ledger.restriction_places import RESTRICT_WISHES, RESTRICTIONS
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
    Workspace,
)
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.signal import RequestSignals, Signals
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.ledger import Record
from budget_guard.use_cases.listings import Known

AUDIT_SHOWN = 100


class Reader(ABC):
    """The reading half of the `Ledger` port. Expired records are never returned."""

    @abstractmethod
    def _all[R: Record](self, form: type[R], *pks: str) -> Iterable[R]:
        """Return the records of whole partitions."""

    @abstractmethod
    def _at[R: Record](self, form: type[R], place: Address) -> R | None:
        """Return the record at one address."""

    @abstractmethod
    def _newest[R: Record](self, form: type[R], pk: str, most: int) -> Sequence[R]:
        """Return the last records of a partition in descending order of sk."""

    def observations(self) -> Mapping[str, Observation]:
        """Return what is known of each key, by hash; of the last 31 days' deleted ones too."""
        return {one.key.hash: one for one in self._all(Observation, *partitions("OBS"))}

    def known(self) -> Mapping[str, Known]:
        """Return the same keys, and read of each only what a poll must know."""
        return {one.key.hash: Known.of(one) for one in self._all(Observation, *partitions("OBS"))}

    def observation(self, key: str) -> Observation | None:
        """Return what is known of one key."""
        return self._at(Observation, observation_address(key))

    def freshness(self) -> Mapping[str, Freshness]:
        """Return when each workspace was last seen completely, by workspace id."""
        return {one.workspace: one for one in self._all(Freshness, "FRESHNESS")}

    def freshness_of(self, workspace: str) -> Freshness | None:
        """Return when one workspace was last seen completely."""
        return self._at(Freshness, freshness_address(workspace))

    def workspaces(self) -> Mapping[str, Workspace]:
        """Return the workspaces on record, by id."""
        return {one.id: one for one in self._all(Workspace, "WORKSPACE")}

    def poll_report(self) -> PollReport | None:
        """Return how the last poll ended; None before the first."""
        return self._at(PollReport, LAST_POLL)

    def deployed(self) -> Deployed | None:
        """Return the policy of the last evaluation, and its time; None before the first."""
        return self._at(Deployed, DEPLOYED)

    def holds(self) -> Mapping[str, Hold]:
        """Return every hold, by key hash."""
        return {one.key: one for one in self._all(Hold, *partitions("HOLD"))}

    def hold(self, key: str) -> Hold | None:
        """Return one hold."""
        return self._at(Hold, hold_address(key))

    def wishes(self) -> Mapping[str, Wish]:
        """Return the open wishes, by key hash."""
        return {one.key: one for one in self._all(Wish, *partitions("WISH"))}

    def grants(self) -> Sequence[Grant]:
        """Return every grant that has not been over for 62 days, the earliest first."""
        return sorted(self._all(Grant, "GRANT"), key=lambda one: (one.begins, one.id))

    def releases(self) -> Sequence[Release]:
        """Return the releases on record, also those that have ended, the earliest first."""
        return sorted(self._all(Release, "RELEASE"), key=lambda one: (one.at, one.key or ""))

    def freezes(self) -> Sequence[Freeze]:
        """Return the freezes on record, also those that have ended, the earliest first."""
        return sorted(self._all(Freeze, "FREEZE"), key=lambda one: (one.at, one.key))

    def approvals(self) -> Sequence[Approval]:
        """Return the last approval by a person, and the last by the guard, the earlier first."""
        return sorted(self._all(Approval, "APPROVAL"), key=lambda one: one.at)

    def incidents(self) -> Mapping[str, Incident]:
        """Return the open incidents, by id."""
        return {one.id: one for one in self._all(Incident, "INCIDENT")}

    def unsent(self) -> Sequence[Alert]:
        """Return the alerts that SNS has not taken yet, prepared or pending, oldest first."""
        return sorted(self._all(Alert, OPEN_ALERTS), key=lambda one: (one.at, one.event_id))

    def audit(self, key: str) -> Sequence[Audit]:
        """Return the changes made to a key, newest first, at most 100."""
        return self._newest(Audit, audit_partition(key), AUDIT_SHOWN)

    def signals(self) -> Signals | None:
        """Return what the last poll of costs found; None before the first."""
        return self._at(Signals, SIGNALS)

    def request_signals(self) -> RequestSignals | None:
        """Return what the last poll of generations found; None before the first."""
        return self._at(RequestSignals, REQUEST_SIGNALS)

    def cost_spends(self) -> Mapping[str, CostSpend]:
        """Return what the budgets that count costs have spent, by the budget's name."""
        return {one.budget: one for one in self._all(CostSpend, COST_SPENDS)}

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

    def restrictions(self) -> Mapping[str, Restriction]:
        """Return what is held of keys' guardrails, by key hash."""
        return {one.key: one for one in self._all(Restriction, RESTRICTIONS)}

    def restrict_wishes(self) -> Mapping[str, RestrictWish]:
        """Return what is wished of keys' guardrails, by key hash."""
        return {one.key: one for one in self._all(RestrictWish, RESTRICT_WISHES)}
