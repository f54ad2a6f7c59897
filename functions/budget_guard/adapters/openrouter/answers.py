"""A successful answer: its body with exact numbers, and when it was true."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import NoReturn

import httpx

from budget_guard.domain.errors import ProviderConfusing


class UnusableError(Exception):
    """A field of the body, as `.name`, is not what it should be."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field, why)
        self.field, self.why = field, why


@dataclass(frozen=True, slots=True)
class Answer:
    """What OpenRouter said to `endpoint`; `elapsed` from before the request to after the answer.

    `not_before` is the `at` of an answer that had arrived before this request was sent.
    """

    endpoint: str
    # Of a key that was just made it has the plaintext.
    body: object = field(repr=False)
    date: str | None
    elapsed: timedelta
    not_before: datetime | None = None

    @property
    def at(self) -> datetime:
        """Return OpenRouter's time of the answer (`Date`); raise `ProviderConfusing` without."""
        moment = _moment(self.date or "")
        if moment is None:
            msg = f"{self.endpoint} was answered without a usable Date header; the answer is unused"
            raise ProviderConfusing(msg)
        return moment

    @property
    def began(self) -> datetime:
        """Return a time on OpenRouter's clock that is not after the request was sent.

        `Date` is not after the end of the answer, as a whole second it only errs to the past.
        """
        began = self.at - self.elapsed
        # A clock that went back says nothing about before and after.
        if self.not_before is None or self.not_before > self.at:
            return began
        return max(began, self.not_before)

    @property
    def crossed_midnight(self) -> bool:
        """Tell whether its counters can be those of two days."""
        return self.began.date() != self.at.date()

    def unusable(self, field: str, why: str) -> ProviderConfusing:
        """Return the error that names a field of the body, and no value of it."""
        return ProviderConfusing(
            f"{self.endpoint} was answered with an unusable `{field}`: {why}; nothing was concluded"
        )


def read_answer(endpoint: str, response: httpx.Response, elapsed: timedelta) -> Answer:
    """Return the answer; raise `ProviderConfusing` if its body is not JSON."""
    try:
        body = json.loads(
            response.content,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_number,
            strict=False,
        )
    except (ValueError, ArithmeticError, RecursionError):
        body = None
    if body is None:
        msg = f"{endpoint} was answered {response.status_code} without JSON; nothing was concluded"
        raise ProviderConfusing(msg)
    return Answer(endpoint, body, response.headers.get("Date"), elapsed)


def _no_number(text: str) -> NoReturn:
    msg = f"not a number: {text[:20]}"
    raise ValueError(msg)


def _moment(date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date)
        return moment.astimezone(UTC) if moment.tzinfo and moment.year > 2000 else None
    except (ValueError, TypeError, OverflowError):
        return None
