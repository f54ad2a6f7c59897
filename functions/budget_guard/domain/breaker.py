"""Rule 11: the breaker, against surprise, not against spend, and both ways.

A plan that rests on something new (another budgets file, a counter that jumped) and would newly
stop, restrict or release many keys is held back: the guard goes on by what was approved last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from budget_guard.domain.claim import Move
from budget_guard.domain.facts import Facts
from budget_guard.domain.held import in_hand
from budget_guard.domain.keys import Counters
from budget_guard.domain.money import CENT
from budget_guard.domain.observations import Jump, Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.restricting import is_news
from budget_guard.domain.restriction import RestrictWish
from budget_guard.domain.wishes import Fence, Restore
from budget_guard.domain.wishing import Standing

FEW = 3
MANY = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A plan that waits for a person's word: which policy asked for it, and what it would do.

    `stops`, `restricts` (to a guardrail) and `releases` (of a limit or a guardrail) are key hashes,
    of `keys` in all. `is_refused`: not a matter of approval, for `mode: observe` cannot be taken up
    while keys are held. `jumped` are keys whose counters jumped.
    """

    policy_hash: str
    keys: int
    stops: frozenset[str] = frozenset()
    restricts: frozenset[str] = frozenset()
    releases: frozenset[str] = frozenset()
    jumped: frozenset[str] = frozenset()
    is_refused: bool = False

    @property
    def deeds(self) -> str:
        """Return what the plan would do, in figures: "stop 12, restrict 3 and release 4"."""
        counts = {
            "stop": len(self.stops),
            "restrict": len(self.restricts),
            "release": len(self.releases),
        }
        *first, last = [f"{verb} {count}" for verb, count in counts.items() if count]
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def undone(self) -> str:
        """Return what happens to no key meanwhile: "released", "restricted or released"."""
        return "restricted or released" if self.restricts else "released"


def refused(facts: Facts) -> HeldBack | None:
    """Rule 12: refuse `mode: observe` while keys are held; None where it is not asked for."""
    approval = facts.approval
    if facts.policy.mode is not Mode.OBSERVE or approval is None:
        return None
    held = in_hand(facts.holds.values(), facts.restrictions.values())
    if approval.policy.mode is not Mode.ENFORCE or not held:
        return None
    return HeldBack(facts.policy.hash, len(held), releases=held, is_refused=True)


def is_armed(facts: Facts) -> bool:
    """Tell whether the facts hold something new: a policy, or a jump, that nobody approved."""
    approval = facts.approval
    return approval is None or approval.policy.hash != facts.policy.hash or bool(_jumps(facts))


def surprise(
    facts: Facts, standings: Mapping[str, Standing], guardrails: Mapping[str, RestrictWish]
) -> HeldBack | None:
    """Return what makes a plan too wide to follow unasked; None if it is not.

    Each key counts once, whatever is to become of it.
    """
    stops = frozenset(key for key, one in standings.items() if _is_new_stop(one))
    restricts = frozenset(key for key, one in guardrails.items() if is_news(one, facts))
    releases = frozenset(key for key, one in standings.items() if _is_release(one, facts))
    releases = releases.union(key for key, one in guardrails.items() if _gives_back(one, facts))
    alive = [
        one
        for one in facts.observations.values()
        if not one.gone_at and facts.policy.concerns(one.key)
    ]
    count = len(stops | restricts | releases)
    if count <= FEW or count <= MANY * len(alive):
        return None
    jumped = frozenset(_jumps(facts))
    return HeldBack(facts.policy.hash, len(alive), stops, restricts, releases, jumped)


def calmed(facts: Facts, held_back: HeldBack) -> Facts:
    """Return the facts by which to go on while a plan is held back: what was approved last.

    Keys that would have been stopped are fenced at what that leaves them. Where nothing was ever
    approved, the keys in question are left as they are; those to be restricted may be fenced.
    """
    approval = facts.approval
    if approval is None:
        spared = held_back.stops | held_back.releases
        return replace(facts, spared=spared, unrestricted=held_back.restricts)
    jumps = _jumps(facts)
    seen = {key: _before(one, jumps.get(key)) for key, one in facts.observations.items()}
    return replace(
        facts,
        policy=approval.policy,
        observations=seen,
        pressed=held_back.stops,
        doubted=frozenset(jumps),
    )


def _is_new_stop(standing: Standing) -> bool:
    """Tell whether a key that can spend is to have nothing from now on, and is due nothing."""
    allotment, headroom = standing.allotment, standing.headroom
    if not isinstance(standing.want, Fence) or allotment is None or headroom is None:
        return False
    is_stop = allotment.move in (Move.FIRST, Move.LOWER) and headroom < CENT
    return is_stop and allotment.share < CENT and not standing.seen.reading.settings.disabled


def _is_release(standing: Standing, facts: Facts) -> bool:
    """Tell whether a held key is to get its own settings back, but for a person's word."""
    key = standing.seen.key.hash
    return isinstance(standing.want, Restore) and facts.release_of(key) is None


def _gives_back(wish: RestrictWish, facts: Facts) -> bool:
    """Tell whether a restricted key is to get its own guardrail, but for a person's word."""
    return wish.to is None and facts.release_of(wish.key) is None


def _jumps(facts: Facts) -> dict[str, Jump]:
    """Return the jumps that came after the last approval, by key."""
    since = facts.approval.at if facts.approval else None
    return {
        key: one.jump
        for key, one in facts.observations.items()
        if one.jump and (since is None or one.jump.at > since)
    }


def _before(seen: Observation, jump: Jump | None) -> Observation:
    """Return a key with what it had spent before its counters jumped.

    Its lifetime counter stays: a fence is measured from what OpenRouter counts, right or wrong.
    """
    if jump is None:
        return seen
    counters = Counters(seen.reading.counters.lifetime, jump.before.windows)
    return replace(seen, reading=replace(seen.reading, counters=counters, at=jump.before_at))
