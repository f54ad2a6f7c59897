"""What a single generation tells: whether it fell back, was for nothing, led to a success."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.generations import Generation
from budget_guard.domain.money import ZERO, Usd

SUCCESSES = frozenset(
    {"accepted", "done", "ok", "pass", "passed", "resolved", "success", "succeeded"}
)
"""Outcomes that count as successful where nobody says which do; in any case of letters."""
ROUTERS = "openrouter/"
"""What the names of OpenRouter's own routers begin with."""
BROKEN = frozenset({"error"})
"""Finish reasons of an answer that broke off; as OpenRouter normalises them."""


class Waste(StrEnum):
    """Why money bought nothing: the caller went away, nobody answered, or the answer broke off."""

    CANCELLED = "cancelled"
    FAILED = "failed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    part: int
    of: int

    @property
    def fraction(self) -> Decimal:
        """Return the part of all; 0 of none."""
        return Decimal(self.part) / self.of if self.of else Decimal(0)

    def __add__(self, other: "Rate") -> "Rate":
        """Return both together."""
        return Rate(self.part + other.part, self.of + other.of)


@dataclass(frozen=True, slots=True)
class PerSuccess:
    """What the generations with an outcome came to (USD), and how many outcomes were successful."""

    spent: Usd
    successes: int

    @property
    def usd(self) -> Usd | None:
        """Return what one success cost, failures paid too; None without any."""
        return self.spent / self.successes if self.successes else None

    def __add__(self, other: "PerSuccess") -> "PerSuccess":
        """Return both together."""
        return PerSuccess(self.spent + other.spent, self.successes + other.successes)


def fell_back(one: Generation) -> bool:
    """Tell whether several providers were tried, or another model answered than was asked.

    What a router chose is what was asked for.
    """
    is_another = one.served != one.requested and not one.requested.startswith(ROUTERS)
    return is_another or len({attempt.provider for attempt in one.attempts}) > 1


def waste(one: Generation) -> Waste | None:
    """Return why a generation bought nothing; None if it did, or that is not known."""
    if one.cancelled:
        return Waste.CANCELLED
    if one.attempts and all(attempt.failed for attempt in one.attempts):
        return Waste.FAILED
    return Waste.BROKEN if one.finish in BROKEN else None


def wasted_cost(one: Generation) -> Usd:
    """Return what a generation cost if that was for nothing, else 0: to be estimated by."""
    return one.cost if waste(one) else ZERO


def is_success(one: Generation) -> bool:
    """Tell whether an application called its outcome a success."""
    return one.said.outcome is not None and one.said.outcome.text.strip().casefold() in SUCCESSES
