"""Rows of `GET /models`: the models on offer, what they cost, and until when.

Field by field as in the OpenAPI file and the official SDK (2026-10): `Model`, `PublicPricing` and
`PricingOverride`. Prices are decimal texts, in USD; those below 0 depend on what a router chooses.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import (
    MOST_USD,
    TEXT_OF_A_NUMBER,
    Row,
    data_in,
    label,
    text,
    usd,
    within,
)
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.offer import (
    CACHE_READ,
    COMPLETION,
    ORDINARY,
    PROMPT,
    REQUEST,
    Model,
    Price,
    Prices,
)
from budget_guard.use_cases.costs.source import Models

LONGEST = 256
"""Characters of a name."""
LONGEST_DAY = 9
MOST_DIGITS = 38
MOST_NAMED = 3
PRICES = {
    "prompt": PROMPT,
    "completion": COMPLETION,
    "request": REQUEST,
    "input_cache_read": CACHE_READ,
    "input_cache_write": "cache write",
    "input_cache_write_1h": "cache write for 1 h",
    "internal_reasoning": "reasoning",
    "image": "image",
    "image_token": "image token",
    "image_output": "image output",
    "audio": "audio",
    "audio_output": "audio output",
    "input_audio_cache": "cached audio",
    "web_search": "web search",
}
"""What each price is called here. Prices of another name are not known, and left out."""
CONDITIONS = frozenset({"min_prompt_tokens", "utc_days", "utc_start", "utc_end"})


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
            return tuple(_listed(row["pricing"]))
    except _RoutedError:
        return ()
    except UnusableError:
        bad.prices.append(identity)
        return ()


class _RoutedError(Exception):
    """The price is that of the model which a router will choose."""


def _listed(pricing: object) -> Iterator[Price]:
    if not isinstance(pricing, dict):
        raise UnusableError(field="", why="Input should be an object")
    paid = 1 - _discount(pricing)
    for name in ("prompt", "completion"):
        if name not in pricing:
            raise UnusableError(field=f".{name}", why="Field required")
    yield from _priced(pricing, paid, ORDINARY)
    overrides = pricing.get("overrides") or []
    if not isinstance(overrides, list) or not all(isinstance(one, dict) for one in overrides):
        raise UnusableError(field=".overrides", why="Input should be a list of objects")
    for one in overrides:
        # An entry with a condition of another kind is not known to apply to anything.
        if {name for name, value in one.items() if not isinstance(value, str)} <= CONDITIONS:
            yield from _priced(one, paid, _when(one))


def _discount(pricing: Row) -> Decimal:
    return min(Decimal(1), max(ZERO, usd(pricing, "discount"))) if pricing.get("discount") else ZERO


def _priced(pricing: Row, paid: Decimal, when: str) -> Iterator[Price]:
    for name, of in PRICES.items():
        if pricing.get(name) is not None:
            yield Price(of, _usd(pricing, name) * paid, when)


def _usd(row: Mapping[str, object], name: str) -> Usd:
    told = row[name]
    if not isinstance(told, str) or not TEXT_OF_A_NUMBER.fullmatch(told):
        raise UnusableError(field=f".{name}", why="Input should be the text of a number")
    price = Decimal(told)
    if price < 0:
        raise _RoutedError
    if price and not -MOST_DIGITS <= price.adjusted() < MOST_USD.adjusted():
        raise UnusableError(field=f".{name}", why="Input should be a price in USD")
    return price.normalize()


def _when(one: Row) -> str:
    """Return the condition of an override in words."""
    return " ".join(filter(None, (_above(one), _days(one), _clock(one))))


def _above(one: Row) -> str:
    if one.get("min_prompt_tokens") is None:
        return ""
    return f"above {int(usd(one, 'min_prompt_tokens')):,} prompt tokens"


def _days(one: Row) -> str:
    days = one.get("utc_days")
    if days is None:
        return ""
    if not isinstance(days, list) or not all(isinstance(day, str) for day in days):
        raise UnusableError(field=".utc_days", why="Input should be a list of days")
    return f"on {', '.join(day[:LONGEST_DAY] for day in days if day.isascii())}"


def _clock(one: Row) -> str:
    if one.get("utc_start") is None and one.get("utc_end") is None:
        return ""
    begins, ends = (_time(one, name, rest) for name, rest in (("utc_start", 0), ("utc_end", 2400)))
    return f"from {begins} to {ends} UTC"


def _time(one: Row, name: str, otherwise: int) -> str:
    clock = int(usd(one, name)) if one.get(name) is not None else otherwise
    return f"{clock // 100:02}:{clock % 100:02}"
