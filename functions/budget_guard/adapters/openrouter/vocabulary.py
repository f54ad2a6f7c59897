"""What analytics calls things: no part of OpenRouter's API fixes the names, so they are looked up.

Names as in OpenRouter's public skill `openrouter-analytics-schema` (2026), which lists them all;
`request_count` and `model` are in the OpenAPI file's examples too, the other metrics of tokens but
`cached_tokens` in the cookbook page `analytics-cost-control`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from budget_guard.adapters.openrouter.answers import Answer
from budget_guard.adapters.openrouter.fields import Row, each, fields_of, text, within
from budget_guard.domain.axis import Axis
from budget_guard.use_cases.costs.source import Single

KEY, WORKSPACE = "api_key_id", "workspace"
CREDITS, TOTAL, BYOK = "credits_usage", "total_usage", "byok_usage"
METRICS = {
    "credits": CREDITS,
    "byok": BYOK,
    "requests": "request_count",
    "prompt": "tokens_prompt",
    "completion": "tokens_completion",
    "reasoning": "reasoning_tokens",
    "cached": "cached_tokens",
}
"""The metric of each field of `Figures`."""
TOOLS = ("usage_web", "usage_file", "usage_web_fetch")
"""What tools are charged by: parts of the credits."""
WORDS = {
    "byok": "what own provider keys (BYOK) spend counts as 0",
    "requests": "requests count as 0",
    "prompt": "prompt tokens count as 0",
    "completion": "completion tokens count as 0",
    "reasoning": "reasoning tokens count as 0",
    "cached": "cached tokens count as 0",
}
"""What follows where a metric is not there."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The metric of each figure that analytics knows; any other figure is 0.

    Where that of `credits` is `total_usage`, it has what BYOK spends in it. `total` is the metric
    of both, if there is one; `tools` are those of what tools cost.
    """

    metrics: Mapping[str, str]
    axes: frozenset[Axis]
    missing: tuple[str, ...]
    total: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    singles: bool = False


def read_vocabulary(answer: Answer) -> Vocabulary:
    """Return what an answer to `GET /analytics/meta` offers.

    Raises `ProviderConfusing` naming endpoint and field.
    """
    with fields_of(answer) as meta:
        metrics, dimensions = _names(meta, "metrics"), _names(meta, "dimensions")
        granularities = _names(meta, "granularities")
    known, unknown = _metrics(metrics)
    lacking = tuple(_lacking(metrics, dimensions, granularities))
    if lacking:
        return Vocabulary(known, frozenset(), lacking)
    axes = frozenset(axis for axis in Axis if axis.value in dimensions)
    lost = (
        f"Analytics has no dimension {axis}: costs by {axis} are not known."
        for axis in Axis
        if axis not in axes
    )
    return Vocabulary(
        metrics=known,
        axes=axes,
        missing=(*unknown, *lost, *_of_singles(dimensions)),
        total=(TOTAL,) if TOTAL in metrics else (),
        tools=tuple(name for name in TOOLS if name in metrics),
        singles=Single.GENERATION in dimensions,
    )


def _of_singles(dimensions: frozenset[str]) -> Iterator[str]:
    if Single.GENERATION not in dimensions:
        yield (
            f"Analytics has no dimension {Single.GENERATION}: single generations are known only "
            "where applications send their ids."
        )


def _names(meta: Row, kind: str) -> frozenset[str]:
    rows = meta[kind]
    with within(f".{kind}"):
        return frozenset(each(rows, lambda row: text(row, "name")))


def _metrics(offered: frozenset[str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the metrics that there are, and what follows from those that there are not."""
    known = {figure: metric for figure, metric in METRICS.items() if metric in offered}
    unknown = [
        f"Analytics has no metric {metric}: {WORDS[figure]}."
        for figure, metric in METRICS.items()
        if figure in WORDS and metric not in offered
    ]
    if CREDITS not in offered and {TOTAL, BYOK} <= offered:
        known["credits"] = TOTAL
        unknown.append(f"Analytics has no metric {CREDITS}: credits are {TOTAL} less {BYOK}.")
    return known, tuple(unknown)


def _lacking(
    metrics: frozenset[str], dimensions: frozenset[str], granularities: frozenset[str]
) -> Iterator[str]:
    """Yield what leaves nothing to ask for."""
    if CREDITS not in metrics and not {TOTAL, BYOK} <= metrics:
        yield (
            f"Analytics has neither the metric {CREDITS} nor both {TOTAL} and {BYOK}: "
            "costs by the hour are not known."
        )
    for name in (KEY, WORKSPACE):
        if name not in dimensions:
            yield f"Analytics has no dimension {name}: costs by the hour are not known."
    if "hour" not in granularities:
        yield "Analytics has no granularity hour: costs by the hour are not known."
