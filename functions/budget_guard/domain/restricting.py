"""Which keys are to have only a guardrail of cheaper models, by which budget, and which no longer.

Of several budgets over a key the first in the file says which guardrail: what guardrails refuse is
known at OpenRouter alone, so nothing here can tell the strictest, and the order of the file is what
an owner sees and can change. Within one budget the highest step that is reached says it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from budget_guard.domain import reasons, words
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.facts import Facts
from budget_guard.domain.hands import Hands
from budget_guard.domain.ladder import Do, Threshold
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Mode
from budget_guard.domain.restriction import Restriction, RestrictWish
from budget_guard.domain.windows import end

UNSEEN = timedelta(days=1)
"""A key that a rotation made, and took back, may never have been seen."""


class Asked(NamedTuple):
    """What asks for a restriction: the cap, and the step of its ladder that is reached."""

    constraint: Constraint
    step: Threshold


def step_of(constraint: Constraint) -> Threshold | None:
    """Return the highest step that is reached and restricts."""
    if constraint.budget is None or constraint.spend <= 0:
        return None
    steps = [one for one in constraint.budget.thresholds if one.do is Do.RESTRICT]
    reached = [one for one in steps if constraint.fraction >= one.at]
    return max(reached, key=lambda one: one.at, default=None)


def asked(constraints: Iterable[Constraint]) -> Mapping[str, Asked]:
    """Return what asks for each key that a budget wants restricted."""
    found: dict[str, Asked] = {}
    for constraint in constraints:
        if step := step_of(constraint):
            one = Asked(constraint, step)
            found |= {key: one for key in constraint.members if _goes_first(one, found.get(key))}
    return found


def _goes_first(one: Asked, other: Asked | None) -> bool:
    if other is None:
        return True
    return one.constraint.budget is other.constraint.budget and one.step.at > other.step.at


def restrict_wishes(
    constraints: Iterable[Constraint], facts: Facts, hands: Hands
) -> Mapping[str, RestrictWish]:
    """Return what is wanted of each key's guardrail that is not known to be so, or not of late.

    None for a key that nothing is decided for, or that a person froze. A key that people want the
    guard's hands off gets back what it had. The mode is not asked: `observe` tells of them.
    """
    wanted = asked(constraints)
    if not wanted and not facts.restrictions:
        return {}
    return {one.key: one for one in _wishes(wanted, facts, hands)}


def is_news(wish: RestrictWish, facts: Facts) -> bool:
    """Tell whether a key is to be restricted as nothing asked for until now.

    What was refused, or what a person changed, was asked for until its window ends.
    """
    known = facts.restrictions.get(wish.key)
    if wish.to is None or known is None or known.wanted != wish.to:
        return wish.to is not None
    return not known.is_ours and known.until is not None and known.until <= facts.now


def of_deleted(facts: Facts) -> Iterator[Restriction]:
    """Yield what is held of keys that were deleted, or were never seen at all for a day."""
    for key, one in facts.restrictions.items():
        seen, since = facts.observations.get(key), one.placed_at or one.looked_at
        is_unseen = seen is None and since is not None and facts.now - since > UNSEEN
        if is_unseen or (seen is not None and seen.gone_at):
            yield one


def _wishes(wanted: Mapping[str, Asked], facts: Facts, hands: Hands) -> Iterator[RestrictWish]:
    for key in sorted(wanted.keys() | facts.restrictions.keys()):
        seen = facts.observations.get(key)
        if seen is None or seen.gone_at or hands.is_undecided(key) or hands.is_frozen(key):
            continue
        known = facts.restrictions.get(key)
        by = None if hands.is_given_up(key) else wanted.get(key)
        if by and key in facts.unrestricted:
            continue
        if by is None and (known is None or not known.is_ours):
            continue
        to = by.step.restrict_to if by else None
        if known and (known.is_let_go(facts.now) or known.is_settled(to, facts.now)):
            continue
        yield _restrict(seen, by, facts) if by else _give_back(seen, facts)


def _restrict(seen: Observation, by: Asked, facts: Facts) -> RestrictWish:
    constraint, key, now = by.constraint, seen.key, facts.now
    budget, window = constraint.budget, constraint.window
    ends = words.until(window, now)
    spent = reasons.spending(constraint, key.name)
    return RestrictWish(
        key=key.hash,
        name=key.name,
        workspace=key.workspace,
        to=by.step.restrict_to,
        reason=f"{spent}; {key.name} may use what {by.step.restrict_to} allows {ends}",
        at=now,
        budget=budget.name if budget else None,
        until=end(window, now) if window else None,
    )


def _give_back(seen: Observation, facts: Facts) -> RestrictWish:
    key, name = seen.key.hash, seen.key.name
    why = f"no budget restricts {name} any more"
    if release := facts.release_of(key):
        why = f"{release.by} released {name}: {release.reason}"
    elif facts.policy.mode is Mode.RELEASE:
        why = "the budgets file says mode: release"
    elif facts.is_protected(key):
        why = f"{name} is protected by the budgets file"
    reason = f"{why}; it gets back the guardrail that it had"
    return RestrictWish(key, name, seen.key.workspace, None, reason, facts.now)
