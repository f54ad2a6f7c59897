"""A key's marks of 48 hours as one text: of most keys no poll and no decision looks at them.

`2026-11-18T11 12.5 0.31,2026-11-18T12 13`: the hour (UTC), credits, and BYOK unless it is 0.
"""

from collections.abc import Sequence
from typing import overload

from budget_guard.adapters.ledger.texts import BROKEN, moment, spent, spent_text, stamp
from budget_guard.domain.errors import LedgerError
from budget_guard.domain.observations import HourMark

WHOLE_HOUR = ":00:00"


class PackedMarks(Sequence[HourMark]):
    """At least one mark of the key `of`, each read when it is asked for.

    Raises `LedgerError` then if it cannot be read.
    """

    __slots__ = ("_of", "text")

    def __init__(self, text: str, of: str) -> None:
        self.text, self._of = text, of

    @overload
    def __getitem__(self, index: int) -> HourMark: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[HourMark]: ...
    def __getitem__(self, index: int | slice) -> HourMark | Sequence[HourMark]:
        found = self.text.split(",")[index]
        return self._read(found) if isinstance(found, str) else tuple(map(self._read, found))

    def __len__(self) -> int:
        return self.text.count(",") + 1

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedMarks) and other.text == self.text:
            return True
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def _read(self, text: str) -> HourMark:
        try:
            hour, _, credits_and_byok = text.partition(" ")
            return HourMark(moment(f"{hour}+00:00"), spent(credits_and_byok))
        except BROKEN as error:
            message = (
                f"The ledger's observation of the key {self._of} has no readable mark of an hour "
                f"in {text[:60]!r}; nothing was concluded from it. Repair or delete the item."
            )
            raise LedgerError(message) from error


def packed(marks: Sequence[HourMark]) -> str:
    """Return the text of marks; of none "", which is not the text of any."""
    return marks.text if isinstance(marks, PackedMarks) else ",".join(map(_written, marks))


def _written(mark: HourMark) -> str:
    hour = stamp(mark.hour).removesuffix("+00:00").removesuffix(WHOLE_HOUR)
    return f"{hour} {spent_text(mark.spent)}"
