"""A model, or a provider, that has another share of the spend than on the same weekdays before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from budget_guard.domain.alerts import Kind, Unit
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import CostHour
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.rules import MixShifted
from budget_guard.domain.signals.shapes import STEP, STEPS, DayMix, rows_of, worth
from budget_guard.domain.signals.signal import Signal, dearest, named, percent, short

FEWEST_DAYS = 2

type Shares = Mapping[str, Decimal]
type Group = tuple[str | None, Axis]
type Amounts = Mapping[Group, Mapping[str, Usd]]


@dataclass(frozen=True, slots=True)
class Moved:
    """A label's share: what it was on the days before (the median), and what it is."""

    label: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Shift:
    """Who gained, and who lost most of that, where one did."""

    gained: Moved
    lost: Moved | None


def shift(
    now: Mapping[str, Usd],
    before: Sequence[Mapping[str, Usd]],
    rules: MixShifted,
    whole_day: Usd = ZERO,
) -> Shift | None:
    """Return the label whose share is most above all that it was; None: none is far enough.

    Far enough: by `rules.by` of all that is spent, if that is `rules.at_least` USD, and as large a
    part of what is usually spent in a `whole_day`: in the morning, little has been spent on little.
    """
    total = sum(now.values(), ZERO)
    past = [_shares(one) for one in before if sum(one.values(), ZERO) > 0]
    if total <= 0 or len(past) < FEWEST_DAYS:
        return None
    shares = _shares(now)
    labels = sorted({*shares, *(label for one in past for label in one)})
    above = {one: _of(shares, one) - max(_of(day, one) for day in past) for one in labels}
    below = {one: min(_of(day, one) for day in past) - _of(shares, one) for one in labels}
    gained, lost = max(labels, key=above.__getitem__), max(labels, key=below.__getitem__)
    least = max(rules.at_least, rules.by * whole_day)
    if above[gained] < rules.by or above[gained] * total < least:
        return None
    is_from_one = below[lost] * 2 >= above[gained]
    return Shift(_moved(gained, past, shares), _moved(lost, past, shares) if is_from_one else None)


def _shares(amounts: Mapping[str, Usd]) -> Shares:
    total = sum(amounts.values(), ZERO)
    return {label: usd / total for label, usd in amounts.items()} if total else {}


def _of(shares: Shares, label: str) -> Decimal:
    return shares.get(label, ZERO)


def _moved(label: str, past: Sequence[Shares], shares: Shares) -> Moved:
    return Moved(label, median(_of(day, label) for day in past), _of(shares, label))


@dataclass(frozen=True, slots=True)
class Compared:
    """A day until the end of its `step`, and the same weekday's mixes before."""

    step: int
    hours: Sequence[CostHour]
    mix: DayMix
    before: Sequence[DayMix]

    @property
    def words(self) -> str:
        """Return which day it is, in words."""
        if self.step == STEPS - 1:
            return f"of {self.mix.day:%A}'s spend"
        return f"of today's spend until {(self.step + 1) * STEP:02}:00 UTC"


def steps_until(until: datetime, day: date) -> int:
    """Return how many whole steps of `day` lie before `until`."""
    return STEPS if until.date() > day else until.hour // STEP


def shifts(on: Compared, people: People, rules: MixShifted) -> tuple[Signal, ...]:
    """Return each owner's shift; the account's where none of its owners has the same."""
    now, past = _amounts(on.mix, on.step), [_amounts(one, on.step) for one in on.before]
    whole = [_amounts(one, STEPS - 1) for one in on.before]
    found = list[Signal]()
    told = set[tuple[Axis, str]]()
    for group in sorted(now, key=lambda one: (one[0] is None, one[0] or "", one[1])):
        owner, axis = group
        usual = median(sum(day.get(group, {}).values(), ZERO) for day in whole) if whole else ZERO
        one = shift(now[group], [day.get(group, {}) for day in past], rules, usual)
        if one and not (owner is None and (axis, one.gained.label) in told):
            told.add((axis, one.gained.label))
            found.append(_signal(group, one, on, people))
    return tuple(found)


def is_enough(on: Compared, rules: MixShifted) -> bool:
    """Tell whether the account has spent enough for any shift to be told."""
    account = _amounts(on.mix, on.step).get((None, Axis.MODEL), {})
    return sum(account.values(), ZERO) * rules.by >= rules.at_least


def _amounts(mix: DayMix, step: int) -> Amounts:
    found: defaultdict[Group, dict[str, Usd]] = defaultdict(dict)
    for one in mix.slices:
        found[one.owner, one.axis][one.label] = one.by[step]
    return found


def _signal(group: Group, one: Shift, on: Compared, people: People) -> Signal:
    owner, axis = group
    who = f"{short(owner)}: " if owner else "the account: "
    days = f"{len(on.before)} {on.mix.day:%A}s before"
    gained, contributors = one.gained, _keys(group, one.gained.label, on, people)
    moved = ", ".join(_words(each) for each in (gained, one.lost) if each)
    return Signal(
        id=f"mix/{owner or '*'}/{axis}/{gained.label}",
        kind=Kind.MIX_SHIFTED,
        text=f"{who}{axis} {moved} {on.words}, against the {days}{named(contributors)}",
        before=gained.before,
        after=gained.after,
        unit=Unit.SHARE,
        contributors=contributors,
        owner=owner,
        todo="nothing, if the change was meant; else ask the owner of these keys",
    )


def _words(moved: Moved) -> str:
    return f"{short(moved.label)} {percent(moved.after)} (was {percent(moved.before)})"


def _keys(group: Group, label: str, on: Compared, people: People) -> tuple[tuple[str, Usd], ...]:
    """Return the keys of a group that spent most on a label."""
    owner, axis = group
    spent: defaultdict[str, Usd] = defaultdict(lambda: ZERO)
    for hour in _within(on):
        for its, one in rows_of(hour, axis):
            if its == label and (owner is None or people.owner(one.key) == owner):
                spent[one.key] += worth(one.figures)
    return tuple((people.name(key), usd) for key, usd in dearest(spent))


def _within(on: Compared) -> Iterable[CostHour]:
    return (one for one in on.hours if one.hour.hour // STEP <= on.step)
