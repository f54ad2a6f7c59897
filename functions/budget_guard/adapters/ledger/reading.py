"""What both ledgers answer alike, given a table that can be asked for partitions and items."""

from collections.abc import Mapping, Sequence

from budget_guard.adapters.ledger.hold_reading import HoldReader
from budget_guard.adapters.ledger.layout import Address
from budget_guard.adapters.ledger.places import (
    COST_SPENDS,
    DEPLOYED,
    LINEAGES,
    OPEN_ALERTS,
    REQUEST_SIGNALS,
    ROTATIONS,
    SIGNALS,
)
from budget_guard.adapters.ledger.usage_reading import UsageReader
from budget_guard.domain.alerts import Alert, Incident
from budget_guard.domain.cost_spends import CostSpend
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.records import Approval, Deployed, Freeze, Grant, Release
from budget_guard.domain.rotation import Rotation
from budget_guard.domain.signals.signal import RequestSignals, Signals


class Reader(UsageReader, HoldReader):
    """The reading half of the `Ledger` port."""

    def deployed(self) -> Deployed | None:
        """Return the policy of the last evaluation, and its time; None before the first."""
        return self._at(Deployed, DEPLOYED)

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
