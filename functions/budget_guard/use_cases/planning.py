"""What the next run would do by a budgets file, on what the ledger knows now; changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from budget_guard.domain import words
from budget_guard.domain.breaker import HeldBack
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Settings
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.unadopted import unadopted
from budget_guard.domain.wishes import Disable, Fence, Restore, Wish
from budget_guard.use_cases.approving import Affected, once_approved, proposed
from budget_guard.use_cases.gathering import gather
from budget_guard.use_cases.ledger import Ledger

UNADOPTED = "in no secret: it cannot be rotated before it is adopted"


class Act(StrEnum):
    """What becomes of a key."""

    FENCE = "fence"
    STOP = "stop"
    LOWER = "lower"
    RAISE = "raise"
    SET = "set anew"
    GIVE_BACK = "give back"
    FREEZE = "freeze"


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


@dataclass(frozen=True, slots=True)
class Prospect:
    """What the next run would do by the budgets file of hash `policy`, were it deployed.

    `deployed` is the hash of the one that is, None before the first evaluation. Where the breaker
    would hold the plan back (`held_back`), `steps` are what follows once it is approved, and
    `meanwhile` what the next run does. In `mode: observe`, `steps` are what `enforce` would do.
    `stale` are workspaces of which too little is known, and `proposed` keys to be protected.
    `unadopted` are keys that the file wants rotated, and that are in no secret.
    """

    at: datetime
    seen_at: datetime | None
    policy: str
    deployed: str | None
    mode: Mode
    steps: tuple[Step, ...]
    held_back: HeldBack | None
    meanwhile: tuple[Step, ...]
    stale: tuple[str, ...]
    proposed: tuple[Affected, ...]
    unadopted: tuple[Affected, ...]

    @property
    def has_changes(self) -> bool:
        """Tell whether some key would be changed at OpenRouter, now or once that is approved."""
        is_idle = self.mode is Mode.OBSERVE and self.held_back is None
        return bool(self.steps or self.meanwhile) and not is_idle


def prospect(ledger: Ledger, policy: Policy, now: datetime) -> Prospect:
    """Return what the next run would do by `policy`; raises `LedgerError`."""
    deployed, facts = ledger.deployed(), gather(ledger, policy, now)
    plan, proposals = decide(facts), proposed(facts)
    held_back, then = plan.held_back, plan
    if held_back and not held_back.is_refused:
        then = once_approved(facts, frozenset(one.key for one in proposals))
    elif policy.mode is Mode.OBSERVE and not held_back:
        then = once_approved(replace(facts, policy=replace(policy, mode=Mode.ENFORCE)))
    return Prospect(
        at=facts.now,
        seen_at=max((one.at for one in facts.freshness.values()), default=None),
        policy=policy.hash,
        deployed=deployed.policy.hash if deployed else None,
        mode=policy.mode,
        steps=tuple(_steps(then)),
        held_back=held_back,
        meanwhile=tuple(_steps(plan)) if held_back else (),
        stale=tuple(one.name for one in facts.workspaces.values() if facts.is_stale(one.id)),
        proposed=proposals,
        unadopted=tuple(Affected(one.hash, one.name, UNADOPTED) for one in unadopted(facts)),
    )


def _steps(plan: Plan) -> Iterator[Step]:
    for key, wish in plan.wishes.items():
        if seen := plan.facts.observations.get(key):
            yield _step(wish, seen, plan)


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
