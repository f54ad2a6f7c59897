"""Rows of `GET /models`: the models on offer, what they cost, and until when.

Field by field as in the OpenAPI file and the official SDK (2026-10): `Model`.
"""

from collections.abc import Iterator
from datetime import date

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import Row, data_in, label, text, within
from budget_guard.adapters.openrouter.prices import RoutedError, prices_in
from budget_guard.domain.offer import Model, Prices
from budget_guard.use_cases.costs.source import Models

LONGEST = 256
"""Characters of a name."""
MOST_NAMED = 3


def read_models(answer: Answer) -> Models:
    """Return the models of an answer; what cannot be read of one is left out, with a warning.

    An alias is left out too: it has no price and no use of its own. Raises `ProviderConfusing` where
    no row at all is of a model.
    """
    bad = _Bad()
    with data_in(answer) as rows:
        if not isinstance(rows, list):
            raise UnusableError(field="", why="Input should be a list")
        listed = [one for row in map(_object, rows) if (one := _model(row, bad))]
        if not listed:
            raise UnusableError(field="", why="Input should have a model")
    return Models(tuple(listed), tuple(bad.told()))


class _Bad:
    """What could not be read: rows without an id, and models without a price or a last day."""

    def __init__(self) -> None:
        self.rows = 0
        self.prices: list[str] = []
        self.days: list[str] = []

    def told(self) -> Iterator[str]:
        if self.rows:
            yield f"OpenRouter lists {self.rows} models in no known form: they are left out."
        if self.prices:
            yield (
                f"OpenRouter lists prices of {_some(self.prices)} in no known form: that they "
                "change is not told."
            )
        if self.days:
            yield (
                f"OpenRouter lists the last day of {_some(self.days)} in no known form: it is not "
                "told."
            )


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _object(row: object) -> Row:
    return row if isinstance(row, dict) else {}


def _model(row: Row, bad: _Bad) -> Model | None:
    try:
        identity, names = _named(row)
    except UnusableError:
        bad.rows += 1
        return None
    if row.get("alias_target"):
        return None
    return Model(identity, names, _prices(row, identity, bad), _until(row, identity, bad))


def _named(row: Row) -> tuple[str, tuple[str, ...]]:
    with within(""):
        return text(row, "id")[:LONGEST], tuple(_names(row))


def _names(row: Row) -> Iterator[str]:
    """Yield the lasting slug, and the name for display."""
    for name in ("canonical_slug", "name"):
        told = label(row, name) if name in row else None
        if told and told != row["id"]:
            yield told[:LONGEST]


def _until(row: Row, identity: str, bad: _Bad) -> date | None:
    told = row.get("expiration_date")
    if told is None:
        return None
    try:
        return date.fromisoformat(str(told)[:10])
    except ValueError:
        bad.days.append(identity)
        return None


def _prices(row: Row, identity: str, bad: _Bad) -> Prices:
    """Return the prices less a discount; none where any cannot be read, or depends on a router."""
    try:
        with within(".pricing"):
            return tuple(prices_in(row["pricing"]))
    except RoutedError:
        return ()
    except UnusableError:
        bad.prices.append(identity)
        return ()
