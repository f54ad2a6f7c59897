"""The steps of a budget: how far it has come, how urgent that is, and what follows."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Severity(StrEnum):
    """How urgent an alert is; the order of the members is the order of urgency."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0 for the least urgent."""
        return list(Severity).index(self)


class Do(StrEnum):
    """What a step of a ladder brings about besides an alert, for each key of the budget.

    `RESTRICT`: only cheaper models. `ROTATE`: a new key takes its place. `PROPOSE`: people are
    given the command for that.
    """

    RESTRICT = "restrict"
    ROTATE = "rotate"
    PROPOSE = "propose-rotation"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A step of a budget's ladder; `at` is a fraction of the cap (0.8 for 80 %).

    `restrict_to` names the guardrail of cheaper models, by its name or id at OpenRouter.
    """

    at: Decimal
    severity: Severity
    do: Do | None = None
    restrict_to: str | None = None


LADDER = (
    Threshold(Decimal("0.8"), Severity.WARNING),
    Threshold(Decimal("0.9"), Severity.WARNING),
    Threshold(Decimal(1), Severity.CRITICAL),
)
