"""The changes that a plan would make at OpenRouter, one by one, before and after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from budget_guard.domain import words
from budget_guard.domain.decision import Plan
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Settings
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.wishes import Disable, Fence, Restore, Wish
from budget_guard.use_cases.restricting.preview import Foreseen


class Act(StrEnum):
    """What becomes of a key."""

    FENCE = "fence"
    STOP = "stop"
    LOWER = "lower"
    RAISE = "raise"
    SET = "set anew"
    GIVE_BACK = "give back"
    FREEZE = "freeze"
    RESTRICT = "restrict"
    UNRESTRICT = "unrestrict"


@dataclass(frozen=True, slots=True)
class Step:
    """One change at OpenRouter. `allowed` and `next` (USD) are what fences let the key spend.

    `budget` is whose cap asks for it; None for the key's own limit, or a person's word.
    """

    act: Act
    key: str
    name: str
    budget: str | None
    before: str
    after: str
    reason: str
    allowed: Usd | None
    next: Usd | None


def limit_steps(plan: Plan) -> Iterator[Step]:
    """Yield what becomes of keys' limits and off switches."""
    for key, wish in plan.wishes.items():
        if seen := plan.facts.observations.get(key):
            yield _step(wish, seen, plan)


def guardrail_steps(found: Iterable[Foreseen]) -> Iterator[Step]:
    """Yield what becomes of keys' guardrails, but for what is refused and changes nothing."""
    for one in found:
        wish = one.wish
        if one.is_change:
            is_less = wish.to is not None and not one.why
            yield Step(
                act=Act.RESTRICT if is_less else Act.UNRESTRICT,
                key=wish.key,
                name=wish.name,
                budget=wish.budget,
                before=one.before,
                after=one.after,
                reason="; ".join(one.why) or wish.reason,
                allowed=None,
                next=None,
            )


def _step(wish: Wish, seen: Observation, plan: Plan) -> Step:
    hold, standing = plan.facts.holds.get(wish.key), plan.standings.get(wish.key)
    claim = plan.sharing.by_key.get(wish.key)
    is_held = hold is not None and is_ours(hold)
    allowed = claim.allowed if claim and is_held else None
    return Step(
        act=_act(wish, allowed, standing.headroom if standing else None),
        key=wish.key,
        name=seen.key.name,
        budget=wish.budget,
        before=words.settings(_present(seen, hold)),
        after=words.settings(_wanted(wish, seen, plan)),
        reason=wish.reason,
        allowed=allowed,
        next=standing.headroom if standing else None,
    )


def _act(wish: Wish, allowed: Usd | None, after: Usd | None) -> Act:
    match wish.want:
        case Restore():
            return Act.GIVE_BACK
        case Disable():
            return Act.FREEZE
        case Fence() if after is not None and after < CENT:
            return Act.STOP
        case Fence() if allowed is None:
            return Act.FENCE
        case Fence():
            more = ZERO if after is None else after - allowed
            return Act.RAISE if more >= CENT else Act.LOWER if more <= -CENT else Act.SET


def _present(seen: Observation, hold: Hold | None) -> Settings:
    """Return a key's settings by the newest word of OpenRouter's."""
    if hold and is_ours(hold) and hold.confirmed:
        return hold.confirmed.settings
    return seen.reading.settings


def _wanted(wish: Wish, seen: Observation, plan: Plan) -> Settings:
    present = _present(seen, plan.facts.holds.get(wish.key))
    match wish.want:
        case Restore():
            return plan.facts.baseline(seen)
        case Disable():
            return replace(present, disabled=True)
        case Fence(limit, include_byok):
            return Settings(limit, include_byok, plan.facts.baseline(seen).disabled)
