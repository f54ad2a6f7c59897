"""Which generations are fetched one by one: all, some by what they cost, or a sample."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from budget_guard.domain.money import Usd


@dataclass(frozen=True, slots=True)
class Above:
    """Of the generations, those that cost more than so many USD."""

    usd: Usd

    def takes(self, _identity: str, cost: Usd) -> bool:
        """Tell whether a generation of this cost is one of them."""
        return cost > self.usd


@dataclass(frozen=True, slots=True)
class OneIn:
    """Of `n` generations one, chosen by its id: always the same ones. 1: all."""

    n: int

    def takes(self, identity: str, _cost: Usd) -> bool:
        """Tell whether the generation of this id is one of them."""
        return int.from_bytes(sha256(identity.encode()).digest()[:8]) % self.n == 0


type Choice = Above | OneIn | None

DEAR = Above(Decimal("0.05"))
"""What is chosen where the budgets file says nothing."""
