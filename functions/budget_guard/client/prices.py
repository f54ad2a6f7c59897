"""What a request may cost before it is sent, by the prices that OpenRouter lists."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any

from budget_guard.client.errors import PriceUnknown
from budget_guard.client.facts import OPENROUTER, wall_clock
from budget_guard.client.fetching import connect, fetch, said
from budget_guard.client.pricing import Pricing, Tokens, cost

AGAIN = timedelta(minutes=1)
"""How long after a refresh that failed the next is tried."""
OWN = "pass an estimate of your own"


@dataclass
class Prices:
    """Prices of all models, read when first asked for and then every `refresh`.

    Where they cannot be read again the last ones are used. A reading takes up to `within` seconds;
    one thread does it, the others go on with what is known. `http` is a client of httpx or httpx2
    to use instead of a new one.
    """

    http: Any = field(default=None, repr=False)
    base_url: str = OPENROUTER
    refresh: timedelta = timedelta(days=1)
    within: float = 3.0
    clock: Callable[[], datetime] = field(default=wall_clock, repr=False)

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self._lock = Lock()
        self._known: Mapping[str, Pricing] = {}
        self._due: datetime | None = None
        self._problem = ""

    def estimate(
        self,
        model: str,
        *,
        prompt_tokens: int,
        max_tokens: int,
        cached_tokens: int = 0,
        at: datetime | None = None,
    ) -> Decimal:
        """Return what a request costs that uses all of these tokens, sent at `at` (now), in USD.

        Images, tools, plug-ins and cache writes come on top. Raises `PriceUnknown`, which says what
        to do; `ValueError` for counts that cannot be.
        """
        tokens = Tokens(prompt=prompt_tokens, completion=max_tokens, cached=cached_tokens)
        listed = self._listed().get(model)
        if listed is None:
            raise PriceUnknown(self._why_not(model))
        try:
            return cost(listed, tokens, at or self.clock())
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            message = (
                f"The price of {model} is not known before it answers (a router chooses), or is "
                f"listed in another form. Name the model itself, or {OWN}."
            )
            raise PriceUnknown(message) from None

    def _listed(self) -> Mapping[str, Pricing]:
        """Return the prices by the model's id, read again where that is due."""
        # Who has old prices need not wait for new ones.
        if self._is_due() and self._lock.acquire(blocking=not self._known):
            try:
                if self._is_due():
                    self._read()
            finally:
                self._lock.release()
        return self._known

    def _is_due(self) -> bool:
        return self._due is None or self.clock() >= self._due

    def _read(self) -> None:
        now = self.clock()
        try:
            url = f"{self.base_url.rstrip('/')}/models"
            self.http = self.http or connect()
            body = fetch(self.http, url, within=self.within)
            known = _by_id(json.loads(body, parse_float=Decimal))
        except Exception as error:
            self._due, self._problem = now + AGAIN, said(error)
        else:
            self._known, self._due = known, now + self.refresh

    def _why_not(self, model: str) -> str:
        if not self._known:
            return f"OpenRouter's prices cannot be read: {self._problem}. Try later, or {OWN}."
        base, _, variant = model.partition(":")
        if variant and base in self._known:
            return (
                f"OpenRouter lists no price of {model}: the variant decides it. Estimate {base} "
                f"with a margin, or {OWN}."
            )
        return f"OpenRouter lists no price of {model}. Is it spelled as in /models? Else {OWN}."


def _by_id(answer: Any) -> Mapping[str, Pricing]:
    """Return the prices of an answer of `/models`; raise where it has none."""
    found: dict[str, Pricing] = {}
    for model in answer["data"]:
        found[model["id"]] = model["pricing"]
        if ":" not in model["id"]:
            # A model has a lasting slug too; but its free variant has the same one.
            found.setdefault(model.get("canonical_slug") or model["id"], model["pricing"])
    if not found:
        message = "the list is empty"
        raise ValueError(message)
    return found
