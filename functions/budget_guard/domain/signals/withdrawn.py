"""A model in use that OpenRouter will withdraw, with who uses it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from budget_guard.domain.alerts import Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import Figures
from budget_guard.domain.money import ZERO, Usd, show
from budget_guard.domain.offer import Model, Offer
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.prices import Used, owners_of, whose
from budget_guard.domain.signals.rules import Prices
from budget_guard.domain.signals.shapes import DayMix, worth
from budget_guard.domain.signals.signal import Signal, dearest, named, short


def withdrawn(
    offer: Offer, lately: Used, mixes: Sequence[DayMix], people: People, rules: Prices, today: date
) -> Iterator[Signal]:
    """Yield the models in use that will be withdrawn soon.

    In use is what was spent on in the hours of `lately`, or on the days of `mixes`.
    """
    for one in leaving(offer, rules, today):
        before = _spent(one.id, mixes)
        if one.id in lately or before.get(None):
            yield _withdrawn(one, lately.get(one.id, {}), before, people, today)


def leaving(offer: Offer, rules: Prices, today: date) -> Sequence[Model]:
    """Return the models on offer that may be withdrawn soon, in use or not."""
    last = today + rules.withdrawn_within
    return [one for one in offer.models if one.until is not None and one.until <= last]


def _withdrawn(
    one: Model,
    keys: Mapping[str, Figures],
    before: Mapping[str | None, Usd],
    people: People,
    today: date,
) -> Signal:
    of = {key: worth(its) for key, its in keys.items()}
    contributors = tuple((people.name(key), usd) for key, usd in dearest(of))
    owners = list(dict.fromkeys([*owners_of(of, people), *filter(None, before)]))
    spent = sum(of.values(), ZERO)
    use = f"is in use: {show(spent)} USD yesterday and today" if spent else "was used within a week"
    return Signal(
        id=f"withdrawn/{one.id}/{one.until}",
        kind=Kind.WITHDRAWN,
        text=f"{short(one.id)} may be withdrawn after {one.until} "
        f"({_in_days((one.until or today) - today)}), and {use}"
        f"{named(contributors)}{whose(owners)}",
        before=spent,
        after=ZERO,
        contributors=contributors,
        owner=owners[0] if owners else None,
        todo="move what uses it to another model before that day",
    )


def _spent(model: str, mixes: Iterable[DayMix]) -> Mapping[str | None, Usd]:
    """Return what owners (None: the account) spent on a model."""
    found: defaultdict[str | None, Usd] = defaultdict(lambda: ZERO)
    for mix in mixes:
        for one in mix.slices:
            if (one.axis, one.label) == (Axis.MODEL, model):
                found[one.owner] += one.by[-1]
    return found


def _in_days(left: timedelta) -> str:
    match left.days:
        case 0:
            return "today"
        case 1:
            return "tomorrow"
        case days:
            return f"in {days} days" if days > 0 else f"{-days} days ago"
