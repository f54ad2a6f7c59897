"""The prices in a row of `GET /models`: decimal texts, in USD.

Field by field as in the OpenAPI file and the official SDK (2026-10): `PublicPricing` and
`PricingOverride`. A price below 0 was seen where it depends on what a router chooses.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from budget_guard.adapters.openrouter.answers import UnusableError
from budget_guard.adapters.openrouter.fields import MOST_USD, TEXT_OF_A_NUMBER, Row, usd
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.offer import (
    CACHE_READ,
    COMPLETION,
    IMAGE,
    IMAGE_OUTPUT,
    ORDINARY,
    PROMPT,
    REQUEST,
    WEB_SEARCH,
    Price,
)

LONGEST_DAY = 9
MOST_DIGITS = 38
PRICES = {
    "prompt": PROMPT,
    "completion": COMPLETION,
    "request": REQUEST,
    "input_cache_read": CACHE_READ,
    "input_cache_write": "cache write",
    "input_cache_write_1h": "cache write for 1 h",
    "internal_reasoning": "reasoning",
    "image": IMAGE,
    "image_token": "image token",
    "image_output": IMAGE_OUTPUT,
    "audio": "audio",
    "audio_output": "audio output",
    "input_audio_cache": "cached audio",
    "web_search": WEB_SEARCH,
}
"""What each price is called here. Prices of another name are not known, and left out."""
CONDITIONS = frozenset({"min_prompt_tokens", "utc_days", "utc_start", "utc_end"})


class RoutedError(Exception):
    """The price is that of the model which a router will choose."""


def prices_in(pricing: object) -> Iterator[Price]:
    """Yield the prices of a model, less its discount.

    Raises `UnusableError` where any cannot be read, and `RoutedError` where any is a router's.
    """
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
        raise RoutedError
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
