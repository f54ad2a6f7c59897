"""What a poll leaves in the ledger beside facts about keys."""

from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.money import Usd


@dataclass(frozen=True, slots=True)
class PollReport:
    """How the last poll ended. `problem` is None where every workspace was seen completely.

    `needs_hands`: the problem will not pass by itself (a missing or wrong management key).
    """

    at: datetime
    run: str
    keys: int = 0
    workspaces: int = 0
    problem: str | None = None
    balance: Usd | None = None
    needs_hands: bool = False


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of the account, as OpenRouter names it."""

    id: str
    name: str
