"""What the ledger keeps of what is held of keys, limits and guardrails, and wished of them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from budget_guard.domain.audit import Audit
from budget_guard.domain.holds import Hold
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.leases import Lease, Leasing

type HoldRecord = Hold | Wish | Restriction | RestrictWish | Audit


class HoldLedger(Leasing, Protocol):
    """The guard's memory of holds. Methods may raise `LedgerUnavailable`; writes also `LeaseLost`."""

    def holds(self) -> Mapping[str, Hold]:
        """Return every hold, by key hash."""
        ...

    def hold(self, key: str) -> Hold | None:
        """Return one hold, read consistently."""
        ...

    def wishes(self) -> Mapping[str, Wish]:
        """Return the open wishes, by key hash, read consistently."""
        ...

    def restrictions(self) -> Mapping[str, Restriction]:
        """Return what is held of keys' guardrails, by key hash, read consistently."""
        ...

    def restrict_wishes(self) -> Mapping[str, RestrictWish]:
        """Return what is wished of keys' guardrails, by key hash, read consistently."""
        ...

    def audit(self, key: str) -> Sequence[Audit]:
        """Return the changes made to a key, newest first, at most 100."""
        ...

    def save(
        self, *records: HoldRecord, lease: Lease | None = None, wish: Wish | None = None
    ) -> None:
        """Write records whole, each replacing its former self; with a lease all or none.

        With a wish (and a lease): nothing is written unless that generation of it is still open
        (`WishReplaced`).
        """
        ...

    def finish(self, wish: Wish, *, lease: Lease) -> None:
        """Delete a wish unless a newer generation has replaced it."""
        ...

    def forget(self, *records: Restriction | RestrictWish, lease: Lease) -> None:
        """Delete records, on the same terms as `save`."""
        ...
