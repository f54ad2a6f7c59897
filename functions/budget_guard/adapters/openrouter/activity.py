"""Rows of `GET /activity`: a completed day of a key, by model and provider.

Field by field as in the OpenAPI file and the official SDK (2026-10).
"""

from datetime import date

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import (
    UNLABELLED,
    Row,
    cost,
    count,
    data_in,
    each,
    label,
    text,
)
from budget_guard.domain.costs import Cost, Figures, summed


def read_activity(answer: Answer, key: str, day: date) -> tuple[Cost, ...]:
    """Return a key's costs on a day, sorted; the endpoints of a model and provider are one row.

    Models are permaslugs where OpenRouter tells them. Raises `ProviderConfusing` naming endpoint
    and field, for a row of another day too.
    """
    with data_in(answer) as rows:
        found = summed(each(rows, lambda row: _row(row, day)))
    return tuple(
        Cost(key, figures, model, provider)
        for (model, provider), figures in sorted(found.items(), key=lambda one: one[0])
    )


def _row(row: Row, day: date) -> tuple[tuple[str, str], Figures]:
    # "2026-06-03 00:00:00" was seen where a date is documented.
    if text(row, "date")[:10] != day.isoformat():
        raise UnusableError(field=".date", why="Input should be the day that was asked for")
    model = label(row, "model_permaslug") or label(row, "model") or UNLABELLED
    return (model, label(row, "provider_name") or UNLABELLED), _figures(row)


def _figures(row: Row) -> Figures:
    # The official SDK has `cached_tokens`, the older OpenAPI file does not.
    is_cached_told = row.get("cached_tokens") is not None
    return Figures(
        credits=cost(row, "usage"),
        byok=cost(row, "byok_usage_inference"),
        requests=count(row, "requests"),
        prompt=count(row, "prompt_tokens"),
        completion=count(row, "completion_tokens"),
        reasoning=count(row, "reasoning_tokens"),
        cached=count(row, "cached_tokens") if is_cached_told else 0,
    )
