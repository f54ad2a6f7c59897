"""What single generations tell: fallbacks, tools, waste, what a success costs. All pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.costs import Figures, summed
from budget_guard.domain.generations import Generation
from budget_guard.domain.money import ZERO, Usd

NOBODY = "(not told)"
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


@dataclass(frozen=True, slots=True)
class PerSuccess:
    """What the generations with an outcome came to (USD), and how many outcomes were successful."""

    spent: Usd
    successes: int

    @property
    def usd(self) -> Usd | None:
        """Return what one success cost, failures paid too; None without any."""
        return self.spent / self.successes if self.successes else None


def fell_back(one: Generation) -> bool:
    """Tell whether several providers were tried, or another model answered than was asked.

    What a router chose is what was asked for.
    """
    is_another = one.served != one.requested and not one.requested.startswith(ROUTERS)
    return is_another or len({attempt.provider for attempt in one.attempts}) > 1


def fallbacks(generations: Iterable[Generation]) -> Rate:
    """Return how many fell back."""
    found = [fell_back(one) for one in generations]
    return Rate(sum(found), len(found))


def tool_cost(generations: Iterable[Generation]) -> Usd:
    """Return what tools (web search, files) took of the credits, where that was told."""
    return sum((one.tools for one in generations if one.tools), ZERO)


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


def per_success(
    generations: Iterable[Generation], successes: Collection[str] = SUCCESSES
) -> PerSuccess:
    """Return what it took to succeed: also the generations of a job that only led to its outcomes."""
    told = list(generations)
    concluded = {_job(one) for one in told if one.said.outcome} - {None}
    spent = (one.cost for one in told if one.said.outcome or _job(one) in concluded)
    outcomes = (one.said.outcome.text for one in told if one.said.outcome)
    won = sum(text.strip().casefold() in successes for text in outcomes)
    return PerSuccess(sum(spent, ZERO), won)


def by_app(generations: Iterable[Generation]) -> Mapping[str, Figures]:
    """Return what each app (its OpenRouter number) came to."""
    return _by(generations, lambda one: one.app)


def by_user(generations: Iterable[Generation]) -> Mapping[str, Figures]:
    """Return what each user came to: as applications said, else as OpenRouter was told."""
    return _by(generations, lambda one: one.user)


def by_session(generations: Iterable[Generation]) -> Mapping[str, Figures]:
    """Return what each session came to."""
    return _by(generations, lambda one: one.session)


def by_job(generations: Iterable[Generation]) -> Mapping[str, Figures]:
    """Return what each job came to, as applications said."""
    return _by(generations, _job)


def _by(
    generations: Iterable[Generation], label: Callable[[Generation], str | None]
) -> Mapping[str, Figures]:
    return summed((label(one) or NOBODY, one.figures) for one in generations)


def _job(one: Generation) -> str | None:
    return one.said.job.text if one.said.job else None
