"""Who holds which guardrail: at most one for each holder."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

_NAMESPACE = UUID("2f9be0b6-7d0c-4c0b-9e4e-5b1f6f7c8d21")


@dataclass(frozen=True, slots=True)
class Assignment:
    """`holder` (a key's hash, a member's id) has this guardrail since `at`."""

    id: str
    guardrail: str
    holder: str
    at: datetime


@dataclass(slots=True)
class Assignments:
    """Every assignment of one kind of holder, in the order in which they were made."""

    _made: int = 0
    _held: dict[str, Assignment] = field(default_factory=dict)

    def assign(self, guardrail: str, holders: Iterable[str], at: datetime) -> int:
        """Give the guardrail to each holder in place of any other; return how many hold it now.

        Who has it already keeps the assignment as it is, and is counted.
        """
        wanted = dict.fromkeys(holders)
        for holder in wanted:
            if self.of(holder) != guardrail:
                self._held.pop(holder, None)
                self._made += 1
                identity = str(uuid5(_NAMESPACE, f"{holder}/{self._made}"))
                self._held[holder] = Assignment(identity, guardrail, holder, at)
        return len(wanted)

    def remove(self, guardrail: str, holders: Iterable[str]) -> int:
        """Take the guardrail from those holders who have it; return how many had it."""
        had = [holder for holder in dict.fromkeys(holders) if self.of(holder) == guardrail]
        for holder in had:
            del self._held[holder]
        return len(had)

    def forget(self, holder: str) -> None:
        """Take from a holder what it has."""
        self._held.pop(holder, None)

    def of(self, holder: str | None) -> str | None:
        """Return the id of the guardrail that a holder has."""
        held = None if holder is None else self._held.get(holder)
        return None if held is None else held.guardrail

    def holding(self, guardrail: str | None = None) -> list[Assignment]:
        """Return the assignments of one guardrail, or of all."""
        return [one for one in self._held.values() if guardrail in {None, one.guardrail}]
