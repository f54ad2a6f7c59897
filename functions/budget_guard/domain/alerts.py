"""Conditions that people must hear of, and the alerts that tell them: once per step, in lists."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.ladder import Severity
from budget_guard.domain.money import Usd
from budget_guard.domain.windows import Window


class Kind(StrEnum):
    """What an alert is about; part of its public schema."""

    THRESHOLD = "budget.threshold"
    FENCED = "key.fenced"
    STOPPED = "key.stopped"
    ACTION_FAILED = "action.failed"
    RESTRICT_REFUSED = "restrict.refused"
    OVERRIDE = "override"
    OVERRIDE_MASS = "override.mass"
    UNMANAGED = "keys.unmanaged"
    BLIND = "guard.blind"
    BREAKER = "guard.breaker"
    MODE_REFUSED = "mode.refused"
    SECOND = "guard.second"
    TOO_THIN = "budget.too_thin"
    PROTECT_PROPOSED = "protect.proposed"
    BALANCE = "account.balance"
    RUNWAY = "account.runway"
    UNEXPLAINED = "cost.unexplained"
    MIX_SHIFTED = "cost.mix_shifted"
    UNUSUAL = "cost.unusual"
    REPRICED = "cost.repriced"
    WITHDRAWN = "model.withdrawn"
    FALLBACKS = "cost.fallbacks"
    LOOP = "cost.loop"
    ROTATION_FAILED = "rotation.failed"
    ROTATION_STUCK = "rotation.stuck"
    ROTATION_DUE = "rotation.due"
    ROTATION_PROPOSED = "rotation.proposed"
    LINGERING = "key.lingering"
    STRAY = "keys.stray"
    DELETED = "key.deleted"
    RESOLVED = "resolved"
    TEST = "test"


class Unit(StrEnum):
    """What the figures of a signal count; part of the alert's public schema. A share of 1 is all."""

    USD = "usd"
    SHARE = "share"
    HOURS = "hours"
    REQUESTS = "requests"
    REQUESTS_PER_HOUR = "requests_per_hour"
    USD_PER_REQUEST = "usd_per_request"
    USD_PER_MILLION_TOKENS = "usd_per_million_tokens"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an alert: what, which key, whose, how much of what cap, until when, the undo.

    `incident` identifies the matter it belongs to; `text` is one sentence for a person.
    Amounts are USD; what does not apply is None. `undo` and `todo` are commands or sentences.
    `before` and `after` are the figures of a signal, counted in `unit`; `contributors` are who, or
    what, its money went to (USD), the dearest first.
    """

    incident: str
    text: str
    budget: str | None = None
    owner: str | None = None
    key: str | None = None
    key_name: str | None = None
    window: Window | None = None
    spent: Usd | None = None
    cap: Usd | None = None
    burn_per_hour: Usd | None = None
    before: Decimal | None = None
    after: Decimal | None = None
    unit: Unit | None = None
    contributors: tuple[tuple[str, Usd], ...] = ()
    exhausts_at: datetime | None = None
    resets_at: datetime | None = None
    action: str | None = None
    todo: str | None = None
    undo: str | None = None
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is so now. `step` grows as it gets worse; each step is told once."""

    kind: Kind
    step: int
    severity: Severity
    entry: Entry

    @property
    def id(self) -> str:
        """Return the incident that this condition is a state of."""
        return self.entry.incident


@dataclass(frozen=True, slots=True)
class Incident:
    """A condition that people were told of, at its highest step, by alert `alert`."""

    id: str
    kind: Kind
    step: int
    opened_at: datetime
    alert: str
    entry: Entry


class AlertState(StrEnum):
    """Where an alert stands: written before its incidents, then pending until SNS took it."""

    PREPARED = "prepared"
    PENDING = "pending"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to people. `event_id` is fixed when it is prepared and never changes.

    `steps` are the steps that the entries' incidents come to, one each (none where they end);
    `closes` are the incidents that end with it.
    """

    event_id: str
    kind: Kind
    severity: Severity
    at: datetime
    entries: tuple[Entry, ...]
    steps: tuple[int, ...] = ()
    closes: tuple[str, ...] = ()
    state: AlertState = AlertState.PREPARED

    @property
    def opens(self) -> tuple[Incident, ...]:
        """Return the incidents that come, or get worse, with it."""
        return tuple(
            Incident(entry.incident, self.kind, step, self.at, self.event_id, entry)
            for entry, step in zip(self.entries, self.steps, strict=False)
        )
