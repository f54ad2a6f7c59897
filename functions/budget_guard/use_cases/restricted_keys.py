"""Which keys have a guardrail of the guard's, why, until when, and what they had before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.facts import Facts
from budget_guard.domain.restriction import Restriction


@dataclass(frozen=True, slots=True)
class RestrictedKey:
    """A key that the guard restricted, or would have; guardrails are by name.

    `guardrail` is the guard's on the key, None where it has none; `own` the one it had before.
    `problem` says why `guardrail` is not what it should be.
    """

    key: str
    name: str
    guardrail: str | None
    own: str
    reason: str
    since: datetime | None
    until: datetime | None
    in_flight: bool
    problem: str | None = None


def restricted_keys(facts: Facts) -> tuple[RestrictedKey, ...]:
    """Return every key whose guardrail is, or should be, the guard's, by name."""
    return tuple(sorted(_restricted(facts), key=lambda one: (one.name, one.key)))


def _restricted(facts: Facts) -> Iterator[RestrictedKey]:
    for one in facts.restrictions.values():
        is_refused = one.refusal and (one.until is None or facts.now < one.until)
        if one.is_ours or (is_refused and not one.is_let_go(facts.now)):
            yield _view(one, facts)


def _view(one: Restriction, facts: Facts) -> RestrictedKey:
    seen = facts.observations.get(one.key)
    return RestrictedKey(
        key=one.key,
        name=seen.key.name if seen else one.key[:12],
        guardrail=one.called(one.placed) if one.placed else None,
        own=one.called(one.baseline),
        reason=one.reason,
        since=one.placed_at if one.placed else None,
        until=one.until,
        in_flight=bool(one.sent),
        problem="; ".join(one.refusal.why) if one.refusal else None,
    )
