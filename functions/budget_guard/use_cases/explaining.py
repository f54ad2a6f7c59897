"""Why a key may spend what it may: the constraints that bind it, its share, and who got the rest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from budget_guard.domain.claim import Allotment, Claim, Move
from budget_guard.domain.decision import Plan
from budget_guard.domain.holds import Hold
from budget_guard.domain.money import CENT, ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import FLOOR
from budget_guard.domain.weights import expected
from budget_guard.use_cases.caps import CapView, cap_view
from budget_guard.use_cases.cost_caps import caps_over
from budget_guard.use_cases.hands_off import left_alone
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.key_view import KeyView, key_view_of
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.overview import present_plan
from budget_guard.use_cases.pools import Pool, pools


class Weighed(StrEnum):
    """Where a key's weight comes from."""

    BURN = "burn"
    LATELY = "lately"
    FLOOR = "floor"
    UNREAD = "unread"
    DRY = "dry"


class Waits(StrEnum):
    """Why a key's fence lets it spend less than its share, or that it does not."""

    NOT = "not"
    OFF = "off"
    FIRST = "first"
    RAISED = "raised"
    LOWERED = "lowered"
    STUCK = "stuck"
    CENT = "cent"
    NOT_SHORT = "not short"
    LITTLE = "little"
    NOTHING_FREE = "nothing free"


@dataclass(frozen=True, slots=True)
class Shared:
    """A fenced key's part in the sharing (USD), `pools` with the one that binds it first.

    `expected` is what it spends in 15 minutes at its pace, `last` its last portion, where its weight
    comes of that. `allowed` is what its fence lets it spend now, `next` what it is to let it
    spend by this plan. It is short below `short_below`; `waits` says why `allowed` is not `share`.
    """

    share: Usd
    weight: Usd
    weighed: Weighed
    expected: Usd
    last: Usd
    allowed: Usd
    next: Usd
    short_below: Usd
    is_short: bool
    waits: Waits
    pools: tuple[Pool, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One key explained. `shared` is None for a key that is not to be fenced.

    `caps` are all that concern it, each with its budget's name, and the fraction of it from which
    the budget holds its keys (None: never). `held_back` is the hash of the deployed budgets file, where that is not the one in force.
    """

    view: KeyView
    shared: Shared | None
    caps: tuple[tuple[str, Usd | None, CapView], ...]
    held_back: str | None
    is_left_alone: bool


def explain(ledger: Ledger, text: str, now: datetime) -> Explanation:
    """Explain the key that `text` means; raise `RequestError` where none or several."""
    plan = present_plan(ledger, now)
    seen = find_key(text, plan.facts)
    standing = plan.standings.get(seen.key.hash)
    allotment = standing.allotment if standing else None
    concern = [one for one in plan.constraints if seen.key.hash in one.members]
    return Explanation(
        view=key_view_of(seen, plan, ledger),
        shared=_shared(seen, allotment, plan) if allotment else None,
        caps=(
            *(
                (one.budget.name, one.budget.hold.at, cap_view(one, plan))
                for one in concern
                if one.budget
            ),
            *((budget.name, None, cap) for budget, cap in caps_over(seen, plan.facts)),
        ),
        held_back=plan.held_back.policy_hash if plan.held_back else None,
        is_left_alone=left_alone(seen, plan) is not None,
    )


def _shared(seen: Observation, allotment: Allotment, plan: Plan) -> Shared:
    key, facts = seen.key.hash, plan.facts
    claim, read_at = plan.sharing.by_key[key], facts.read_at(seen)
    hold = _measured_by(claim, facts.holds.get(key))
    spends = expected(seen, hold, claim.allowed, read_at)
    weighed = _weighed(claim.weight, spends, hold, seen, read_at)
    return Shared(
        share=allotment.share,
        weight=claim.weight,
        weighed=weighed,
        expected=spends,
        last=hold.portion if hold and weighed in {Weighed.UNREAD, Weighed.DRY} else ZERO,
        allowed=claim.allowed,
        next=allotment.headroom,
        short_below=claim.short_below,
        is_short=claim.is_short,
        waits=waits(claim, allotment),
        pools=pools(key, plan),
    )


def _measured_by(claim: Claim, hold: Hold | None) -> Hold | None:
    """Return the hold whose portion tells a pace: that of a fence that does not reset by itself."""
    kept = claim.reach.kept if claim.reach else None
    return hold if kept and kept.settings.limit.reset is None else None


def _weighed(
    weight: Usd, spends: Usd, hold: Hold | None, seen: Observation, read_at: datetime
) -> Weighed:
    if weight == FLOOR:
        return Weighed.FLOOR
    if weight == spends:
        by_hours = expected(seen, None, ZERO, read_at)
        return Weighed.BURN if by_hours == spends else Weighed.LATELY
    is_unread = hold and hold.confirmed_at and hold.confirmed_at >= read_at
    return Weighed.UNREAD if is_unread else Weighed.DRY


def waits(claim: Claim, allotment: Allotment) -> Waits:
    """Return which rule keeps a key's fence from its share; each has its moment in the decision."""
    moved = {Move.FIRST: Waits.FIRST, Move.RAISE: Waits.RAISED, Move.LOWER: Waits.LOWERED}
    if claim.is_off:
        return Waits.OFF
    if allotment.move in moved:
        return moved[allotment.move]
    if (more := allotment.share - claim.allowed) < CENT:
        return Waits.CENT if more > ZERO else Waits.NOT
    return _kept_waiting(claim, allotment.share)


def _kept_waiting(claim: Claim, share: Usd) -> Waits:
    """Return why a key that is due more than its fence lets it spend is not raised now."""
    if claim.is_stuck:
        return Waits.STUCK
    if not claim.is_short:
        return Waits.NOT_SHORT
    return Waits.NOTHING_FREE if claim.asks(share) else Waits.LITTLE
