"""From a query to its rows: the generations in groups, in order, as the answer shows them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from budget_guard.sandbox.openrouter.analytics_filters import passing
from budget_guard.sandbox.openrouter.analytics_names import DIMENSIONS, METRICS, Figure, columns
from budget_guard.sandbox.openrouter.analytics_query import Granularity, Query
from budget_guard.sandbox.openrouter.catalog import ALWAYS
from budget_guard.sandbox.openrouter.generations import Generation

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Group:
    """The generations of one time bucket (None: of all time) with one value for each dimension."""

    bucket: datetime | None
    values: tuple[str | int | None, ...]
    generations: Sequence[Generation]


def groups(account: "Account", query: Query) -> list[Group]:
    """Return the groups that the query asks for, in its order, as far as the account knows them."""
    found = [
        Group(bucket, values, generations)
        for (bucket, values), generations in _grouped(account, query).items()
    ]
    _sort(found, query)
    if query.group_limit is not None and query.dimensions:
        return list(_first_of_each(found, query.group_limit))
    return found


def rows(account: "Account", query: Query, shown: Iterable[Group]) -> list[dict[str, Any]]:
    """Return a row for each group: its bucket, its dimensions' names, its figures."""
    prefix = "created_at" if query.recent else "date"
    bucket = None if query.granularity is None else f"{prefix}__{query.granularity}"
    made = []
    for index, group in enumerate(shown):
        row: dict[str, Any] = {}
        if bucket is not None and group.bucket is not None:
            row[bucket] = _time(account, query, group.bucket)
        for name in query.dimensions:
            row |= columns(account, name, group.generations[0])
        as_text = _as_text(account, index)
        for name in query.metrics:
            row[name] = _figure(METRICS[name].of(group.generations), as_text=as_text)
        made.append(row)
    return made


def _grouped(
    account: "Account", query: Query
) -> dict[tuple[datetime | None, tuple[str | int | None, ...]], list[Generation]]:
    behaviour, now = account.behaviour, account.clock.now
    since, until = query.spans(now)
    granularity = query.granularity
    if granularity is not None and behaviour.analytics_whole_buckets:
        since, until = granularity.start(since), granularity.following(until - TICK)
    tests = [passing(account, one) for one in query.filters]
    values = [DIMENSIONS[name].of for name in query.dimensions]
    found = defaultdict(list)
    seen = now - behaviour.analytics_age
    for one in account.generations.between(since, until, seen=seen):
        if all(passes(one) for passes in tests):
            bucket = None if granularity is None else granularity.start(one.created_at)
            found[bucket, tuple([of(one) for of in values])].append(one)
    return found


def _sort(found: list[Group], query: Query) -> None:
    """Sort as `order_by` says; what is equal there, or if it says nothing: the latest first."""
    if query.granularity is not None:
        found.sort(key=_bucket, reverse=True)
    if query.order_by is None:
        return
    field, down = query.order_by.field, query.order_by.direction == "desc"
    if field == "date":
        found.sort(key=_bucket, reverse=down)
    elif field in DIMENSIONS:
        index = query.dimensions.index(field)
        found.sort(key=lambda group: str(group.values[index] or ""), reverse=down)
    else:
        found.sort(key=lambda group: METRICS[field].of(group.generations) or 0, reverse=down)


def _bucket(group: Group) -> datetime:
    return group.bucket or ALWAYS


def _first_of_each(found: Iterable[Group], most: int) -> Iterator[Group]:
    """Cut time buckets off, as ClickHouse's LIMIT BY does; no field of the answer tells it."""
    taken: Counter[tuple[str | int | None, ...]] = Counter()
    for group in found:
        taken[group.values] += 1
        if taken[group.values] <= most:
            yield group


def _time(account: "Account", query: Query, bucket: datetime) -> str:
    if account.behaviour.analytics_long_times:
        return f"{bucket:%Y-%m-%dT%H:%M:%S}.000Z"
    fine = query.granularity in {Granularity.MINUTE, Granularity.HOUR}
    return f"{bucket:%Y-%m-%d %H:%M:%S}" if fine else f"{bucket:%Y-%m-%d}"


def _as_text(account: "Account", index: int) -> bool:
    counts = account.behaviour.analytics_counts
    return counts == "strings" or (counts == "alternating" and index % 2 == 0)


def _figure(figure: Figure, *, as_text: bool) -> Figure | str:
    return str(figure) if as_text and isinstance(figure, int) else figure
