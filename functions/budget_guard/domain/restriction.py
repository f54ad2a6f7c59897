"""What the guard holds of a key's guardrail: whose it is, what was sent, and who changed it.

The lever of `do: restrict`; a key's limit and its secret are others (rule 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from budget_guard.domain.holds import Override

LOOK = timedelta(minutes=15)
"""How often a key that is as it should be is looked at: only a look shows what people changed."""


@dataclass(frozen=True, slots=True)
class RestrictWish:
    """What `evaluate` wants of a key's guardrail: `to` (a name or an id; None: what it was before).

    It is open until `enforce` has looked. `until`: the end of the window that asks for it.
    """

    key: str
    name: str
    workspace: str
    to: str | None
    reason: str
    at: datetime
    budget: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """An assignment that was, or was about to be, sent. `id` names its audit record.

    `guardrail` is an id; None takes away what the guard put there.
    """

    id: str
    guardrail: str | None
    at: datetime
    reason: str
    run: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish was not fulfilled, in sentences for people."""

    at: datetime
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the ledger keeps of a key's guardrail since the guard first touched it.

    All guardrails are ids; `names` has what people call them. `baseline`: the one it had before.
    `placed`: the guard's, read back at `placed_at`; None: the guard has none there. `sent`: what
    has no answer yet. The last look, at `looked_at`, was for `wanted` (as the budgets file has it;
    None: what was before) and came to an end; `refusal` says if that was not to be had.
    `let_go_until`: a person won until then.
    """

    key: str
    baseline: str | None = None
    placed: str | None = None
    placed_at: datetime | None = None
    sent: tuple[Sent, ...] = ()
    wanted: str | None = None
    looked_at: datetime | None = None
    reason: str = ""
    budget: str | None = None
    until: datetime | None = None
    refusal: Refusal | None = None
    override: Override | None = None
    let_go_until: datetime | None = None
    reapplied: int = 0
    tries: int = 0
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Tell whether the key has, or may have, a guardrail that the guard put there."""
        return self.placed is not None or bool(self.sent)

    def is_let_go(self, now: datetime) -> bool:
        """Tell whether the guard leaves the key's guardrail to a person."""
        return self.let_go_until is not None and now < self.let_go_until

    def is_settled(self, to: str | None, now: datetime) -> bool:
        """Tell whether a look for `to` came to its end, and not too long ago."""
        if self.sent or self.looked_at is None or self.wanted != to:
            return False
        return now - self.looked_at < LOOK

    def called(self, guardrail: str | None) -> str:
        """Return what people call a guardrail."""
        return "none" if guardrail is None else self.names.get(guardrail, guardrail)
