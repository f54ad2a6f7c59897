"""What only restricting needs of OpenRouter: guardrails, and which key has which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from budget_guard.domain.guardrails import Guardrail


@dataclass(frozen=True, slots=True)
class Assignments:
    """The guardrail (an id) of each key that has one, as read between `began` and `at`."""

    of: Mapping[str, str]
    began: datetime
    at: datetime


class Guardrails(Protocol):
    """OpenRouter's guardrails. Every method may raise a `ProviderError`."""

    def assignments(self) -> Assignments:
        """Return which key of the account has which guardrail."""
        ...

    def named(self, name: str, workspace: str) -> tuple[Guardrail, ...]:
        """Return the guardrails of a workspace that have this name or id: names are not unique."""
        ...

    def guardrail(self, identity: str) -> Guardrail | None:
        """Return a guardrail by its id; None where there is none (any more)."""
        ...

    def assign(self, guardrail: str, keys: Sequence[str]) -> None:
        """Give a guardrail to keys, in place of any other. The answer does not say to which."""
        ...

    def remove(self, guardrail: str, keys: Sequence[str]) -> None:
        """Take a guardrail from those of the keys that have it."""
        ...
