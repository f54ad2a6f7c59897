"""Questions to analytics, and what its rows mean.

Names of models are kept as they come: OpenRouter documents them as lasting slugs, as slugs and as
names for display. `Labelled` makes one name of them.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.failures import sanitised
from budget_guard.adapters.openrouter.fields import (
    UNLABELLED,
    Row,
    cost,
    count,
    each,
    fields_of,
    flag,
    label,
    within,
)
from budget_guard.adapters.openrouter.vocabulary import KEY, TOTAL, WORKSPACE, Vocabulary
from budget_guard.domain.costs import Figures
from budget_guard.domain.money import NOISE, ZERO, Usd
from budget_guard.use_cases.costs import source
from budget_guard.use_cases.costs.source import Grain, Question, Single, Told

MONEY = frozenset({"credits", "byok"})
"""The figures that are asked for of single generations: the rest is in their own records."""
MOST_ROWS = 10_000
"""Of one answer: the documented maximum."""


def query(question: Question, known: Vocabulary) -> str:
    """Return the body of a question; without `key` its rows name the keys.

    Time is in whole seconds, and no less than asked for. Whether OpenRouter takes the end to be
    in the range is not documented: either way, rows outside are the asker's to drop.
    """
    filters = {WORKSPACE: question.workspace}
    dimensions = [question.axis.value]
    if question.key is None:
        dimensions.insert(0, KEY)
    else:
        filters[KEY] = question.key
    metrics, order = _asked_for(question, known)
    body = {
        "metrics": metrics,
        "dimensions": dimensions,
        "granularity": question.grain.value,
        "time_range": {
            "start": _written(question.begins),
            "end": _written(question.ends + timedelta(seconds=1) - timedelta.resolution),
        },
        "filters": [
            {"field": field, "operator": "eq", "value": value} for field, value in filters.items()
        ],
        "order_by": order,
        "limit": MOST_ROWS,
    }
    return json.dumps(body)


def _asked_for(question: Question, known: Vocabulary) -> tuple[list[str], Mapping[str, str]]:
    """Return the metrics of a question, and what its rows are sorted by."""
    if question.axis is not Single.GENERATION:
        return list(known.metrics.values()), {"field": "date", "direction": "asc"}
    names = dict.fromkeys([*known.total, *_told(question, known).values()])
    return [*names, *known.tools], {"field": next(iter(names)), "direction": "desc"}


def read_told(answer: Answer, question: Question, known: Vocabulary) -> Told:
    """Return what an answer to `POST /analytics/query` tells.

    A figure without a value (null) is 0, a row without a model or provider is of "unknown".
    Raises `ProviderConfusing` naming endpoint and field.
    """
    with fields_of(answer) as body:
        rows = body["data"]
        with within(".data"):
            found = each(rows, lambda row: _row(row, question, known))
        return Told(tuple(found), _is_cut(body["metadata"]), _warnings(body.get("warnings")))


def _is_cut(metadata: object) -> bool:
    with within(".metadata"):
        if not isinstance(metadata, dict):
            raise UnusableError(field="", why="Input should be an object")
        return flag(metadata, "truncated")


def _warnings(told: object) -> tuple[str, ...]:
    if told is None:
        return ()
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise UnusableError(field=".warnings", why="Input should be a list of texts")
    return tuple(f"Analytics warns: {sanitised(one)}" for one in told)


def _row(row: Row, question: Question, known: Vocabulary) -> source.Row:
    return source.Row(
        at=_bucket(row, question.grain),
        key_name=label(row, KEY) if question.key is None else None,
        label=label(row, question.axis.value) or UNLABELLED,
        figures=_figures(row, _told(question, known)),
        tools=_tools(row, known.tools) if question.axis is Single.GENERATION else None,
    )


def _told(question: Question, known: Vocabulary) -> Mapping[str, str]:
    if question.axis is not Single.GENERATION:
        return known.metrics
    return {figure: name for figure, name in known.metrics.items() if figure in MONEY}


def _tools(row: Row, names: Iterable[str]) -> Usd | None:
    """Return what all tools took of the credits; a component that nothing used is null."""
    told = [ZERO if row[name] is None else cost(row, name) for name in names]
    return sum(told, ZERO) if told else None


def _figures(row: Row, metrics: Mapping[str, str]) -> Figures:
    def usd(figure: str) -> Usd:
        name = metrics.get(figure)
        return ZERO if name is None or row[name] is None else cost(row, name)

    def number(figure: str) -> int:
        name = metrics.get(figure)
        return 0 if name is None or row[name] is None else count(row, name)

    credits_, byok = usd("credits"), usd("byok")
    if metrics["credits"] == TOTAL:
        credits_ = _rest(credits_ - byok)
    tokens = (number(one) for one in ("prompt", "completion", "reasoning", "cached"))
    return Figures(credits_, byok, number("requests"), *tokens)


def _rest(credits_: Usd) -> Usd:
    """Return the total without BYOK; a difference of two sums can be below zero by rounding."""
    if credits_ <= -NOISE:
        raise UnusableError(field=f".{TOTAL}", why="Input should not be less than BYOK alone")
    return max(ZERO, credits_)


def _bucket(row: Row, grain: Grain) -> datetime:
    """Return when a row's hour or minute begins; its field has either of two documented names."""
    names = (f"date__{grain}", f"created_at__{grain}")
    name = names[1] if names[0] not in row and names[1] in row else names[0]
    try:
        told = datetime.fromisoformat(row[name])
        at = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise UnusableError(field=f".{name}", why="Input should be a time") from None
    begins = at.replace(second=0, microsecond=0)
    if at != (begins.replace(minute=0) if grain is Grain.HOUR else begins):
        raise UnusableError(field=f".{name}", why=f"Input should be the beginning of a {grain}")
    return at


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
