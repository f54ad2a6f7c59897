"""What those who read records need of a table: its partitions and items."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from budget_guard.adapters.ledger.layout import Address

if TYPE_CHECKING:
    from budget_guard.use_cases.ledger import Record


class Table(ABC):
    """A table of records. Expired ones are never returned."""

    @abstractmethod
    def _all[R: Record](self, form: type[R], *pks: str) -> Iterable[R]:
        """Return the records of whole partitions."""

    @abstractmethod
    def _at[R: Record](self, form: type[R], place: Address) -> R | None:
        """Return the record at one address."""

    @abstractmethod
    def _newest[R: Record](self, form: type[R], pk: str, most: int) -> Sequence[R]:
        """Return the last records of a partition in descending order of sk."""
