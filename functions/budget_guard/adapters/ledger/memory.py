"""The ledger in this process: for tests, simulations and trying things out."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from budget_guard.adapters.ledger.addresses import Write, writes
from budget_guard.adapters.ledger.cost_reading import CostReader
from budget_guard.adapters.ledger.failures import replaced
from budget_guard.adapters.ledger.layout import Address, expires, place
from budget_guard.adapters.ledger.reading import Reader
from budget_guard.domain.errors import LeaseLost
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Record

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class MemoryLedger(Reader, CostReader):
    """The `Ledger` and `CostLedger` ports, laid out as the table is.

    `clock` tells when records expire; by default none does. Safe to share between threads.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: BEFORE_ALL) -> None:
        self._clock = clock
        self._table: dict[str, dict[str, Record]] = {}
        self._leases: dict[str, Lease] = {}
        self._lock = Lock()

    def acquire(self, lease: Lease, *, now: datetime) -> None:
        """Take the lease; raise `LeaseLost` while another token's has not ended at `now`."""
        with self._lock:
            held = self._leases.get(lease.name)
            if held and held.token != lease.token and held.until > now:
                message = f"Another run holds the lease {lease.name} until {held.until}"
                raise LeaseLost(message)
            self._leases[lease.name] = lease

    def give_back(self, lease: Lease) -> None:
        """End the lease; does nothing if it is another's by now."""
        with self._lock:
            if self._holds(lease):
                del self._leases[lease.name]

    def save(self, *records: Record, lease: Lease | None = None, wish: Wish | None = None) -> None:
        """Write records whole, each replacing its former self; with a lease only under it.

        With a wish: only while that generation of it is open (`WishReplaced`).
        """
        with self._lock:
            self._require(lease)
            found = self._at(Wish, place(wish)) if wish else None
            if wish and (found is None or found.generation != wish.generation):
                raise replaced(wish)
            for group in writes(records):
                for write in group:
                    self._apply(write)

    def forget(self, *records: Record, lease: Lease) -> None:
        """Delete records, under the lease."""
        with self._lock:
            self._require(lease)
            for record in records:
                self._apply(Write(place(record)))

    def finish(self, wish: Wish, *, lease: Lease) -> None:
        """Delete a wish unless a newer generation has replaced it."""
        with self._lock:
            self._require(lease)
            found = self._at(Wish, place(wish))
            if found and found.generation <= wish.generation:
                self._apply(Write(place(wish)))

    def _holds(self, lease: Lease) -> bool:
        held = self._leases.get(lease.name)
        return held is not None and held.token == lease.token

    def _require(self, lease: Lease | None) -> None:
        if lease and not self._holds(lease):
            message = f"The lease {lease.name} is no longer this run's; nothing was written"
            raise LeaseLost(message)

    def _apply(self, write: Write) -> None:
        partition = self._table.setdefault(write.address.pk, {})
        if write.record:
            partition[write.address.sk] = write.record
        else:
            partition.pop(write.address.sk, None)

    def _all[R: Record](self, form: type[R], *pks: str) -> list[R]:
        with self._lock:
            found = [record for pk in pks for record in self._table.get(pk, {}).values()]
        return self._alive(form, found)

    def _at[R: Record](self, form: type[R], place: Address) -> R | None:
        found = self._table.get(place.pk, {}).get(place.sk)
        return next(iter(self._alive(form, [found] if found else [])), None)

    def _newest[R: Record](self, form: type[R], pk: str, most: int) -> list[R]:
        with self._lock:
            found = sorted(self._table.get(pk, {}).items(), reverse=True)
        return self._alive(form, [record for _, record in found])[:most]

    def _alive[R: Record](self, form: type[R], found: list[Record]) -> list[R]:
        now = self._clock()
        records = [record for record in found if isinstance(record, form)]
        return [record for record in records if (ends := expires(record)) is None or ends > now]
