"""What a request may cost by a model's entry in `/models`: exact, and without any clock of its own.

Prices are decimal texts in USD: per token, `request` per request. Source: OpenAPI file,
`PublicPricing` and `PricingOverride`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CONDITIONS = {"min_prompt_tokens", "utc_start", "utc_end", "utc_days"}
type Pricing = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How many a request has: `cached` are those of `prompt` that a cache is read for."""

    prompt: int
    completion: int
    cached: int = 0

    def __post_init__(self) -> None:
        """Raise `ValueError` for counts that cannot be."""
        if min(self.prompt, self.completion, self.cached) < 0 or self.cached > self.prompt:
            message = "Tokens are counted from 0 on, and cached_tokens are part of prompt_tokens"
            raise ValueError(message)


def cost(pricing: Pricing, tokens: Tokens, at: datetime) -> Decimal:
    """Return what a request costs (USD) that is sent at `at` and uses all its tokens.

    Raises `ArithmeticError`, `KeyError`, `TypeError` or `ValueError` for prices in no known form,
    and for those that depend on what a router chooses (they are below 0).
    """
    prices = dict(pricing)
    for one in _that_apply(pricing.get("overrides") or (), tokens.prompt, at):
        prices |= one
    total = (
        (tokens.prompt - tokens.cached) * _price(prices["prompt"])
        + tokens.cached * _price(prices.get("input_cache_read") or prices["prompt"])
        + tokens.completion * _price(prices["completion"])
        + _price(prices.get("request") or "0")
    )
    discount = _price(str(pricing.get("discount") or 0))
    return total * max(Decimal(0), 1 - discount)


def _price(text: str) -> Decimal:
    price = Decimal(text)
    if not price.is_finite() or price < 0:
        message = f"{text} is no price"
        raise ValueError(message)
    return price


def _that_apply(overrides: Any, prompt: int, at: datetime) -> Iterator[Pricing]:
    """Yield the overrides all of whose conditions a request meets; later ones win."""
    for one in overrides:
        prices = {name: its for name, its in one.items() if isinstance(its, str)}
        # A condition of a kind that is not known here cannot be said to be met.
        if one.keys() <= prices.keys() | CONDITIONS and _is_met(one, prompt, at.astimezone(UTC)):
            yield prices


def _is_met(one: Pricing, prompt: int, at: datetime) -> bool:
    least, begins, ends = (one.get(name) for name in ("min_prompt_tokens", "utc_start", "utc_end"))
    if least is not None and prompt <= least:
        return False
    if "utc_days" in one and DAYS[at.weekday()] not in one["utc_days"]:
        return False
    if begins is None and ends is None:
        return True
    return _is_within(at.hour * 100 + at.minute, begins or 0, 2400 if ends is None else ends)


def _is_within(now: int, begins: int, ends: int) -> bool:
    """Tell whether a clock number (HHMM) lies in [begins, ends), which may wrap past midnight."""
    return begins <= now < ends if begins <= ends else now >= begins or now < ends
