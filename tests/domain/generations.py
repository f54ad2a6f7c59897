"""Made-up generations, spelled short."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from budget_guard.domain.costs import Figures
from budget_guard.domain.generations import Attempt, Generation, Remark, Said
from budget_guard.domain.money import Usd
from budget_guard.domain.sampling import Sampled, Stratum, by_hour, existing, place_of, together
from tests.domain.builders import NOW, Amount

ACME = Attempt("Acme", 200, "acme/small")


def a_generation(name: str = "gen-1", cost: Amount = "0.25", **rest: Any) -> Generation:
    fields: dict[str, Any] = {
        "created_at": NOW,
        "workspace": "w1",
        "requested": "acme/small",
        "served": "acme/small",
        "provider": "Acme",
        "attempts": (ACME,),
        "figures": Figures(Decimal(cost), requests=1, prompt=100, completion=10),
    }
    return Generation(name, **(fields | rest))


def said(at: datetime = NOW, **texts: str) -> Said:
    return Said(**{name: Remark(text, at) for name, text in texts.items()})


def strata_of(
    sampled: Iterable[Sampled], kept: Iterable[Generation], of: Callable[[Generation], Usd]
) -> tuple[Stratum, ...]:
    """Return the strata of the generations of these hours; `of` is the amount asked for."""
    hours = by_hour(sampled)
    found = [existing(one) for one in hours.values()]
    found += [
        Stratum(hour.choice).with_one(one, of(one))
        for one in kept
        if (hour := hours.get(place_of(one)))
    ]
    return together(found)
