"""Which part of the spend went to dear models: dear by what was paid, whatever their lists say."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from budget_guard.domain.costs import Figures
from budget_guard.domain.money import ZERO, Usd

MILLION = Decimal(10**6)


@dataclass(frozen=True, slots=True)
class Premium:
    """What was spent on models that came to more than `above` USD per million tokens, of all."""

    above: Usd
    usd: Usd
    of: Usd

    @property
    def share(self) -> Decimal:
        """Return the part of all; 0 of nothing."""
        return self.usd / self.of if self.of else Decimal(0)


def premium(models: Mapping[str, Figures], above: Usd) -> Premium:
    """Return what went to the premium models of these, credits and BYOK together."""
    spent = {model: one.credits + one.byok for model, one in models.items()}
    dear = (
        spent[model]
        for model, one in models.items()
        if (price := price_of(one)) is not None and price > above
    )
    return Premium(above, sum(dear, ZERO), sum(spent.values(), ZERO))


def price_of(figures: Figures) -> Usd | None:
    """Return what a million tokens came to (USD), read and written ones alike; None without any.

    Caches, tools and price changes are in it: it needs no price list, and no day's list explains it.
    """
    tokens = figures.prompt + figures.completion
    return (figures.credits + figures.byok) * MILLION / tokens if tokens else None
