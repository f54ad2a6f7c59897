"""A model in use whose prices changed, with what that comes to.

Prices are those that are listed: what a request costs can differ, by who serves it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.alerts import Kind
from budget_guard.domain.axis import Axis
from budget_guard.domain.costs import CostHour, Figures, summed
from budget_guard.domain.money import Usd, show
from budget_guard.domain.offer import (
    COMPLETION,
    EACH,
    NEWS,
    ORDINARY,
    PROMPT,
    Offer,
    Price,
    Repriced,
    conditions,
    cost,
)
from budget_guard.domain.ownership import People
from budget_guard.domain.signals.rules import Prices
from budget_guard.domain.signals.shapes import rows_of
from budget_guard.domain.signals.signal import MOST_NAMED, Signal, dearest, named, short

MILLION = 1_000_000
MOST_TOLD = 6
STANDARD = ((ORDINARY, PROMPT), (ORDINARY, COMPLETION))
"""The prices that are told though they did not change."""

type Place = tuple[str, str]

type Used = Mapping[str, Mapping[str, Figures]]
"""What each key used of each model: by the model's id, and the key."""


def used(hours: Iterable[CostHour]) -> Used:
    """Return what the keys used of the models in some hours."""
    rows = (((label, one.key), one) for hour in hours for label, one in rows_of(hour, Axis.MODEL))
    found: defaultdict[str, dict[str, Figures]] = defaultdict(dict)
    for (model, key), figures in summed((place, one.figures) for place, one in rows).items():
        found[model][key] = figures
    return found


def repriced(
    offer: Offer, last_day: Used, people: People, rules: Prices, now: datetime
) -> Iterator[Signal]:
    """Yield the changes of prices that are told for a day: of models in use, and by enough."""
    for one in offer.changes:
        keys = last_day.get(one.model, {})
        if now - one.seen < NEWS and (found := _moved(one, keys.values(), rules)):
            yield _repriced(one, found, keys, people)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What a day's requests cost before and after (USD) if all of them meet a condition."""

    when: str
    before: Usd
    after: Usd


def _moved(one: Repriced, keys: Iterable[Figures], rules: Prices) -> _Moved | None:
    """Return the change that matters: the ordinary one, else the furthest under a condition."""
    figures = sum(keys, Figures())
    moved = [
        _Moved(when, cost(figures, one.before, when), cost(figures, one.after, when))
        for when in conditions(one.before, one.after)
    ]
    enough = [it for it in moved if _is_enough(it, rules)]
    return max(
        enough, key=lambda it: (it.when == ORDINARY, abs(it.after - it.before)), default=None
    )


def _is_enough(moved: _Moved, rules: Prices) -> bool:
    by = abs(moved.after - moved.before)
    return by > 0 and by >= rules.at_least and by >= moved.before * rules.by


def _repriced(one: Repriced, moved: _Moved, keys: Mapping[str, Figures], people: People) -> Signal:
    by = moved.after - moved.before
    sign = 1 if by > 0 else -1
    # Where some prices rose and others fell, those who pay as all do together are named.
    of = {
        key: sign * (cost(its, one.after, moved.when) - cost(its, one.before, moved.when))
        for key, its in keys.items()
    }
    contributors = tuple((people.name(key), usd) for key, usd in dearest(of))
    owners = owners_of(of, people)
    return Signal(
        id=f"price/{one.model}/{one.seen:%Y-%m-%dT%H:%M}",
        kind=Kind.REPRICED,
        text=f"{short(one.model)} is {'dearer' if sign > 0 else 'cheaper'}: {_prices(one)}; "
        f"{'up to ' if moved.when else ''}{show(abs(by))} USD a day {'more' if sign > 0 else 'less'} "
        f"at the tokens of the last 24 hours; changed between {_moment(one.since)} and "
        f"{_moment(one.seen)} UTC{named(contributors)}{whose(owners)}",
        before=moved.before,
        after=moved.after,
        contributors=contributors,
        owner=owners[0] if owners else None,
        todo="nothing, or see whether another model does it for less",
    )


def owners_of(of: Mapping[str, Usd], people: People) -> list[str]:
    """Return who answers for some keys, those of the dearest first."""
    found = (people.owner(key) for key in sorted(of, key=lambda key: (-of[key], key)))
    return list(dict.fromkeys(owner for owner in found if owner))


def whose(owners: Sequence[str]) -> str:
    """Return the owners as the end of a sentence: "; owners ann, bob"."""
    if not owners:
        return ""
    more = f" and {len(owners) - MOST_NAMED} more" if len(owners) > MOST_NAMED else ""
    word = "owner" if len(owners) == 1 else "owners"
    return f"; {word} {', '.join(map(short, owners[:MOST_NAMED]))}{more}"


def _prices(one: Repriced) -> str:
    """Return the prices of tokens, and all others that changed, as they were and are."""
    before, after = _by_place(one.before), _by_place(one.after)
    places = [
        place
        for place in dict.fromkeys([*after, *before])
        if place in STANDARD or before.get(place) != after.get(place)
    ]
    tokens = [_price(place, before, after) for place in places if place[1] not in EACH]
    told = [f"{', '.join(tokens[:MOST_TOLD])} USD per million tokens"] if tokens else []
    told += [f"{_price(place, before, after)} USD" for place in places if place[1] in EACH]
    return ", ".join(told[:MOST_TOLD])


def _by_place(prices: Iterable[Price]) -> Mapping[Place, Usd]:
    return {(one.when, one.of): one.usd for one in prices}


def _price(place: Place, before: Mapping[Place, Usd], after: Mapping[Place, Usd]) -> str:
    when, of = place
    old, new = (_figure(prices.get(place), of) for prices in (before, after))
    moved = old if old == new else f"{old} -> {new}"
    return f"{of} {moved}{f' {when}' if when else ''}"


def _figure(usd: Usd | None, of: str) -> str:
    """Return a price with all its digits, and at least two after the point."""
    if usd is None:
        return "none"
    exact = f"{usd if of in EACH else usd * MILLION:.6f}".rstrip("0")
    whole, _, part = exact.partition(".")
    return f"{whole}.{part:0<2}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
