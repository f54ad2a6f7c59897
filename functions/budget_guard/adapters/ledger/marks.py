"""A key's marks of 48 hours as one text: of most keys no poll and no decision looks at them.

`2026-11-18T11 12.5 0.31,2026-11-18T12 13`: the hour (UTC), credits, and BYOK unless it is 0.
"""

import re
from collections.abc import Sequence
from typing import overload

from budget_guard.adapters.ledger.texts import amount, moment, stamp
from budget_guard.domain.keys import Spent
from budget_guard.domain.observations import HourMark

HOUR = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){0,2}(\.\d{6})?"
AMOUNT = r"-?(\d+(\.\d+)?(E[+-]\d+)?|Infinity)"
MARK = f"{HOUR} {AMOUNT}( {AMOUNT})?"
MARKS = re.compile(f"{MARK}(,{MARK})*", re.ASCII)
WHOLE_HOUR = ":00:00"


class PackedMarks(Sequence[HourMark]):
    """At least one mark, each read when it is asked for. Raises `ValueError` for another text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        if not MARKS.fullmatch(text):
            message = "these are no marks of hours"
            raise ValueError(message)
        self.text = text

    @overload
    def __getitem__(self, index: int) -> HourMark: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[HourMark]: ...
    def __getitem__(self, index: int | slice) -> HourMark | Sequence[HourMark]:
        found = self.text.split(",")[index]
        return _read(found) if isinstance(found, str) else tuple(map(_read, found))

    def __len__(self) -> int:
        return self.text.count(",") + 1

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedMarks) and other.text == self.text:
            return True
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def packed(marks: Sequence[HourMark]) -> str:
    """Return the text of marks; of none "", which is not the text of any."""
    return marks.text if isinstance(marks, PackedMarks) else ",".join(map(_written, marks))


def _read(text: str) -> HourMark:
    hour, credits_, *byok = text.split(" ")
    return HourMark(moment(f"{hour}+00:00"), Spent(amount(credits_), amount(*byok or ("0",))))


def _written(mark: HourMark) -> str:
    hour = stamp(mark.hour).removesuffix("+00:00").removesuffix(WHOLE_HOUR)
    spent = [str(mark.spent.credits)]
    if str(mark.spent.byok) != "0":
        spent.append(str(mark.spent.byok))
    return " ".join((hour, *spent))
