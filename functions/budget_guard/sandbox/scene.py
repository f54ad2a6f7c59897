"""What a play needs of its stage: an account, its traffic, and a guard to run."""

from datetime import datetime
from typing import Protocol

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.use_cases.ports import Ledger


class Scene(Protocol):
    """Where it is played: an account with its traffic, and the guard, run by run."""

    traffic: Traffic
    hashes: dict[str, str]

    @property
    def account(self) -> Account:
        """Return the account; the traffic runs on it."""
        ...

    @property
    def now(self) -> datetime:
        """Return the time of the play."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Return the guard's memory."""
        ...

    def cycle(self) -> None:
        """Poll, evaluate and enforce."""
        ...

    def decide(self) -> None:
        """Evaluate and enforce without a poll."""
        ...

    def poll_costs(self) -> None:
        """Read what was spent on what."""
        ...

    def alerts(self) -> list[AlertEvent]:
        """Return the alerts that came since the last call, in order."""
        ...
