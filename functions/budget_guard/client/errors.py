"""What an application is told instead of sending a request."""

from datetime import datetime
from decimal import Decimal


class BudgetExceeded(Exception):
    """A request was refused before it was sent: it may cost more than `headroom` (USD).

    `resets_at` is when there is more, `owner` whom to ask; None where that is not known.
    """

    def __init__(
        self,
        message: str,
        *,
        headroom: Decimal,
        resets_at: datetime | None = None,
        budget: str | None = None,
        owner: str | None = None,
    ) -> None:
        super().__init__(message)
        self.headroom = headroom
        self.resets_at = resets_at
        self.budget = budget
        self.owner = owner


class BudgetUnknown(Exception):
    """With `fail="closed"`: nobody can say what the key may still spend; nothing was sent."""


class PriceUnknown(Exception):
    """No estimate can be made; the message says why, and what to do."""
