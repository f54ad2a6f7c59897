"""The body of POST /analytics/query: what it may ask, and why it is refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from budget_guard.sandbox.openrouter.analytics_names import DIMENSIONS, METRICS
from budget_guard.sandbox.openrouter.behaviour import Behaviour
from budget_guard.sandbox.openrouter.bodies import Moment
from budget_guard.sandbox.openrouter.refusals import Refusal

MOST_ROWS = 10_000
WHENEVER = timedelta(days=7)
"""The range of a query that names none."""

type Scalar = str | int | Decimal
type Count = Annotated[int, Field(ge=1, le=MOST_ROWS)]


class Granularity(StrEnum):
    """The length of a time bucket; weeks begin on Sunday here, not on Monday as limits' do."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def start(self, at: datetime) -> datetime:
        """Return when the bucket began that contains `at`."""
        match self:
            case Granularity.MINUTE:
                return at.replace(second=0, microsecond=0)
            case Granularity.HOUR:
                return at.replace(minute=0, second=0, microsecond=0)
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        match self:
            case Granularity.DAY:
                return midnight
            case Granularity.WEEK:
                return midnight - timedelta(days=midnight.isoweekday() % 7)
            case Granularity.MONTH:
                return midnight.replace(day=1)

    def following(self, at: datetime) -> datetime:
        """Return when the next bucket begins after the one that contains `at`."""
        longest = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_678_400}
        return self.start(self.start(at) + timedelta(seconds=longest[self.value]))


class Operator(StrEnum):
    """How a filter compares."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NOT_IN = "not_in"

    @property
    def takes(self) -> Literal["scalar", "array"]:
        """Return what the filter's value must be."""
        return "array" if self in {Operator.IN, Operator.NOT_IN} else "scalar"


class _Part(BaseModel):
    """Unknown fields are refused; classifiers, which no simulated workspace has, are unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeRange(_Part):
    """From `start` on and before `end`."""

    start: Moment
    end: Moment


class Filter(_Part):
    """One condition on a dimension; several must all hold."""

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]
    include_unset: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if isinstance(self.value, tuple) != (self.operator.takes == "array"):
            message = f"{self.operator} takes a value of type {self.operator.takes}"
            raise ValueError(message)
        if self.include_unset and self.operator.takes == "scalar":
            message = "include_unset applies only to in and not_in"
            raise ValueError(message)
        return self


class OrderBy(_Part):
    """What the rows are sorted by."""

    field: str
    direction: Literal["asc", "desc"]


class Query(_Part):
    """What is asked; at most two dimensions and twenty filters."""

    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    dimensions: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    granularity: Granularity | None = None
    time_range: TimeRange | None = None
    filters: Annotated[tuple[Filter, ...], Field(max_length=20)] = ()
    order_by: OrderBy | None = None
    limit: Count = 1000
    group_limit: Count | None = None

    @property
    def recent(self) -> bool:
        """Tell whether it needs the single generations, which are kept for 31 days only."""
        fields = {*self.dimensions, *(one.field for one in self.filters)}
        return any(METRICS[name].recent for name in self.metrics) or any(
            DIMENSIONS[name].recent for name in fields
        )

    def spans(self, now: datetime) -> tuple[datetime, datetime]:
        """Return from when on and before when; the last seven days if it does not say."""
        if self.time_range is None:
            return now - WHENEVER, now + timedelta(microseconds=1)
        return self.time_range.start, self.time_range.end


def asked(body: Mapping[str, Any], behaviour: Behaviour, now: datetime) -> Query:
    """Return the query; 400 for what the schema, the known names or the limits do not allow."""
    try:
        query = Query.model_validate(body)
    except ValidationError as error:
        places = (
            ".".join(map(str, issue["loc"])) + f": {issue['msg']}" for issue in error.errors()
        )
        raise Refusal(400, "; ".join(places)) from error
    _check_names(query, behaviour.analytics_unknown)
    _check_range(query, now)
    return query


def _check_names(query: Query, unknown: frozenset[str]) -> None:
    fields = (*query.dimensions, *(one.field for one in query.filters))
    for kind, known, names in (
        ("metric", METRICS, query.metrics),
        ("dimension", DIMENSIONS, fields),
    ):
        for name in names:
            if name not in known or name in unknown:
                raise Refusal(400, f'Unknown {kind} "{name}"')
    for one in query.filters:
        if one.include_unset and not DIMENSIONS[one.field].unset:
            raise Refusal(400, f'Dimension "{one.field}" has no unset bucket')
    orders = {*query.metrics, *query.dimensions, "request_count"}
    orders |= {"date"} if query.granularity else set()
    if query.order_by is not None and query.order_by.field not in orders:
        raise Refusal(400, f'Cannot order by "{query.order_by.field}"')


def _check_range(query: Query, now: datetime) -> None:
    start, end = query.spans(now)
    days = 31 if query.recent else 365
    if start >= end:
        raise Refusal(400, "time_range.start must be before time_range.end")
    if query.granularity is Granularity.MINUTE and end - start > timedelta(hours=3):
        raise Refusal(400, "Minute granularity needs a time range of at most 3 hours")
    if end - start > timedelta(days=days, microseconds=1):
        raise Refusal(400, f"The time range may have at most {days} days")
