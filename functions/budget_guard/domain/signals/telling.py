"""Signals as conditions: found by `poll_costs`, told by `evaluate` as everything else is."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from budget_guard.domain.alerts import Condition, Entry, Kind
from budget_guard.domain.facts import Facts
from budget_guard.domain.ladder import Severity
from budget_guard.domain.signals.signal import RequestSignals, Signal, Signals

STALE = timedelta(hours=2)
OF_COSTS = frozenset(
    {Kind.UNEXPLAINED, Kind.MIX_SHIFTED, Kind.UNUSUAL, Kind.REPRICED, Kind.WITHDRAWN}
)
OF_REQUESTS = frozenset({Kind.FALLBACKS, Kind.LOOP})


def signalled(facts: Facts) -> Iterator[Condition]:
    """Yield a condition for each signal; where they are stale, what is open stays open."""
    yield from _told(facts, facts.signals, OF_COSTS)
    yield from _told(facts, facts.request_signals, OF_REQUESTS)


def _told(
    facts: Facts, signals: Signals | RequestSignals | None, kinds: Iterable[Kind]
) -> Iterator[Condition]:
    if signals is None or facts.now - signals.at > STALE:
        return still_open(facts, kinds)
    return map(_condition, signals.found)


def still_open(facts: Facts, kinds: Iterable[Kind]) -> Iterator[Condition]:
    """Yield the conditions of the open incidents of some kinds, as they were last told."""
    return (
        Condition(one.kind, one.step, Severity.WARNING, one.entry)
        for one in facts.incidents.values()
        if one.kind in kinds
    )


def _condition(signal: Signal) -> Condition:
    entry = Entry(
        incident=signal.id,
        text=signal.text,
        owner=signal.owner,
        key=signal.key,
        key_name=signal.key_name,
        before=signal.before,
        after=signal.after,
        unit=signal.unit,
        contributors=signal.contributors,
        action="nothing: the guard only tells",
        todo=signal.todo,
    )
    return Condition(signal.kind, 1, Severity.WARNING, entry)
