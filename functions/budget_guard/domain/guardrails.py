"""Guardrails at OpenRouter, and whether one would let through what another refuses.

A key has one guardrail. What binds its workspace, its creator and the account beside that goes on to
bind it whatever is assigned: the layers are checked each by itself, and each can only refuse more.
Sources: OpenAPI file, `Guardrail`; docs, features/guardrails ("account wide settings will continue
to apply").
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from budget_guard.domain.money import Usd, show
from budget_guard.domain.windows import Window

STRICTNESS = ("flag", "redact", "block")
"""What a content filter may do with what it finds; each does more than the one before."""
EVERYWHERE = "all_messages"
NAMED = 5


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be used: `only` these (None: all there is), and none of `never`."""

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()

    def beyond(self, other: "Allowance") -> tuple[str, ...]:
        """Return what this allows and `other` does not; in words where that has no end."""
        if self.only is not None:
            allowed = self.only - self.never
            refused = frozenset() if other.only is None else allowed - other.only
            return tuple(sorted(refused | (allowed & other.never)))
        if other.only is not None:
            return ("any",)
        return tuple(sorted(other.never - self.never))


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """A filter of what is sent: what it looks for, what it then does, and in which messages."""

    looks_for: str
    action: str
    scope: str | None = None

    def covers(self, other: "ContentFilter") -> bool:
        """Tell whether this does all that `other` does."""
        if self.looks_for != other.looks_for or self.scope not in (other.scope, EVERYWHERE):
            return False
        if self.action == other.action:
            return True
        known = self.action in STRICTNESS and other.action in STRICTNESS
        return known and STRICTNESS.index(self.action) > STRICTNESS.index(other.action)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What a guardrail refuses. Its budget is `limit` USD for each key that has it; None: none.

    `zdr` are the groups of models for which zero data retention is enforced, `forbidden` what may
    not become of prompts, `retention` (group, allowed or not) what is said of retention for safety.
    `unknown` are fields, with their JSON, that the guard has never heard of.
    """

    id: str
    name: str
    models: Allowance = field(default_factory=Allowance)
    providers: Allowance = field(default_factory=Allowance)
    regions: Allowance = field(default_factory=Allowance)
    zdr: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    retention: frozenset[tuple[str, bool]] = frozenset()
    filters: frozenset[ContentFilter] = frozenset()
    limit: Usd | None = None
    reset: Window | None = None
    include_byok: bool = False
    unknown: frozenset[tuple[str, str]] = frozenset()


def weakens(was: Guardrail | None, becomes: Guardrail) -> tuple[str, ...]:
    """Return why `becomes` in place of `was` would let something through, field by field.

    Nothing is returned only if it is at least as strict in every field. A field that the guard does
    not know is compared as it is written: where it differs, nobody can tell.
    """
    if was is None:
        return ()
    return (
        *_allowing("models", was.models, becomes.models, becomes.name),
        *_allowing("providers", was.providers, becomes.providers, becomes.name),
        *_allowing("data regions", was.regions, becomes.regions, becomes.name),
        *_privacy(was, becomes),
        *_filters(was, becomes),
        *_budget(was, becomes),
        *(
            f"{name}: the guard does not know this field, and it is not the same in both"
            for name in sorted({name for name, _ in was.unknown ^ becomes.unknown})
        ),
    )


def _allowing(what: str, was: Allowance, becomes: Allowance, name: str) -> Iterator[str]:
    if more := becomes.beyond(was):
        yield f"{what}: {name} allows {_listed(more)}"


def _privacy(was: Guardrail, becomes: Guardrail) -> Iterator[str]:
    if missing := was.zdr - becomes.zdr:
        yield f"zero data retention: {becomes.name} does not enforce it for {_listed(missing)}"
    if missing := was.forbidden - becomes.forbidden:
        yield f"prompts: {becomes.name} does not forbid {_listed(missing)}"
    groups = {group for group, _ in was.retention | becomes.retention}
    said, says = dict(was.retention), dict(becomes.retention)
    # What OpenRouter does where nothing is said is not documented: it is taken for neither.
    looser = {one for one in groups if _openness(one, says) > _openness(one, said)}
    if looser:
        yield f"retention for safety: {becomes.name} allows more of it for {_listed(looser)}"


def _openness(group: str, said: Mapping[str, bool]) -> int:
    """Return 0 where something is forbidden, 2 where it is allowed, 1 where nothing is said."""
    return 2 * said[group] if group in said else 1


def _filters(was: Guardrail, becomes: Guardrail) -> Iterator[str]:
    missing = [
        f"{one.looks_for} ({one.action})"
        for one in was.filters
        if not any(other.covers(one) for other in becomes.filters)
    ]
    if missing:
        yield f"content filters: {becomes.name} does less than {_listed(missing)}"


def _budget(was: Guardrail, becomes: Guardrail) -> Iterator[str]:
    if was.limit is None:
        return
    asked = f"{show(was.limit)} USD {was.reset or 'in all'}"
    if becomes.limit is None:
        yield f"budget: {becomes.name} has none, {was.name} has {asked}"
    elif becomes.reset is not was.reset or becomes.limit > was.limit:
        has = f"{show(becomes.limit)} USD {becomes.reset or 'in all'}"
        yield f"budget: {becomes.name} has {has}, {was.name} has {asked}"
    elif was.include_byok and not becomes.include_byok:
        yield f"budget: {becomes.name} does not count BYOK"


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)[:NAMED]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(shown) + more
