"""The alert as tools read it: the canonical event, whose schema is public and versioned."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from budget_guard.adapters.alerts.cleaning import MOST_CONTRIBUTORS, clean
from budget_guard.adapters.alerts.wording import subject
from budget_guard.domain.alerts import Alert, Entry, Kind, Unit
from budget_guard.domain.ladder import Severity
from budget_guard.domain.windows import Window

SCHEMA: Literal["budget-guard.alert/1"] = "budget-guard.alert/1"

type Money = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", description="USD, every digit.")]
type Figure = Annotated[
    str, Field(pattern=r"^-?\d+(\.\d+)?$", description="A number, every digit.")
]


class State(StrEnum):
    """Whether the incidents of an event are going on."""

    OPEN = "open"
    RESOLVED = "resolved"


class Contributor(BaseModel):
    """Who, or what, money went to."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str = Field(description="Of a key, or of a model: made safe to show, not to be trusted.")
    usd: Money


class EventEntry(BaseModel):
    """One line of an alert. What does not apply is absent."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    incident: str = Field(
        description="The matter it belongs to; the same from its first alert to its resolution."
    )
    text: str = Field(description="What happened, in one sentence for people.")
    budget: str | None = None
    owner: str | None = None
    key: str | None = Field(None, description="The hash of the OpenRouter key.")
    key_name: str | None = Field(
        None,
        description="The key's name, chosen by whoever made the key: made safe to show, not to be trusted.",
    )
    window: Window | None = None
    spent: Money | None = None
    cap: Money | None = Field(None, description="The cap with grants.")
    burn_per_hour: Money | None = None
    before: Figure | None = Field(
        None,
        description="Of a signal: the figure compared with: what is usual, or explained, or the bound; in `unit`s.",
    )
    after: Figure | None = Field(None, description="Of a signal: what it is now; in `unit`s.")
    unit: Unit | None = None
    contributors: tuple[Contributor, ...] | None = Field(
        default=None,
        max_length=MOST_CONTRIBUTORS,
        description="The keys, or models, that this money went to, the dearest first.",
    )
    exhausts_at: datetime | None = Field(
        None, description="When the cap is reached at this burn, if that is before it resets."
    )
    resets_at: datetime | None = None
    action: str | None = Field(None, description="What the guard did.")
    todo: str | None = Field(None, description="What a person may do.")
    undo: str | None = Field(None, description="The command that undoes what the guard did.")
    runbook: str | None = None


class AlertEvent(BaseModel):
    """An alert of Budget Guard. Times are ISO 8601 in UTC. New optional fields may come."""

    model_config = ConfigDict(frozen=True, defer_build=True, title="Alert")

    form: Literal["budget-guard.alert/1"] = Field(
        alias="schema", description="The version of this form."
    )
    event_id: str = Field(
        description="The same wherever this event is repeated; an alert may come more than once."
    )
    incidents: list[str] = Field(
        description="The incidents of the entries, to open and resolve by."
    )
    kind: Kind
    state: State
    severity: Severity
    at: datetime = Field(description="The logical time of the decision that led to it.")
    stack: str = Field(description="The deployment that sent it.")
    summary: str = Field(description="One line of under 100 ASCII characters.")
    entries: list[EventEntry] = Field(description="The worst first.")
    omitted: int = Field(
        0, description="How many entries were left out because a message may have 256 KB."
    )


def event(alert: Alert, stack: str, *, entries: int | None = None) -> AlertEvent:
    """Return the canonical event, with at most `entries` of the alert's entries."""
    safe = clean(alert)
    kept = safe.entries[:entries]
    return AlertEvent(
        schema=SCHEMA,
        event_id=safe.event_id,
        incidents=list(dict.fromkeys(one.incident for one in kept)),
        kind=safe.kind,
        state=State.RESOLVED if safe.kind is Kind.RESOLVED else State.OPEN,
        severity=safe.severity,
        at=safe.at,
        stack=stack,
        summary=subject(alert),
        entries=[_entry(one) for one in kept],
        omitted=len(safe.entries) - len(kept),
    )


def text(alert: Alert, stack: str, *, entries: int | None = None) -> str:
    """Return the canonical event as JSON."""
    return event(alert, stack, entries=entries).model_dump_json(by_alias=True, exclude_none=True)


def _entry(entry: Entry) -> EventEntry:
    return EventEntry(
        incident=entry.incident,
        text=entry.text,
        budget=entry.budget,
        owner=entry.owner,
        key=entry.key,
        key_name=entry.key_name,
        window=entry.window,
        spent=_number(entry.spent),
        cap=_number(entry.cap),
        burn_per_hour=_number(entry.burn_per_hour),
        before=_number(entry.before),
        after=_number(entry.after),
        unit=entry.unit,
        contributors=_contributors(entry),
        exhausts_at=entry.exhausts_at,
        resets_at=entry.resets_at,
        action=entry.action,
        todo=entry.todo,
        undo=entry.undo,
        runbook=entry.runbook,
    )


def _contributors(entry: Entry) -> tuple[Contributor, ...] | None:
    told = (Contributor(name=name, usd=f"{usd:f}") for name, usd in entry.contributors)
    return tuple(told) or None


def _number(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:f}"
