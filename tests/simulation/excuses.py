"""What the guard cannot have known, or can no longer help, and until when that counts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.simulation.truth import Place

type Instance = tuple[Place, datetime | None]


@dataclass(frozen=True, slots=True)
class Excuse:
    """Money that the guard could not keep, and from when on it must know of it (USD)."""

    at: datetime
    instance: Instance
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Quiet:
    """A cycle that saw everything and left nothing to do: from `at` on, all of it is in force.

    `began`: what people did before, and `counted`: what was spent before, the guard has answered.
    """

    at: datetime
    began: datetime
    counted: datetime
