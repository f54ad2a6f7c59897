"""Budgets on models and providers as people hear of them: how much of each cap is spent.

A key's limit cannot tell models apart: no fence is measured by these budgets. What they spent is
known as far as costs are read; where that is not far enough, nothing is taken to be below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from budget_guard.domain import reasons, words
from budget_guard.domain.alerts import Condition, Entry, Incident, Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.constraints import Constraint, granted
from budget_guard.domain.cost_spends import MOST_KEYS, TOP, CostSpend, Counted, Spender, terms_of
from budget_guard.domain.facts import Facts
from budget_guard.domain.grants import lifted
from budget_guard.domain.ladder import Severity
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.ownership import People
from budget_guard.domain.policy import Budget
from budget_guard.domain.signals.signal import named, short
from budget_guard.domain.spending import allow_more, exhausts_at
from budget_guard.domain.windows import Window, end, start

STALE = timedelta(hours=2)
"""Costs are read by the full hour: until an hour and a quarter ago, if nothing fails."""
NAMED = 2


@dataclass(frozen=True, slots=True)
class CostCap:
    """A cap of a budget that counts costs, for each key of a per-key one that spent anything.

    At least `constraint.spend` was spent of it; so much, if `is_whole`. All before `until` is
    counted; None: nothing is known. `per_hour` is USD of late.
    """

    budget: Budget
    window: Window
    constraint: Constraint
    until: datetime | None = None
    is_whole: bool = False
    per_hour: Usd = ZERO
    spenders: Sequence[Spender] = ()


def cost_caps(facts: Facts) -> tuple[CostCap, ...]:
    """Return the caps of all budgets that count costs, as they stand; no key is a member of one."""
    return tuple(
        cap
        for budget in facts.policy.budgets
        if budget.counts_costs
        for window in budget.cap
        for cap in _caps(budget, window, facts)
    )


def known_caps(facts: Facts) -> Iterator[Constraint]:
    """Yield those of which something is known, to stand beside a plan's constraints."""
    return (one.constraint for one in cost_caps(facts) if one.until)


def _caps(budget: Budget, window: Window, facts: Facts) -> Iterator[CostCap]:
    record, counted = _known(budget, window, facts)
    until, is_whole = record.until if record else None, is_known(budget, window, facts)
    if counted is None and not budget.per_key:
        yield CostCap(budget, window, _constraint(budget, window, ZERO, facts))
    elif counted and not budget.per_key:
        cap = _constraint(budget, window, counted.spent, facts)
        yield CostCap(budget, window, cap, until, is_whole, counted.per_hour, counted.spenders)
    for one in counted.spenders if counted and budget.per_key else ():
        key = facts.kin.current(one.key)
        cap = _constraint(budget, window, one.spent, facts, key)
        yield CostCap(budget, window, cap, until, is_whole, one.per_hour)


def is_known(budget: Budget, window: Window, facts: Facts) -> bool:
    """Tell whether all that a budget has spent is known, as of lately."""
    record, counted = _known(budget, window, facts)
    if record is None or counted is None:
        return False
    return record.since <= counted.start and facts.now - record.until <= STALE


def _known(budget: Budget, window: Window, facts: Facts) -> tuple[CostSpend | None, Counted | None]:
    record = facts.cost_spends.get(budget.name)
    if record is None or record.terms != terms_of(budget, facts.policy.scope):
        return None, None
    return record, record.of(window, start(window, facts.now))


def _constraint(
    budget: Budget, window: Window, spend: Usd, facts: Facts, key: str | None = None
) -> Constraint:
    base = budget.cap[window]
    found = Constraint(budget, window, frozenset(), base, base, spend, budget.include_byok, key)
    grants = [one for one in facts.grants if granted(found, one, facts)]
    return replace(found, cap=lifted(base, window, grants, spend=spend, now=facts.now))


def reached(facts: Facts) -> Iterator[Condition]:
    """Yield each cap of these budgets that has come to a threshold.

    Where it is not known that one has not, what is open of it stays open.
    """
    people = People(facts.observations, facts.policy.budgets, facts.kin)
    found = [one for cap in cost_caps(facts) if (one := _condition(cap, people, facts))]
    told = {one.id for one in found}
    yield from found
    for known in facts.incidents.values():
        if known.id not in told and _may_last(known, facts):
            yield Condition(known.kind, known.step, Severity.WARNING, known.entry)


def _may_last(incident: Incident, facts: Facts) -> bool:
    entry, window = incident.entry, incident.entry.window
    if incident.kind is not Kind.THRESHOLD or window is None:
        return False
    for budget in facts.policy.budgets:
        if budget.counts_costs and budget.name == entry.budget and window in budget.cap:
            is_of_now = incident.id.endswith(_instance(window, facts))
            return is_of_now and not _tells_all(budget, window, facts)
    return False


def _tells_all(budget: Budget, window: Window, facts: Facts) -> bool:
    _, counted = _known(budget, window, facts)
    is_cut = budget.per_key and counted is not None and len(counted.spenders) >= MOST_KEYS
    return is_known(budget, window, facts) and not is_cut


def _instance(window: Window, facts: Facts) -> str:
    return f"/{window}/{start(window, facts.now):%Y-%m-%d}"


def _condition(cap: CostCap, people: People, facts: Facts) -> Condition | None:
    one = cap.constraint
    steps = cap.budget.thresholds if one.spend > 0 else ()
    passed = [step for step in steps if one.fraction >= step.at]
    if not passed:
        return None
    entry = _entry(cap, people, facts)
    return Condition(Kind.THRESHOLD, int(passed[-1].at * 1000), passed[-1].severity, entry)


def _entry(cap: CostCap, people: People, facts: Facts) -> Entry:
    one, budget, now = cap.constraint, cap.budget, facts.now
    subject = one.subject
    name = people.name(subject) if subject else None
    whose = facts.kin.root(subject) if subject else "*"
    return Entry(
        incident=f"{budget.name}/{whose}{_instance(cap.window, facts)}",
        text=_text(cap, name or "", people, now),
        budget=budget.name,
        owner=budget.owner,
        key=subject,
        key_name=name,
        window=cap.window,
        spent=one.spend,
        cap=one.cap,
        burn_per_hour=cap.per_hour or None,
        exhausts_at=exhausts_at(one, cap.per_hour, now),
        resets_at=end(cap.window, now),
        action=f"nothing is fenced: {why_never(budget)}",
        todo=f"see what it is for, or allow more: {allow_more(one, subject)}",
        runbook=budget.runbook,
    )


def _text(cap: CostCap, name: str, people: People, now: datetime) -> str:
    known = f"; costs are known until {words.as_of(cap.until, now)}" if cap.until else ""
    most = named((people.name(one.key), one.spent) for one in cap.spenders[:TOP])
    return f"{reasons.spending(cap.constraint, name)} {on_what(cap.budget)}{known}{most}"


def on_what(budget: Budget) -> str:
    """Return what a budget counts, for a sentence: "on anthropic/*", "with Google, Azure"."""
    word, patterns = ("on", budget.models) if budget.models else ("with", budget.providers)
    more = f" and {len(patterns) - NAMED} more" if len(patterns) > NAMED else ""
    return f"{word} {', '.join(short(one) for one in patterns[:NAMED])}{more}"


def why_never(budget: Budget) -> str:
    """Return why no key is fenced for a budget."""
    return f"a key's limit cannot tell {Axis(budget.axis or Axis.MODEL)}s apart"
