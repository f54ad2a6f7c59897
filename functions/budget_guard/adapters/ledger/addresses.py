"""Which items saving a record writes, and what lies there that is no record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budget_guard.adapters.ledger.layout import Address, first_place, place, second_place

if TYPE_CHECKING:
    from budget_guard.use_cases.ledger import Record


@dataclass(frozen=True, slots=True)
class Write:
    """What an address is to hold: a record, or nothing any more."""

    address: Address
    record: "Record | None" = None


def lease_address(name: str) -> Address:
    """Return where the lease of that name lies."""
    return Address("LEASE", name)


def writes(records: "Iterable[Record]") -> Iterator[tuple[Write, ...]]:
    """Yield what saving `records` writes, as groups that must not be torn apart.

    Of two records with one identity the later counts.
    """
    last = {first_place(record): record for record in records}
    for first, record in last.items():
        target, second = place(record), second_place(record)
        moved = () if target == first else (Write(first),)
        also = (Write(second, record),) if second else ()
        yield (*moved, *also, Write(target, record))
