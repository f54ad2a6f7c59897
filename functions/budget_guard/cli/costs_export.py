"""Costs as CSV (RFC 4180, UTF-8) and as JSON: every line, every amount exact.

The JSON is one object. Amounts (USD), `share` and `change` are strings, counts are integers:

- `by`: owner, key, model, provider, day, user, app, job or session; `from`, `to`: the first and the last day (UTC)
- `read_until`: all hours before are in it (ISO 8601; null: nothing was ever read);
  `closed_until`: days before are as OpenRouter's activity has them, for good (a date, or null)
- `total` and `before` (the period of the same length before): `credits`, `byok`, `requests`,
  `prompt`, `completion`, `reasoning`, `cached`; BYOK is not in the credits
- `on_record` where the lines are of single requests (user, app, job, session), else null:
  `exist` and `kept` (`number`, `usd`), `fallbacks` (`part`, `of`), `tools`, `wasted` (of all, right
  within `wasted_bound`), `per_success`
- `premium`, what went to models `above` so many USD per million tokens (by what was paid): `usd`,
  `share` of all, `share_before`; null where the lines are of single requests
- `lines`, the dearest first (days in their order): `label`, `key` (the hash; of a lineage, its
  first) and `owner` where each line is a key and they are known, else null; `figures`; `before` (null for days); `share` of
  credits and BYOK together (0 to 1); `change` of them (0.5: half as much again; null: none before)
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from typing import Any

from budget_guard.adapters.alerts.cleaning import one_line
from budget_guard.cli.costs_told import Told, change
from budget_guard.cli.telling import as_json
from budget_guard.domain.money import MICRO
from budget_guard.use_cases.costs.report import CostLine, share

HEADER = (
    "from",
    "to",
    "label",
    "key",
    "owner",
    "credits_usd",
    "byok_usd",
    "requests",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_tokens",
    "share",
    "credits_usd_before",
    "byok_usd_before",
    "change",
)
FORMULA = tuple("=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}")
"""What a spreadsheet takes for the beginning of a formula, if a cell begins with it."""

type Cell = str | int | Decimal | None


def json_text(told: Told) -> str:
    """Return the object that the module's docstring describes."""
    table = told.table
    closed = table.closed_until
    return as_json(
        {
            "by": table.by.value,
            "from": table.period.first.isoformat(),
            "to": table.period.last.isoformat(),
            "read_until": table.read_until,
            "closed_until": closed.isoformat() if closed else None,
            "total": asdict(table.total),
            "before": asdict(table.before),
            "premium": _premium(told),
            "on_record": asdict(table.on_record) if table.on_record else None,
            "lines": [_line(line, told) for line in table.lines],
        }
    )


def csv_lines(told: Told) -> Iterator[str]:
    """Yield the header and a line for each label; what is not known is an empty field."""
    yield csv_line(HEADER)
    for line in told.table.lines:
        yield csv_line(_cells(line, told))


def csv_line(cells: Iterable[Cell]) -> str:
    """Return a line of CSV; no text in it is a formula, or has a line break or a secret."""
    text = StringIO()
    csv.writer(text).writerow([_cell(one) for one in cells])
    return text.getvalue()


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value.normalize():f}"
        case str():
            plain = one_line(value)
            # OWASP's advice: an apostrophe makes it text, and people see why it is there.
            return f"'{plain}" if plain.startswith(FORMULA) else plain
        case _:
            return str(value)


def _premium(told: Told) -> dict[str, Any] | None:
    now, before = told.table.premium, told.table.premium_before
    if now is None:
        return None
    return {
        "above": now.above,
        "usd": now.usd,
        "share": _rounded(now.share),
        "share_before": _rounded(before.share) if before and told.table.is_comparable else None,
    }


def _line(line: CostLine, told: Told) -> dict[str, Any]:
    before = asdict(line.before) if told.knows_before else None
    return {
        "label": one_line(line.label),
        "key": line.key,
        "owner": told.owner(line),
        "figures": asdict(line.figures),
        "before": before,
        "share": _rounded(share(line, told.table)),
        "change": _change(line, told),
    }


def _cells(line: CostLine, told: Told) -> Iterator[Cell]:
    period, now = told.table.period, line.figures
    before = line.before if told.knows_before else None
    yield from (period.first.isoformat(), period.last.isoformat())
    yield from (line.label, line.key, told.owner(line))
    yield from (now.credits, now.byok, now.requests)
    yield from (now.prompt, now.completion, now.reasoning, now.cached)
    yield _rounded(share(line, told.table))
    yield from (before.credits, before.byok) if before else (None, None)
    yield _change(line, told)


def _change(line: CostLine, told: Told) -> Decimal | None:
    grown = change(line.figures, line.before) if told.knows_before else None
    return None if grown is None else _rounded(grown)


def _rounded(ratio: Decimal) -> Decimal:
    return ratio.quantize(MICRO, rounding=ROUND_HALF_UP)
