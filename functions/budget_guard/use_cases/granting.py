"""More money on a budget until a time, by a person's word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches

from budget_guard.domain import words
from budget_guard.domain.constraints import Constraint, granted
from budget_guard.domain.cost_budgets import known_caps
from budget_guard.domain.decision import Plan, decide
from budget_guard.domain.errors import RequestError
from budget_guard.domain.facts import Facts
from budget_guard.domain.money import Usd
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.records import Grant
from budget_guard.use_cases.desk import Desk, Until, end_of
from budget_guard.use_cases.holdings import find_key
from budget_guard.use_cases.overview import present_plan


@dataclass(frozen=True, slots=True)
class GrantAsked:
    """What a person asks for: `amount` is USD, `key` as `find_key` takes it."""

    budget: str
    amount: Usd
    until: Until
    reason: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant as written, and each cap before and after it. `keys` is how the keys stand then.

    `problem` is why `evaluate` was not started; the next one by schedule sees the grant anyway.
    """

    grant: Grant
    caps: tuple[tuple[Constraint, Constraint], ...]
    keys: tuple[str, ...]
    at: datetime
    problem: str | None


def grant(asked: GrantAsked, desk: Desk) -> Granted:
    """Write a grant; raise `RequestError` for a budget, key, amount or time that cannot be."""
    before = present_plan(desk.ledger, desk.now)
    facts = before.facts
    budget = _budget(asked.budget, facts.policy)
    key = _subject(asked.key, budget, facts)
    if not asked.amount.is_finite() or asked.amount <= 0:
        message = f"A grant is an amount above 0 USD, not {asked.amount}"
        raise RequestError(message)
    given = Grant(
        id=desk.new_id()[:12],
        budget=budget.name,
        amount=asked.amount,
        begins=facts.now,
        ends=end_of(asked.until, facts.now),
        reason=asked.reason,
        by=desk.by,
        key=key,
    )
    after = decide(replace(facts, grants=(*facts.grants, given)))
    problem = desk.put(given, facts.now)
    caps = tuple(zip(_caps_of(given, before), _caps_of(given, after), strict=True))
    return Granted(given, caps, _keys_of(given, after), facts.now, problem)


def end_grant(name: str, budget: str, desk: Desk) -> tuple[Grant, str | None]:
    """End a grant now; what was spent of it stays granted. `name` is its id or the id's start."""
    facts = present_plan(desk.ledger, desk.now).facts
    lasting = [one for one in facts.grants if one.ends > facts.now and one.budget == budget]
    found = [one for one in lasting if name and one.id.startswith(name)]
    if len(found) != 1:
        known = ", ".join(one.id for one in lasting) or "none"
        message = f"No one grant {name!r} lasts on the budget {budget!r}; those that do: {known}"
        raise RequestError(message)
    ended = replace(found[0], ends=facts.now)
    return ended, desk.put(ended, facts.now)


def _budget(name: str, policy: Policy) -> Budget:
    known = {one.name: one for one in policy.budgets}
    if name in known:
        return known[name]
    if not known:
        message = "The guard has not evaluated a budgets file yet; see budget-guard status"
        raise RequestError(message)
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    message = f"There is no budget {name!r} in the deployed budgets file: {hint}"
    raise RequestError(message)


def _subject(key: str | None, budget: Budget, facts: Facts) -> str | None:
    if budget.per_key and not key:
        message = f"The budget {budget.name} is one for each key: say which with --key"
        raise RequestError(message)
    if key is None:
        return None
    if not budget.per_key:
        message = f"The budget {budget.name} is for its keys together: grant it without --key"
        raise RequestError(message)
    seen = find_key(key, facts)
    if not budget.covers(seen.key) or seen.gone_at:
        message = f"The key {seen.key.name} is not in the budget {budget.name}"
        raise RequestError(message)
    return facts.kin.root(seen.key.hash)


def _caps_of(given: Grant, plan: Plan) -> Sequence[Constraint]:
    return [
        one
        for one in (*plan.constraints, *known_caps(plan.facts))
        if granted(one, given, plan.facts)
    ]


def _keys_of(given: Grant, plan: Plan) -> tuple[str, ...]:
    """Return how the keys that the grant concerns stand with it, in the guard's words."""
    members = frozenset[str]().union(*(one.members for one in _caps_of(given, plan)))
    return tuple(standing.reason for key, standing in plan.standings.items() if key in members)


def cap_change(before: Constraint, after: Constraint, now: datetime) -> str:
    """Return a cap's change in words: "today: 100.00 -> 120.00 USD"."""
    period, was, now_is = words.PERIODS[after.window], before.cap, after.cap
    return f"{period}: {_usd(was)} -> {_usd(now_is)} USD, {_usd(after.left)} left {words.until(after.window, now)}"


def _usd(amount: Decimal) -> str:
    return f"{amount:.2f}"
