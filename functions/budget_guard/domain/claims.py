"""Who is to be fenced, by which constraints, and what these leave to them together (rule 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from budget_guard.domain.claim import Claim
from budget_guard.domain.constraints import Constraint, own_limit
from budget_guard.domain.facts import Facts
from budget_guard.domain.hands import Hands
from budget_guard.domain.holds import Hold, Possible
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.reach import Reach, reach
from budget_guard.domain.settling import has_disabled
from budget_guard.domain.weights import expected, short_below, weight

HOURLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claims:
    """The keys to be fenced, and every constraint that fences are measured by.

    A claim's places are places in `constraints` and in `lefts`: what each leaves (USD) to the keys
    that claim it, when those are counted that spend of it otherwise.
    """

    by_key: Mapping[str, Claim]
    constraints: Sequence[Constraint]
    lefts: Sequence[Usd]

    def of(self, key: str) -> list[Constraint]:
        """Return the constraints that bind a key that is to be fenced, its own limit last."""
        return [self.constraints[place] for place in self.by_key[key].places]


def claims(facts: Facts, found: Iterable[Constraint], hands: Hands) -> Claims:
    """Return who is to be fenced: who may be, and whom one of its constraints wants held."""
    bounds = [one for one in found if one.is_fencing]
    held = _held(bounds, facts, hands)
    for key, places in held.items():
        if own := own_limit(facts.observations[key], facts):
            held[key] = (*places, len(bounds))
            bounds.append(own)
    wanted = {place for places in set(held.values()) for place in places}
    lefts = [
        one.left - _taken(one, held, facts, hands) if place in wanted else ZERO
        for place, one in enumerate(bounds)
    ]
    by_key = {key: _claim(key, places, bounds, facts) for key, places in held.items() if places}
    return Claims(by_key, bounds, lefts)


def _held(bounds: Sequence[Constraint], facts: Facts, hands: Hands) -> dict[str, tuple[int, ...]]:
    """Return the keys to be fenced, and the places of what binds them.

    The windows of a budget have the same members: a key meets them together.
    """
    groups: dict[int, list[int]] = {}
    for place, one in enumerate(bounds):
        groups.setdefault(id(one.members), []).append(place)
    of_key: dict[str, list[int]] = {key: [] for key in facts.holds if hands.is_kept(key)}
    for places in groups.values():
        for key in bounds[places[0]].members:
            of_key.setdefault(key, []).append(places[0])
    holding = {some[0] for some in groups.values() if any(bounds[place].holds for place in some)}
    together = {some[0]: tuple(some) for some in groups.values()}
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    held = {}
    for key, firsts in of_key.items():
        is_wanted = not holding.isdisjoint(firsts) or key in facts.pressed or hands.is_kept(key)
        if is_wanted and hands.may_hold(key):
            some = tuple(firsts)
            if some not in known:
                known[some] = tuple(place for first in some for place in together[first])
            held[key] = known[some]
    return held


def _taken(
    constraint: Constraint, held: dict[str, tuple[int, ...]], facts: Facts, hands: Hands
) -> Usd:
    """Return what others than the claiming keys may take of a constraint (USD).

    Fences that nothing is decided of now count as far as they reach; a key that cannot be held is
    expected to spend what it did, until the next evaluation.
    """
    taken = ZERO
    for key in constraint.members.difference(held):
        seen = facts.observations[key]
        limits = reach(seen, facts)
        most = limits.exposures(constraint)[0] if limits else None
        if limits and most and not most.is_finite():
            # An older limit may still be in force that bounds nothing: the others count at least.
            most = limits.bounded(constraint)
        if most is not None:
            taken += most
        elif not hands.may_hold(key) and not _is_off(seen, facts.holds.get(key), facts):
            taken += expected(seen, None, ZERO, facts.read_at(seen))
    return taken


def _claim(key: str, places: tuple[int, ...], bounds: Sequence[Constraint], facts: Facts) -> Claim:
    seen, hold = facts.observations[key], facts.holds.get(key)
    limits = reach(seen, facts)
    allowed, read_at = limits.allowed if limits else ZERO, facts.read_at(seen)
    ours = hold if limits and _is_fence(limits.kept) else None
    burn = expected(seen, ours, allowed, read_at)
    return Claim(
        places=places,
        weight=weight(burn, ours, allowed, read_at),
        reach=limits,
        allowed=allowed,
        short_below=short_below(burn),
        is_off=_is_off(seen, hold, facts) and any(bounds[place].is_shared for place in places),
        is_stuck=_is_stuck(hold, facts),
        is_eager=bool(facts.grants)
        and _is_eager(key, hold, [bounds[place] for place in places], facts),
        is_first=_is_first(limits, hold),
    )


def _is_fence(kept: Possible | None) -> bool:
    """Tell whether a limit is one by which a pace can be told: not a native, nor one given back."""
    limit = kept.settings.limit if kept else None
    return limit is not None and limit.amount is not None and limit.reset is None


def _is_first(limits: Reach | None, hold: Hold | None) -> bool:
    """Tell whether a key has no fence that could stay: none yet, or one behind an off switch."""
    return limits is None or limits.kept is None or (hold is not None and hold.froze)


def _is_off(seen: Observation, hold: Hold | None, facts: Facts) -> bool:
    """Rule 4c: tell whether people have switched a key off, or its own end has come."""
    ends = seen.key.expires_at
    is_theirs = facts.settings(seen).disabled and not (hold and has_disabled(hold))
    return is_theirs or (ends is not None and ends <= facts.now)


def _is_stuck(hold: Hold | None, facts: Facts) -> bool:
    """Tell whether OpenRouter refused to change a key, and it is too soon to try again."""
    refusals = hold.refusals if hold else None
    return refusals is not None and refusals.for_good and facts.now - refusals.last_at < HOURLY


def _is_eager(key: str, hold: Hold | None, all_of: Iterable[Constraint], facts: Facts) -> bool:
    """Tell whether somebody granted more money since the key's fence was set."""
    since = hold.confirmed_at if hold else None
    names = {one.budget.name for one in all_of if one.budget}
    return since is not None and any(
        since <= one.begins <= facts.now < one.ends
        for one in facts.grants
        if one.budget in names and one.key in (None, key)
    )
