"""Who is to be fenced, by which constraints, and what these leave to them together (rule 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from budget_guard.domain.bonds import FREE, Bond, Bonds
from budget_guard.domain.claim import Claim
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.facts import Facts
from budget_guard.domain.hands import Hands
from budget_guard.domain.holds import Hold, Possible, Refusals
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import FLOOR
from budget_guard.domain.reach import reach
from budget_guard.domain.settling import has_disabled
from budget_guard.domain.tally import Tally
from budget_guard.domain.weights import expected, expected_or_floor, short_below, weight

HOURLY = timedelta(hours=1)
LEAVING = FLOOR / 4
"""USD; the least weight of a key that has a successor: what it does not use is better there."""


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


def claims(facts: Facts, tally: Tally, found: Sequence[Constraint], hands: Hands) -> Claims:
    """Return who is to be fenced: who may be, and whom one of its constraints wants held."""
    claiming = _Claiming(facts, found, hands)
    bonds = {group: claiming.bonds.common(covering) for covering, group in tally.groups.items()}
    for seen, group in tally.keys:
        claiming.take(seen, FREE if seen.gone_at else bonds[group])
    return Claims(claiming.by_key, claiming.bonds.bounds, claiming.lefts())


class _Claiming:
    """One decision's claims as they are found.

    `_others` are the keys that do not claim what binds them.
    """

    def __init__(self, facts: Facts, found: Sequence[Constraint], hands: Hands) -> None:
        self.by_key: dict[str, Claim] = {}
        self.bonds = Bonds(facts, found)
        self._facts, self._hands = facts, hands
        self._others: list[tuple[Observation, tuple[int, ...]]] = []

    def take(self, seen: Observation, common: Bond) -> None:
        """Find the claim of a key that `common` binds with others, if it makes one."""
        key, hands = seen.reading.key.hash, self._hands
        common, own = self.bonds.of(seen, common)
        is_pressed = key in self._facts.pressed and bool(common.places or own.places)
        is_wanted = common.holds or own.holds or is_pressed or hands.is_kept(key)
        if not is_wanted or not hands.may_hold(key):
            self._others.append((seen, common.places + own.places))
            return
        own = self.bonds.with_limit(seen, own)
        if common.places or own.places:
            self.by_key[key] = _claim(seen, common, own, self.bonds.bounds, self._facts)

    def lefts(self) -> list[Usd]:
        """Return what each claimed constraint leaves to those who claim it."""
        bounds = self.bonds.bounds
        wanted = set(chain.from_iterable({one.common for one in self.by_key.values()}))
        wanted.update(place for one in self.by_key.values() for place in one.own)
        lefts = [one.left if place in wanted else ZERO for place, one in enumerate(bounds)]
        for seen, places in self._others:
            for place in wanted.intersection(places):
                lefts[place] -= _taken(seen, bounds[place], self._facts, self._hands)
        return lefts


def _claim(
    seen: Observation, common: Bond, own: Bond, bounds: Sequence[Constraint], facts: Facts
) -> Claim:
    hold = facts.holds.get(seen.reading.key.hash)
    limits = reach(seen, hold, facts)
    allowed = limits.allowed if limits else ZERO
    read_at = limits.read_at if limits else facts.read_at(seen)
    ours = hold if limits and _is_fence(limits.kept) else None
    burn, floor = expected_or_floor(seen, ours, allowed, read_at), FLOOR
    if facts.kin.is_leaving(seen.reading.key.hash):
        burn, floor = expected(seen, ours, allowed, read_at), LEAVING
    elif seen.reading.key.hash in facts.kin.of:
        burn = max(burn, _expected_of_kin(seen, facts))
    is_plain = limits is not None and limits.is_plain
    return Claim(
        seen,
        hold,
        common.places,
        weight(burn, ours, allowed, read_at, floor=floor),
        limits,
        allowed,
        short_below(burn),
        own.places,
        is_plain and not (common.include_byok or own.include_byok),
        _is_off(seen, hold, facts) and any(bounds[place].is_shared for place in common.places),
        hold is not None and hold.refusals is not None and _is_stuck(hold.refusals, facts),
        bool(facts.grants)
        and _is_eager(seen, hold, [bounds[one] for one in common.places + own.places], facts),
        limits is None or limits.kept is None or (hold is not None and hold.froze),
        seen.reading.key.hash in facts.kin.changing,
    )


def _expected_of_kin(seen: Observation, facts: Facts) -> Usd:
    """Return what the generations before a key in use spend: it will be asked for that (USD)."""
    others = (facts.observations.get(one) for one in facts.kin.others(seen.key.hash))
    return max(
        (expected(one, None, ZERO, facts.read_at(one)) for one in others if one), default=ZERO
    )


def _taken(seen: Observation, constraint: Constraint, facts: Facts, hands: Hands) -> Usd:
    """Return what a key that does not claim a constraint may take of it (USD).

    Fences that nothing is decided of now count as far as they reach; a key that cannot be held is
    expected to spend what it did, until the next evaluation.
    """
    key = seen.key.hash
    hold = facts.holds.get(key)
    limits = reach(seen, hold, facts)
    most = limits.exposures(constraint)[0] if limits else None
    if limits and most and not most.is_finite():
        # An older limit may still be in force that bounds nothing: the others count at least.
        most = limits.bounded(constraint)
    if most is not None:
        return most
    if hands.may_hold(key) or _is_off(seen, hold, facts):
        return ZERO
    return expected(seen, None, ZERO, facts.read_at(seen))


def _is_fence(kept: Possible | None) -> bool:
    """Tell whether a limit is one by which a pace can be told: not a native, nor one given back."""
    limit = kept.settings.limit if kept else None
    return limit is not None and limit.amount is not None and limit.reset is None


def _is_off(seen: Observation, hold: Hold | None, facts: Facts) -> bool:
    """Rule 4c: tell whether people have switched a key off, or its own end has come."""
    ends = seen.reading.key.expires_at
    if ends is not None and ends <= facts.now:
        return True
    answered = hold.confirmed if hold else None
    if not seen.reading.settings.disabled and not (answered and answered.settings.disabled):
        return False
    return facts.settings(seen).disabled and not (hold and has_disabled(hold))


def _is_stuck(refusals: Refusals, facts: Facts) -> bool:
    """Tell whether OpenRouter refused to change a key, and it is too soon to try again."""
    return refusals.for_good and facts.now - refusals.last_at < HOURLY


def _is_eager(
    seen: Observation, hold: Hold | None, all_of: Iterable[Constraint], facts: Facts
) -> bool:
    """Tell whether somebody granted more money since the key's fence was set."""
    root = facts.kin.root
    since = hold.confirmed_at if hold else None
    names = {one.budget.name for one in all_of if one.budget}
    return since is not None and any(
        since <= one.begins <= facts.now < one.ends
        for one in facts.grants
        if one.budget in names and (one.key is None or root(one.key) == root(seen.key.hash))
    )
