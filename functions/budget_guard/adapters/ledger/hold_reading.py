"""What both ledgers answer alike of what is held, and wished, of keys and their guardrails."""

from collections.abc import Mapping, Sequence

from budget_guard.adapters.ledger.hold_places import audit_partition, hold_address
from budget_guard.adapters.ledger.layout import partitions
from budget_guard.adapters.ledger.restriction_places import RESTRICT_WISHES, RESTRICTIONS
from budget_guard.adapters.ledger.table import Table
from budget_guard.domain.audit import Audit
from budget_guard.domain.holds import Hold
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.wishes import Wish

AUDIT_SHOWN = 100


class HoldReader(Table):
    """The reading half of the `HoldLedger` port."""

    def holds(self) -> Mapping[str, Hold]:
        """Return every hold, by key hash."""
        return {one.key: one for one in self._all(Hold, *partitions("HOLD"))}

    def hold(self, key: str) -> Hold | None:
        """Return one hold."""
        return self._at(Hold, hold_address(key))

    def wishes(self) -> Mapping[str, Wish]:
        """Return the open wishes, by key hash."""
        return {one.key: one for one in self._all(Wish, *partitions("WISH"))}

    def audit(self, key: str) -> Sequence[Audit]:
        """Return the changes made to a key, newest first, at most 100."""
        return self._newest(Audit, audit_partition(key), AUDIT_SHOWN)

    def restrictions(self) -> Mapping[str, Restriction]:
        """Return what is held of keys' guardrails, by key hash."""
        return {one.key: one for one in self._all(Restriction, RESTRICTIONS)}

    def restrict_wishes(self) -> Mapping[str, RestrictWish]:
        """Return what is wished of keys' guardrails, by key hash."""
        return {one.key: one for one in self._all(RestrictWish, RESTRICT_WISHES)}
