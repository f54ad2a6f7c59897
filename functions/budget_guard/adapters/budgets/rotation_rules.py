"""What contradicts in the rotation of keys: rules that meet, and spans that do not follow."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from budget_guard.adapters.budgets import leaves
from budget_guard.adapters.budgets.faults import Fault, Grade, Place, quote
from budget_guard.adapters.budgets.plain import is_plain, items, read
from budget_guard.adapters.budgets.scalars import spell_duration
from budget_guard.domain.lineage import NUMBERED
from budget_guard.domain.policy import RotationRule, fits

type Rule = dict[str, object]

USUAL = RotationRule()
_PLACE: Place = ("rotation",)


def contradictions(rotation: object) -> Iterator[Fault]:
    """Yield what contradicts in the plain content of the section."""
    before: dict[str, Place] = {}
    for index, rule in enumerate(items(rotation)):
        if isinstance(rule, dict):
            yield from _taken((*_PLACE, index, "keys"), rule.get("keys"), before)
            yield from _spans((*_PLACE, index), rule)


def _taken(place: Place, keys: object, before: dict[str, Place]) -> Iterator[Fault]:
    """Yield the patterns whose keys an earlier one has, and add them to those `before`."""
    for index, one in enumerate(items(keys)):
        if not isinstance(one, str) or not one:
            continue
        here, shown = (*place, index), quote(one)
        if numbered := NUMBERED.fullmatch(one):
            message = "no key fits this: the name of a lineage is without a number"
            yield Fault(here, shown, message, f"write {quote(numbered['stem'])}", Grade.WARNING)
            continue
        if one in before:
            form = "remove one of the two"
            yield Fault(here, shown, "this pattern is there twice", form, related=before[one])
        elif wider := next((other for other in before if _takes(other, one)), None):
            message = f"the rule for {quote(wider)} comes first and is the one for these keys"
            form = "put the narrower rule before it"
            if before[wider][:-1] != place:
                yield Fault(here, shown, message, form, Grade.WARNING, before[wider])
        before.setdefault(one, here)


def _takes(wider: str, pattern: str) -> bool:
    """Tell whether every name that fits `pattern` surely fits `wider`."""
    return wider == "*" or (is_plain(pattern) and fits((wider,), pattern))


def _spans(place: Place, rule: Rule) -> Iterator[Fault]:
    every = _span(rule, "every", leaves.schedule, USUAL.every)
    drain = _span(rule, "drain", leaves.drain, USUAL.drain)
    longest = _span(rule, "drain_max", leaves.drain_max, USUAL.drain_max)
    if drain and longest and drain >= longest:
        here = _written(place, rule, "drain", "drain_max")
        shown = _said(rule, str(here[-1]), drain)
        message = f"an old key cannot be idle for {_said(rule, 'drain', drain)} within"
        message += f" {_said(rule, 'drain_max', longest)}"
        yield Fault(here, shown, message, "write drain below drain_max")
    if every and longest and longest >= every:
        here = _written(place, rule, "drain_max", "every")
        shown = _said(rule, str(here[-1]), every)
        message = f"an old key may drain for {_said(rule, 'drain_max', longest)}, and the next"
        message += f" rotation comes after {_said(rule, 'every', every)}: old keys may pile up"
        yield Fault(here, shown, message, "write drain_max below every", Grade.WARNING)


def _written(place: Place, rule: Rule, *spans: str) -> Place:
    """Return the place of the first of two spans that the file has itself."""
    return (*place, next(one for one in spans if one in rule))


def _said(rule: Rule, name: str, usual: timedelta) -> str:
    """Return a span as the file has it; else the usual one."""
    return quote(rule[name]) if name in rule else spell_duration(usual)


def _span(
    rule: Rule, name: str, reader: Callable[[object], timedelta], usual: timedelta
) -> timedelta | None:
    return read(reader, rule[name]) if name in rule else usual
