"""The decision: policy, facts and time in; what every key should be, and why, out.

Level-triggered: the same facts give the same answer, however often it is asked. Its rules are those
of design section 5; each has its place:

| rule                                  | where                                    |
|---------------------------------------|------------------------------------------|
| 1 spend, 2 fraction and grants        | `constraints`, `grants`                  |
| 3 levers, 12 modes, 13 stale, 16      | `hands`, and `restricting` (guardrails)  |
| 4a invariant                          | `reach`, `headroom`                      |
| 4b shares                             | `shares`, `weights`                      |
| 4c disabled keys, keys out of reach   | `claims`                                 |
| 5 fences, native first                | `fences`                                 |
| 6 free money, 7 quiet                 | `headroom`, `purses`                     |
| 8 restore, 9 write ahead, 10 override | `settling`, and `use_cases.apply`        |
| 11 breaker                            | `breaker`                                |
| 14 lists, 15 thin                     | `announcing`, `conditions`               |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from budget_guard.domain import reasons
from budget_guard.domain.breaker import HeldBack, calmed, is_armed, refused, surprise
from budget_guard.domain.claim import Allotment, Claim, Move
from budget_guard.domain.claims import Claims, claims
from budget_guard.domain.constraints import Constraint, constraints
from budget_guard.domain.facts import Facts
from budget_guard.domain.fences import Measure, lasts, lifetime_fence, native_fence
from budget_guard.domain.hands import Hands
from budget_guard.domain.headroom import allot
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import FOR_EVER
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.reach import as_it_is
from budget_guard.domain.restricting import restrict_wishes
from budget_guard.domain.restriction import RestrictWish
from budget_guard.domain.tally import Tally
from budget_guard.domain.windows import end
from budget_guard.domain.wishes import Disable, Fence, Restore, Wish
from budget_guard.domain.wishing import Standing, is_satisfied, wish


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from the facts. `wishes` are all open ones; `dropped` are no longer wanted.

    `facts` are those that count: where a plan is held back (`held_back` says why), they have the
    policy that was approved last. `standings` has every key that a budget, or the guard, holds.
    `guardrails` is what is wanted of keys' guardrails, also in `observe`.
    `is_news`: the plan follows something new, which held no surprise: it can be approved.
    """

    facts: Facts
    constraints: tuple[Constraint, ...]
    sharing: Claims
    standings: Mapping[str, Standing]
    wishes: Mapping[str, Wish]
    dropped: tuple[Wish, ...]
    strange: frozenset[str] = frozenset()
    guardrails: Mapping[str, RestrictWish] = field(default_factory=dict)
    held_back: HeldBack | None = None
    is_news: bool = False

    @property
    def new_wishes(self) -> tuple[Wish, ...]:
        """Return the wishes that the ledger does not have yet."""
        known = self.facts.wishes
        return tuple(one for key, one in self.wishes.items() if known.get(key) != one)


def decide(facts: Facts) -> Plan:
    """Return the plan for `facts`.

    Guaranteed: no wish rests on a workspace that is stale (what was wished before stays, and so do
    fences; only a person's word to stop a key, or to give it back, needs no facts), none concerns a
    protected key but to give it back, and none is made in `observe`. A plan that the breaker holds
    back is replaced by what follows from the policy that was approved last.
    """
    if held_back := refused(facts):
        return replace(_plan(calmed(facts, held_back)), held_back=held_back)
    plan = _plan(facts)
    if plan.facts.policy.mode is Mode.OBSERVE or not is_armed(facts):
        return plan
    if held_back := surprise(facts, plan.standings, plan.guardrails):
        return replace(_plan(calmed(facts, held_back)), held_back=held_back)
    return replace(plan, is_news=True)


def _plan(facts: Facts) -> Plan:
    tally, hands = Tally(facts), Hands(facts)
    found = constraints(tally)
    sharing = claims(facts, tally, found, hands)
    wishes = {key: one for key, one in facts.wishes.items() if hands.is_undecided(key)}
    standings = {}
    for key, standing in _standings(facts, sharing, hands):
        standings[key] = standing
        if not hands.is_undecided(key) and not is_satisfied(facts, standing):
            wishes[key] = wish(facts, standing)
    if facts.policy.mode is Mode.OBSERVE:
        wishes = {}
    dropped = tuple(one for key, one in facts.wishes.items() if key not in wishes)
    guardrails = restrict_wishes(found, facts, hands)
    return Plan(facts, found, sharing, standings, wishes, dropped, hands.strange, guardrails)


