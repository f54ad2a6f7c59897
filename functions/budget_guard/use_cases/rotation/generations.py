"""A generation as people are shown it: what it spent, who still uses it, and what becomes of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.facts import Facts
from budget_guard.domain.lineage import Generation, Lineage, State
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.policy import RotationRule
from budget_guard.domain.upkeep import is_left_alone


@dataclass(frozen=True, slots=True)
class GenerationView:
    """One key of a lineage. `spent` is in its lifetime (USD), `burn` in USD an hour.

    `used_at`: since then it has been seen idle, while it drains; None where that is not known.
    `next_at` is when it comes to its next state at the earliest; None: people keep the guard's hands
    off it, or there is none. `cut` is a person's word.
    """

    key: str
    number: int
    name: str
    state: State
    since: datetime
    spent: Usd
    burn: Usd
    used_at: datetime | None = None
    cut: str | None = None
    next_at: datetime | None = None


def generation_view(one: Generation, lineage: Lineage, facts: Facts) -> GenerationView:
    """Return a generation as it stands."""
    seen = facts.observations.get(one.hash)
    rule = facts.policy.rotation_of(lineage.name) or RotationRule()
    ever = seen.reading.counters.lifetime if seen else one.spent
    return GenerationView(
        key=one.hash,
        number=one.number,
        name=seen.key.name if seen else f"{lineage.name} #{one.number}",
        state=one.state,
        since=one.since,
        spent=ever.counted(include_byok=True),
        burn=seen.burn(include_byok=True) if seen else ZERO,
        used_at=one.idle_since if one.state is State.DRAINING else None,
        cut=one.cut,
        next_at=None if is_left_alone(one, facts) else _next(one, rule, facts.now),
    )


def _next(one: Generation, rule: RotationRule, now: datetime) -> datetime | None:
    match one.state:
        case State.DRAINING:
            return now if one.cut else (one.idle_since or now) + rule.drain
        case State.DISABLED:
            return one.since + rule.delete_after
        case State.CURRENT | State.DELETED:
            return None


def idle_for(one: GenerationView, now: datetime) -> timedelta:
    """Return for how long a generation has been seen idle."""
    return timedelta() if one.used_at is None else max(timedelta(), now - one.used_at)
