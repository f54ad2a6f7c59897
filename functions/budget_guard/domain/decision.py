"""The decision: policy, facts and time in; what every key should be, and why, out.

Level-triggered: the same facts give the same answer, however often it is asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from budget_guard.domain import words
from budget_guard.domain.constraints import Constraint, constraints, own_limit
from budget_guard.domain.facts import Facts
from budget_guard.domain.fences import Measure, fence
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.money import Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.shares import Pot, shares
from budget_guard.domain.windows import end
from budget_guard.domain.wishes import Restore, Wish
from budget_guard.domain.wishing import Standing, is_ours, is_satisfied, wish

FLOOR: Usd = Decimal(1)
"""The least weight of a key: what it can be expected to ask for without any history."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from the facts. `wishes` are all open ones; `dropped` are no longer wanted.

    `standings` has every key that a budget, or the guard, holds.
    """

    facts: Facts
    constraints: tuple[Constraint, ...]
    standings: Mapping[str, Standing]
    wishes: Mapping[str, Wish]
    dropped: tuple[Wish, ...]

    @property
    def new_wishes(self) -> tuple[Wish, ...]:
        """Return the wishes that the ledger does not have yet."""
        known = self.facts.wishes
        return tuple(one for key, one in self.wishes.items() if known.get(key) != one)


def decide(facts: Facts) -> Plan:
    """Return the plan for `facts`.

    Guaranteed: no wish rests on a workspace that is stale (what was wished before stays, and so do
    fences; only a person's word to give a key back needs no facts), none concerns a protected key
    but to give it back, and none is made in `observe`.
    """
    found = constraints(facts)
    standings = _standings(facts, found)
    wishes = {key: one for key, one in facts.wishes.items() if _is_undecided(facts, key)}
    for key, standing in standings.items():
        if not _is_undecided(facts, key) and not is_satisfied(facts, standing):
            wishes[key] = wish(facts, standing)
    if facts.policy.mode is Mode.OBSERVE:
        wishes = {}
    dropped = tuple(one for key, one in facts.wishes.items() if key not in wishes)
    return Plan(facts, found, standings, wishes, dropped)


def _is_blind(facts: Facts, key: str) -> bool:
    seen = facts.observations.get(key)
    return seen is None or (seen.gone_at is None and facts.is_stale(seen.key.workspace))


def _is_undecided(facts: Facts, key: str) -> bool:
    return _is_blind(facts, key) and not _is_given_up(facts, key)


def _standings(facts: Facts, found: Sequence[Constraint]) -> dict[str, Standing]:
    fencing = _by_key(facts, [one for one in found if one.is_fencing])
    weights = {key: _weight(facts.observations[key]) for key in fencing}
    pots = [Pot(one.members, one.left) for all_of in fencing.values() for one in all_of]
    headrooms = shares(weights, pots)
    standings = {
        key: _fenced(facts, facts.observations[key], all_of, headrooms[key])
        for key, all_of in fencing.items()
    }
    for key, hold in facts.holds.items():
        seen = facts.observations.get(key)
        if seen and key not in standings and is_ours(hold):
            want = Restore(for_good=_is_given_up(facts, key))
            standings[key] = Standing(seen, want, _why_restored(facts, seen))
    return standings


def _by_key(facts: Facts, found: Iterable[Constraint]) -> dict[str, list[Constraint]]:
    """Return the constraints of each key that one of them holds, its own limit included."""
    by_key: dict[str, list[Constraint]] = {}
    for constraint in found:
        for key in constraint.members:
            by_key.setdefault(key, []).append(constraint)
    held: dict[str, list[Constraint]] = {}
    for key, all_of in by_key.items():
        if _may_hold(facts, key) and (_is_kept(facts, key) or any(one.holds for one in all_of)):
            own = own_limit(facts.observations[key], facts)
            held[key] = [*all_of, own] if own else all_of
    return held


def _may_hold(facts: Facts, key: str) -> bool:
    """Tell whether the guard may have a fence on a key at all."""
    hold = facts.holds.get(key)
    let_go = hold and hold.let_go_until and facts.now < hold.let_go_until
    return not (let_go or _is_given_up(facts, key) or _is_blind(facts, key))


def _is_given_up(facts: Facts, key: str) -> bool:
    """Tell whether people want the guard's hands off a key."""
    policy = facts.policy
    return policy.mode is Mode.RELEASE or key in policy.protect or facts.release_of(key) is not None


def _is_kept(facts: Facts, key: str) -> bool:
    """Tell whether a key stays held because a restore did not bring its counter back."""
    hold = facts.holds.get(key)
    return bool(hold and hold.is_held and hold.keep_until and facts.now < hold.keep_until)


def _weight(seen: Observation) -> Usd:
    """Return the expected spend of 15 minutes, at least `FLOOR` (USD)."""
    return max(FLOOR, seen.burn(include_byok=True) / 4)


def _fenced(
    facts: Facts, seen: Observation, all_of: Sequence[Constraint], headroom: Usd
) -> Standing:
    binding = _binding(all_of, facts)
    measure = Measure(seen.reading.counters, facts.read_at(seen), facts.now)
    return Standing(
        seen=seen,
        want=fence(all_of, headroom, measure),
        reason=words.fenced(binding, seen.key.name, headroom, facts.now),
        headroom=headroom,
        binding=binding,
    )


def _binding(all_of: Sequence[Constraint], facts: Facts) -> Constraint:
    """Return the constraint with the least left; of equals, the one that lasts longest."""
    least = min(one.left for one in all_of)
    return max(
        (one for one in all_of if one.left == least),
        key=lambda one: end(one.window, facts.now) if one.window else FOR_EVER,
    )


def _why_restored(facts: Facts, seen: Observation) -> str:
    key, name = seen.key.hash, seen.key.name
    if release := facts.release_of(key):
        return f"{release.by} released {name}: {release.reason}"
    if facts.policy.mode is Mode.RELEASE:
        return f"the budgets file says mode: release; {name} gets its own settings back"
    if key in facts.policy.protect:
        return f"{name} is protected by the budgets file; it gets its own settings back"
    return f"no budget holds {name} any more; it gets its own settings back"
