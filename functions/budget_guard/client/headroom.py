"""What the guard's function URL says that a key may still spend."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from os import environ
from re import compile as pattern
from typing import Any

from budget_guard.client.fetching import FetchError, connect, fetch

WITHIN = 1.0
"""Seconds that an answer may take."""
_REGION = pattern(r"https://[^/.]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")


@dataclass(frozen=True, slots=True)
class Headroom:
    """An answer: `usd` may still be spent (None: without bound), as known at `observed_at`.

    `budget`, its `owner` and `window` are those that bind the key; there is more at `resets_at`.
    `state` is free, held, stopped or frozen; unknown: nothing was heard of the key for too long.
    """

    usd: Decimal | None
    observed_at: datetime
    resets_at: datetime | None
    budget: str | None
    window: str | None
    owner: str | None
    state: str


@dataclass(slots=True)
class HeadroomUrl:
    """The function URL, asked for one key with AWS's signature (SigV4).

    `http` is a client to use instead of a new one, `session` one of boto3 or botocore to take
    the credentials from.
    """

    url: str
    key: str
    http: Any = None
    session: Any = None

    def ask(self) -> Headroom:
        """Return the answer; raise whatever went wrong instead."""
        url = f"{self.url.rstrip('/')}/?key={self.key}"
        self.http = self.http or connect()
        body = fetch(self.http, url, headers=self._signed(url), within=WITHIN)
        try:
            return _read(json.loads(body), self.key)
        except (ArithmeticError, KeyError, TypeError, ValueError):
            message = "its answer cannot be used"
            raise FetchError(message) from None

    def _signed(self, url: str) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        if self.session is None:
            self.session = _session()
        credentials = self.session.get_credentials()
        if credentials is None:
            message = "there are no AWS credentials to ask it with"
            raise FetchError(message)
        request = AWSRequest("GET", url)
        SigV4Auth(credentials.get_frozen_credentials(), "lambda", _region(url)).add_auth(request)
        return dict(request.headers.items())


def _session() -> Any:
    from botocore.session import Session

    return Session()


def _region(url: str) -> str:
    found = _REGION.match(url)
    region = found[1] if found else environ.get("AWS_REGION", environ.get("AWS_DEFAULT_REGION"))
    if region is None:
        message = "neither its name nor AWS_REGION says in which region it is"
        raise FetchError(message)
    return region


def _read(answer: Mapping[str, Any], key: str) -> Headroom:
    if answer["key"] != key:
        message = "the answer is about another key"
        raise ValueError(message)
    return Headroom(
        usd=None if answer["headroom_usd"] is None else _amount(answer["headroom_usd"]),
        observed_at=_moment(answer["observed_at"]),
        resets_at=None if answer["resets_at"] is None else _moment(answer["resets_at"]),
        budget=answer["budget"],
        window=answer["window"],
        owner=answer["owner"],
        state=answer["state"],
    )


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or amount < 0:
        message = f"{text} is no amount of USD"
        raise ValueError(message)
    return amount


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        message = f"the time {text} has no offset"
        raise ValueError(message)
    return at
