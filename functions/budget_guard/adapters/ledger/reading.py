"""What both ledgers answer alike, given a table that can be asked for partitions and items."""

from collections.abc import Mapping, Sequence

from budget_guard.adapters.ledger.hold_reading import HoldReader
from budget_guard.adapters.ledger.kin_reading import KinReader
from budget_guard.adapters.ledger.places import OPEN_ALERTS
from budget_guard.adapters.ledger.shared_reading import SharedReader
from budget_guard.domain.alerts import Alert, Incident
from budget_guard.domain.records import Approval, Freeze, Grant, Release


class Reader(KinReader, HoldReader, SharedReader):
    """The reading half of the `Ledger` port."""

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
