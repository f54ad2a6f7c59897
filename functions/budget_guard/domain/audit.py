"""What is remembered of each change that the guard made."""

from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.keys import Settings


@dataclass(frozen=True, slots=True)
class Audit:
    """One change at OpenRouter that took effect: before, after, why, which run, how to undo.

    `guardrails` are the key's before and after, by name, where that was changed and nothing else.
    """

    id: str
    key: str
    name: str
    before: Settings
    after: Settings
    reason: str
    run: str
    at: datetime
    undo: str
    guardrails: tuple[str, str] | None = None