def _standings(facts: Facts, sharing: Claims, hands: Hands) -> Iterator[tuple[str, Standing]]:
    """Yield what each key should be that is to be fenced, to be stopped, or to be given back."""
    allotments = allot(sharing.by_key, sharing.constraints, sharing.lefts)
    for (key, claim), allotment in zip(sharing.by_key.items(), allotments, strict=True):
        yield key, _fenced(claim, allotment, sharing, facts)
    for freeze in facts.freezes:
        key = freeze.key
        if hands.is_frozen(key) and (seen := facts.observations.get(key)):
            why = partial(reasons.frozen, seen.key.name, freeze, facts.now)
            yield key, Standing(seen, facts.holds.get(key), Disable(), why)
    for key, hold in facts.holds.items():
        seen = facts.observations.get(key)
        is_divided = key in facts.kin.changing and not hands.is_given_up(key)
        if is_divided or key in sharing.by_key or hands.is_frozen(key):
            continue
        if seen and is_ours(hold):
            want = Restore(for_good=hands.is_given_up(key))
            yield key, Standing(seen, hold, want, partial(_why_restored, facts, seen))


def _fenced(claim: Claim, allotment: Allotment, sharing: Claims, facts: Facts) -> Standing:
    seen, hold, headroom = claim.seen, claim.hold, allotment.headroom
    binding = sharing.constraints[allotment.bound_by]
    stays = as_it_is(hold, facts.now) if hold and allotment.move is Move.KEEP else None
    want = stays
    if want is None or want.limit.reset is not None or not binding.is_shared:
        all_of = sharing.of(seen.key.hash)
        binding = _binding(all_of, binding, facts)
        want = _fence(claim, allotment, all_of, stays, facts)
    why = partial(reasons.fenced, binding, seen.reading.key.name, headroom, facts.now)
    return Standing(seen, hold, want, why, headroom, binding, allotment)


def _fence(
    claim: Claim,
    allotment: Allotment,
    all_of: Sequence[Constraint],
    stays: Fence | None,
    facts: Facts,
) -> Fence:
    """Return the fence for an allotment; where none is to move, only for one that resets itself.

    Only a key that shares nothing with others, no successor to come either, and whose counters
    nobody doubts, may have that.
    """
    # A decrease is sent whatever the two limits come to by turns: it leaves less than before.
    before = claim.reach.possible if claim.reach and allotment.move is not Move.LOWER else ()
    counters = claim.seen.reading.counters
    measure = Measure(counters, facts.read_at(claim.seen), facts.now, before)
    native = None
    if claim.seen.key.hash not in facts.doubted and not claim.is_divided:
        native = native_fence(all_of, allotment.share if stays else allotment.headroom, measure)
    if native:
        return native
    if stays and lasts(stays.limit, all_of):
        return stays
    byok = any(one.include_byok for one in all_of)
    return lifetime_fence(allotment.headroom, counters, include_byok=byok)


def _binding(all_of: Sequence[Constraint], bound_by: Constraint, facts: Facts) -> Constraint:
    """Return what keeps a key from more: of its own constraints, of equals the longest."""
    if bound_by.is_shared:
        return bound_by
    return max(
        (one for one in all_of if not one.is_shared and one.left == bound_by.left),
        key=lambda one: end(one.window, facts.now) if one.window else FOR_EVER,
    )


def _why_restored(facts: Facts, seen: Observation) -> str:
    key, name = seen.key.hash, seen.key.name
    if release := facts.release_of(key):
        return f"{release.by} released {name}: {release.reason}"
    if facts.policy.mode is Mode.RELEASE:
        return f"the budgets file says mode: release; {name} gets its own settings back"
    if facts.is_protected(key):
        return f"{name} is protected by the budgets file; it gets its own settings back"
    return f"no budget holds {name} any more; it gets its own settings back"
