"""What a constraint leaves to its keys, and how that is shared among them, in figures that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain import words
from budget_guard.domain.claim import Allotment, Claim
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.decision import Plan
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window, end
from budget_guard.use_cases.hands_off import hands_off
from budget_guard.use_cases.kinship import label_of


@dataclass(frozen=True, slots=True)
class Portion:
    """One key's part of a pool (USD): its weight, the share it is due, what its fences let it spend.

    `is_bound_here`: this pool kept its share from rising; else `bound_by` did, earlier. `may_spend` is the most, whichever of its fences are in force by now; None: no fence bounds it.
    """

    key: str
    name: str
    weight: Usd
    share: Usd
    may_spend: Usd | None
    is_bound_here: bool
    bound_by: str


@dataclass(frozen=True, slots=True)
class Untold:
    """A key of a pool that is not fenced by it now, and why, in a word."""

    key: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A cap over keys in a window, as one of these keys meets it (USD).

    `cap` counts grants in, of which there are `granted`. `left` = cap - spent, not below 0;
    `taken` is what `others`, which cannot be held now, are counted with; `shared` is what remains,
    and `portions` are of that, `mine` among them. `elsewhere` is the sum of the shares that
    something else bounds; what is then left of `shared` is split by weight among those bound here,
    of `weights` together. `held` is what fences let keys spend now, `free` what nobody may spend.
    `budget` is None for what `lever` says, the key's own limit or its guardrail; `window` None for
    its lifetime.
    """

    budget: str | None
    window: Window | None
    cap: Usd
    granted: Usd
    spent: Usd
    left: Usd
    taken: Usd
    shared: Usd
    portions: tuple[Portion, ...]
    others: tuple[Untold, ...]
    resets_at: datetime | None
    binds: bool
    lever: str = "its own limit"

    @property
    def elsewhere(self) -> Usd:
        """Return the shares that something else bounds."""
        return sum((one.share for one in self.portions if not one.is_bound_here), ZERO)

    @property
    def weights(self) -> Usd:
        """Return the weights of those that rise until this pool is exhausted."""
        return sum((one.weight for one in self.portions if one.is_bound_here), ZERO)

    @property
    def held(self) -> Usd:
        """Return what fences let keys spend of it, as far as they bound anything."""
        return sum((one.may_spend or ZERO for one in self.portions), ZERO)

    @property
    def free(self) -> Usd:
        """Return what no fence lets anybody spend; below 0: by so much fences must come down."""
        if any(one.may_spend is None for one in self.portions):
            return ZERO
        return self.shared - self.held


def pools(key: str, plan: Plan) -> tuple[Pool, ...]:
    """Return every pool that a key which is to be fenced meets, the one that binds it first."""
    claim, standing = plan.sharing.by_key[key], plan.standings[key]
    bound_by = standing.allotment.bound_by if standing.allotment else None
    found = [_pool(place, plan, binds=place == bound_by) for place in claim.places]
    return tuple(sorted(found, key=lambda one: (not one.binds, one.shared)))


def _pool(place: int, plan: Plan, *, binds: bool) -> Pool:
    constraint, now = plan.sharing.constraints[place], plan.facts.now
    shared = max(ZERO, plan.sharing.lefts[place])
    return Pool(
        budget=constraint.budget.name if constraint.budget else None,
        window=constraint.window,
        cap=constraint.cap,
        granted=constraint.cap - constraint.base,
        spent=constraint.spend,
        left=constraint.left,
        taken=constraint.left - shared,
        shared=shared,
        portions=_portions(place, plan),
        others=_others(constraint, plan),
        resets_at=end(constraint.window, now) if constraint.window else None,
        binds=binds,
        lever=constraint.lever,
    )


def _portions(place: int, plan: Plan) -> tuple[Portion, ...]:
    members: Sequence[str] = sorted(plan.sharing.constraints[place].members)
    claims = plan.sharing.by_key
    found = [
        _portion(key, claims[key], allotment, place, plan)
        for key in members
        if key in claims and (allotment := plan.standings[key].allotment)
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.name, one.key)))


def _portion(key: str, claim: Claim, allotment: Allotment, place: int, plan: Plan) -> Portion:
    constraint = plan.sharing.constraints[place]
    most = claim.reach.exposures(constraint)[0] if claim.reach else ZERO
    return Portion(
        key=key,
        name=label_of(key, plan.facts),
        weight=ZERO if claim.is_off else claim.weight,
        share=allotment.share,
        may_spend=most if most.is_finite() else None,
        is_bound_here=allotment.bound_by == place and not claim.is_off,
        bound_by="it is off" if claim.is_off else _name_of(allotment.bound_by, plan),
    )


def _name_of(place: int, plan: Plan) -> str:
    one = plan.sharing.constraints[place]
    return f"{one.budget.name}, {words.PERIODS[one.window]}" if one.budget else one.lever


def _others(constraint: Constraint, plan: Plan) -> tuple[Untold, ...]:
    """Return the keys that the cap concerns and that it does not fence now."""
    facts = plan.facts
    return tuple(
        Untold(key, label_of(key, facts), hands_off(key, facts) or "not fenced yet")
        for key in sorted(constraint.members)
        if key not in plan.sharing.by_key
    )
