"""GET /analytics/meta and POST /analytics/query: the generations, counted and grouped."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from budget_guard.sandbox.openrouter.analytics_filters import passing, warnings
from budget_guard.sandbox.openrouter.analytics_names import DIMENSIONS, METRICS, Figure, columns
from budget_guard.sandbox.openrouter.analytics_query import Granularity, Operator, Query, asked
from budget_guard.sandbox.openrouter.generations import Generation
from budget_guard.sandbox.openrouter.refusals import Refusal

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

MINUTE = timedelta(minutes=1)

type Place = tuple[datetime | None, tuple[str | int | None, ...]]
"""A time bucket, and a value for each dimension."""


@dataclass(slots=True)
class Analytics:
    """Answers for one account; every answer counts against the requests of a minute."""

    _account: "Account"
    _asked: deque[datetime] = field(default_factory=deque)

    def meta(self) -> dict[str, Any]:
        """Return the names that a query may use."""
        self._admit()
        unknown = self._account.behaviour.analytics_unknown
        return {
            "metrics": [
                {
                    "name": name,
                    "display_label": metric.label,
                    "is_rate": metric.is_rate,
                    "display_format": metric.format,
                }
                for name, metric in METRICS.items()
                if name not in unknown
            ],
            "dimensions": [
                {"name": name, "display_label": dimension.label}
                for name, dimension in DIMENSIONS.items()
                if name not in unknown
            ],
            "operators": [{"name": one.value, "value_type": one.takes} for one in Operator],
            "granularities": [
                {"name": one.value, "display_label": one.value.title()} for one in Granularity
            ],
        }

    def query(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return rows, whether there were more of them, and what could not be resolved."""
        self._admit()
        account, now = self._account, self._account.clock.now
        query = asked(body, account.behaviour, now)
        places = _ordered(query, self._grouped(query))
        if query.group_limit is not None and query.dimensions:
            places = list(_first_of_each(places, query.group_limit))
        rows = [self._row(query, *each) for each in enumerate(places[: query.limit])]
        answer: dict[str, Any] = {
            "data": rows,
            "metadata": {
                "query_time_ms": 12,
                "row_count": len(rows),
                "truncated": len(places) > len(rows),
            },
        }
        unresolved = warnings(account, query.filters)
        if unresolved:
            answer["warnings"] = unresolved
        if account.behaviour.analytics_cached:
            answer["cachedAt"] = int((now - account.behaviour.analytics_age).timestamp() * 1000)
        return answer

    def _admit(self) -> None:
        most, now = self._account.behaviour.analytics_per_minute, self._account.clock.now
        while self._asked and self._asked[0] <= now - MINUTE:
            self._asked.popleft()
        if most is not None and len(self._asked) >= most:
            wait = Decimal((self._asked[0] + MINUTE - now).total_seconds())
            seconds = wait.to_integral_value(ROUND_CEILING)
            raise Refusal(429, "Rate limit exceeded", retry_after=seconds)
        self._asked.append(now)

    def _grouped(self, query: Query) -> dict[Place, list[Generation]]:
        behaviour, now = self._account.behaviour, self._account.clock.now
        since, until = query.spans(now)
        if query.granularity is not None and behaviour.analytics_whole_buckets:
            since = query.granularity.start(since)
            until = query.granularity.following(until - timedelta(microseconds=1))
        start = query.granularity.start if query.granularity else _no_bucket
        tests = [passing(self._account, one) for one in query.filters]
        values = [DIMENSIONS[name].of for name in query.dimensions]
        groups: dict[Place, list[Generation]] = {}
        found = self._account.generations.between(since, until, seen=now - behaviour.analytics_age)
        for one in found:
            if all(passes(one) for passes in tests):
                place = start(one.created_at), tuple(of(one) for of in values)
                groups.setdefault(place, []).append(one)
        return groups

    def _row(
        self, query: Query, index: int, group: tuple[Place, list[Generation]]
    ) -> dict[str, Any]:
        (bucket, _), generations = group
        behaviour = self._account.behaviour
        row: dict[str, Any] = {}
        if query.granularity is not None and bucket is not None:
            prefix = "created_at" if query.recent else "date"
            shown = _shown(bucket, query.granularity, iso=behaviour.analytics_long_times)
            row[f"{prefix}__{query.granularity}"] = shown
        for name in query.dimensions:
            row |= columns(self._account, name, generations[0])
        text = {"strings": True, "numbers": False, "alternating": index % 2 == 0}
        as_text = text[behaviour.analytics_counts]
        return row | {
            name: _figure(METRICS[name].of(generations), as_text=as_text) for name in query.metrics
        }


def _no_bucket(_: datetime) -> None:
    return None


def _ordered(
    query: Query, groups: dict[Place, list[Generation]]
) -> list[tuple[Place, list[Generation]]]:
    """Return the groups as `order_by` says, else the latest bucket first."""
    found = list(groups.items())
    if query.granularity is not None:
        found.sort(key=lambda each: str(each[0][0]), reverse=True)
    if query.order_by is None:
        return found
    field_, down = query.order_by.field, query.order_by.direction == "desc"
    if field_ == "date":
        found.sort(key=lambda each: str(each[0][0]), reverse=down)
    elif field_ in DIMENSIONS:
        index = query.dimensions.index(field_)
        found.sort(key=lambda each: str(each[0][1][index] or ""), reverse=down)
    else:
        found.sort(key=lambda each: METRICS[field_].of(each[1]) or 0, reverse=down)
    return found


def _first_of_each(
    places: Iterable[tuple[Place, list[Generation]]], most: int
) -> Iterable[tuple[Place, list[Generation]]]:
    taken: Counter[tuple[object, ...]] = Counter()
    for place, group in places:
        taken[place[1]] += 1
        if taken[place[1]] <= most:
            yield place, group


def _shown(bucket: datetime, granularity: Granularity, *, iso: bool) -> str:
    if iso:
        return bucket.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    fine = granularity in {Granularity.MINUTE, Granularity.HOUR}
    return bucket.strftime("%Y-%m-%d %H:%M:%S" if fine else "%Y-%m-%d")


def _figure(figure: Figure, *, as_text: bool) -> Figure | str:
    return str(figure) if as_text and isinstance(figure, int) else figure
