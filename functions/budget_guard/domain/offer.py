"""The models on offer at OpenRouter: what each is called, what it costs, until when."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from budget_guard.domain.costs import Figures
from budget_guard.domain.money import ZERO, Usd

PROMPT, CACHE_READ, COMPLETION, REQUEST = "prompt", "cache read", "completion", "request"
IMAGE, IMAGE_OUTPUT, WEB_SEARCH = "image", "image output", "web search"
EACH = frozenset({REQUEST, IMAGE, IMAGE_OUTPUT, WEB_SEARCH})
"""What has a price by itself; everything else has one by the token."""
ORDINARY = ""
NEWS = timedelta(days=1)
"""How long it is kept that a price changed."""
REMEMBERED = timedelta(days=35)
"""How long it is known what a model was called that is no longer on offer: as long as hours are."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD of one token, request, image or search: `of` says which, `when` under which condition.

    Under no condition that a request meets, the `ORDINARY` price counts.
    """

    of: str
    usd: Usd
    when: str = ORDINARY


type Prices = tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model by the `id` that requests name; `names` are what else OpenRouter calls it.

    Without `prices` they are not known. After the day `until` it may be withdrawn.
    """

    id: str
    names: tuple[str, ...] = ()
    prices: Prices = ()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Repriced:
    """A model whose prices changed between two reads, at `since` and at `seen`."""

    model: str
    before: Prices
    after: Prices
    since: datetime
    seen: datetime


@dataclass(frozen=True, slots=True)
class Former:
    """A model that is no longer on offer, and was last at `seen`."""

    id: str
    names: tuple[str, ...]
    seen: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """The models on offer at `at`, the changes of prices of the last day, the models before."""

    at: datetime
    models: tuple[Model, ...]
    changes: tuple[Repriced, ...] = ()
    former: tuple[Former, ...] = ()

    def ids(self) -> Mapping[str, str]:
        """Return the id of each other name that only one model has.

        A variant (`:free`) has the lasting slug of its model: the name is the model's.
        """
        found: defaultdict[str, list[str]] = defaultdict(list)
        for one in self.models:
            for name in one.names:
                found[name].append(one.id)
        known = {name: one.id for one in self.former for name in one.names}
        known |= {name: some[0] for name, some in _unmistakable(found)}
        listed = {one.id for one in self.models}
        return {name: its for name, its in known.items() if name not in listed}


def _unmistakable(named: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    for name, ids in named.items():
        some = [one for one in ids if ":" not in one] or ids
        if len(some) == 1:
            yield name, some


def renewed(last: Offer | None, models: Iterable[Model], now: datetime) -> Offer:
    """Return the offer as it is `now`, with what changed since `last`."""
    listed = {one.id: one for one in models}
    if last is None:
        return Offer(now, tuple(listed.values()))
    changes = [one for one in last.changes if now - one.seen < NEWS]
    for one in last.models:
        after = listed.get(one.id)
        if after and one.prices and after.prices and set(one.prices) != set(after.prices):
            changes.append(Repriced(one.id, one.prices, after.prices, last.at, now))
    former = {one.id: one for one in last.former if now - one.seen < REMEMBERED}
    former |= {one.id: Former(one.id, one.names, last.at) for one in last.models}
    gone = (one for one in former.values() if one.id not in listed)
    return Offer(now, tuple(listed.values()), tuple(changes), tuple(gone))


def conditions(*prices: Prices) -> tuple[str, ...]:
    """Return the conditions under which there are prices, the ordinary one first."""
    return tuple(dict.fromkeys([ORDINARY, *(one.when for some in prices for one in some)]))


def cost(figures: Figures, prices: Prices, when: str = ORDINARY) -> Usd:
    """Return what requests and tokens cost (USD) if all of them meet a condition.

    Images, searches and cache writes are in no count, so what they cost is not in it.
    """
    usd = {one.of: one.usd for one in prices if not one.when}
    usd |= {one.of: one.usd for one in prices if one.when == when}
    cached = min(figures.cached, figures.prompt)
    prompt = usd.get(PROMPT, ZERO)
    return (
        (figures.prompt - cached) * prompt
        + cached * usd.get(CACHE_READ, prompt)
        + figures.completion * usd.get(COMPLETION, ZERO)
        + figures.requests * usd.get(REQUEST, ZERO)
    )
