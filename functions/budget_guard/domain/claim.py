"""What a key brings to the sharing, and what it gets (rules 4, 6 and 7)."""

from enum import StrEnum
from typing import NamedTuple

from budget_guard.domain.holds import Hold
from budget_guard.domain.money import CENT, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.reach import Reach


class Move(StrEnum):
    """What becomes of a key's fence."""

    FIRST = "first"
    LOWER = "lower"
    RAISE = "raise"
    KEEP = "keep"


class Claim(NamedTuple):
    """A key that is to be fenced, as it was seen and is held, and the places of what binds it.

    `common` are those of all its group, `own` those that bind nobody else. `reach` is None where no
    fence is on it yet. `allowed` (USD) is what its fence leaves it; `is_plain`: of each of its
    constraints, whatever comes true. It is short below `short_below`. `is_off`: nothing is to be
    spent by it. `is_stuck`: its fence cannot be moved at present. `is_eager`: a person has just
    given it more. `is_first`: it has no fence yet that could stay. `is_divided`: a rotation divides
    its money; its fence comes down where it must, and does not go up.
    """

    seen: Observation
    hold: Hold | None
    common: tuple[int, ...]
    weight: Usd
    reach: Reach | None
    allowed: Usd
    short_below: Usd
    own: tuple[int, ...] = ()
    is_plain: bool = False
    is_off: bool = False
    is_stuck: bool = False
    is_eager: bool = False
    is_first: bool = False
    is_divided: bool = False

    @property
    def places(self) -> tuple[int, ...]:
        """Return the places of all that binds the key, its own limit last."""
        return tuple(sorted(self.common + self.own)) if self.own else self.common

    @property
    def is_short(self) -> bool:
        """Tell whether the key must not wait: rule 7's short, a first fence, a person's word."""
        return self.is_first or self.is_eager or self.allowed < self.short_below

    def asks(self, due: Usd) -> bool:
        """Tell whether a larger share is due to the key, and it is short or soon will be.

        Who asks soon is raised before all are short at once; for that the share must have doubled.
        """
        more = due - self.allowed
        if self.is_off or self.is_divided or more < CENT:
            return False
        if self.is_eager:
            return True
        if self.allowed < self.short_below:
            return more >= self.allowed / 4
        return more >= self.allowed and self.allowed < 2 * self.short_below


class Allotment(NamedTuple):
    """What a key may spend from its observation on (USD), what it is due, and what binds it."""

    move: Move
    headroom: Usd
    share: Usd
    bound_by: int
