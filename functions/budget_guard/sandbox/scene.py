"""What a play needs of its stage: an account, its traffic, and a guard to run."""

from datetime import datetime
from typing import Protocol

from budget_guard.adapters.alerts.event import AlertEvent
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.rotation.steps import Step


class Secrets(Protocol):
    """The secrets that applications read their keys from, and who rotates those."""

    def adopt(self, name: str, plaintext: str) -> str:
        """Put a key under rotation, as `budget-guard adopt` does; return its secret."""
        ...

    def read(self, secret: str) -> str:
        """Return the plaintext that an application reads."""
        ...

    def step(self, step: Step, secret: str, token: str) -> None:
        """Do one step of a rotation; raise a `GuardError` where it did not come to its end."""
        ...


class Scene(Protocol):
    """Where it is played: an account with its traffic, and the guard, run by run."""

    traffic: Traffic
    hashes: dict[str, str]
    plaintexts: dict[str, str]

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

    @property
    def secrets(self) -> Secrets:
        """Return the secrets of applications."""
        ...

    def cycle(self) -> None:
        """Poll, evaluate, enforce, and look after keys that have a successor."""
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
