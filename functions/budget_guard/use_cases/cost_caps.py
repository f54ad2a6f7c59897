"""Budgets on models and providers as `status` and `explain` show them."""

from collections.abc import Iterator

from budget_guard.domain import words
from budget_guard.domain.cost_budgets import CostCap, cost_caps, on_what
from budget_guard.domain.facts import Facts
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget
from budget_guard.use_cases.caps import CapView, cost_cap_view


def keys_of(budget: Budget, facts: Facts) -> int:
    """Return how many keys a budget covers now."""
    return facts.kin.count(
        key
        for key, one in facts.observations.items()
        if one.gone_at is None and facts.policy.concerns(one.key) and budget.covers(one.key)
    )


def caps_of(budget: Budget, facts: Facts, most: int) -> tuple[CapView, ...]:
    """Return the caps of a budget; of a per-key one the `most` that are nearest to their end."""
    found = [one for one in cost_caps(facts) if one.budget is budget]
    if budget.per_key:
        worst: dict[str | None, CostCap] = {}
        for one in sorted(found, key=lambda cap: cap.constraint.fraction):
            worst[one.constraint.subject] = one
        nearest = sorted(worst.values(), key=_nearest)
        found = nearest[:most]
    return tuple(cost_cap_view(one, facts) for one in found)


def _nearest(cap: CostCap) -> tuple[object, ...]:
    return -cap.constraint.fraction, cap.constraint.subject or ""


def caps_over(seen: Observation, facts: Facts) -> Iterator[tuple[Budget, CapView]]:
    """Yield the caps of these budgets that concern a key."""
    for one in cost_caps(facts):
        subject = one.constraint.subject
        is_its = subject is None or subject in facts.kin.hashes(seen.key.hash)
        if is_its and facts.policy.concerns(seen.key) and one.budget.covers(seen.key):
            yield one.budget, cost_cap_view(one, facts)


def known_until(budget: Budget, facts: Facts) -> str:
    """Return what a budget counts, and how far that is known."""
    untils = [one.until for one in cost_caps(facts) if one.budget is budget and one.until]
    known = f"known until {words.as_of(min(untils), facts.now)}" if untils else "not known yet"
    return f"{on_what(budget)}, {known}"
