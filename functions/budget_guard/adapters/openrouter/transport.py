"""One request to OpenRouter, repeated where that is safe, inside the time the run has left."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import stamina

from budget_guard.adapters.openrouter.answers import Answer, read_answer
from budget_guard.adapters.openrouter.failures import HTTPX_ERRORS, Transient, failed, refused
from budget_guard.domain.errors import GuardError, ProviderUnavailable

type Outcome = httpx.Response | GuardError

LONGEST_REQUEST = 20.0
LONGEST_WAIT = 8.0
JSON_BODY = {"Content-Type": "application/json"}

_read_again = stamina.RetryingCaller(
    attempts=8, timeout=None, wait_initial=0.5, wait_max=LONGEST_WAIT, wait_jitter=1.0
)
_write_again = stamina.RetryingCaller(
    attempts=2, timeout=None, wait_initial=0.5, wait_max=LONGEST_WAIT, wait_jitter=1.0
)


class Transport:
    """Sends requests with `client`, which carries the base URL and the credential.

    `time_left` tells the seconds that the run may still use: no request is begun and no wait
    entered that does not fit. `pace` is called before each attempt, and returns when it may be
    made. Safe to use from several threads.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        time_left: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._time_left = time_left
        self._clock = clock
        self._pace = pace

    def at_pace(self, pace: Callable[[], None]) -> "Transport":
        """Return one at a pace of its own, on the same connections."""
        return Transport(self._client, time_left=self._time_left, clock=self._clock, pace=pace)

    def get(self, path: str, **params: str) -> Answer:
        """Read; repeat after 429, 5xx, time-outs and lost connections."""
        return _read_again(self._wait_to_read, self._once, "GET", path, params=params or None)

    def post_query(self, path: str, body: str) -> Answer:
        """Read with a POST that changes nothing; repeat as a GET is."""
        return _read_again(
            self._wait_to_read, self._once, "POST", path, content=body, headers=JSON_BODY
        )

    def patch(self, path: str, body: str) -> Answer:
        """Change; repeat once, and only after OpenRouter itself answered 429 or 5xx.

        After a time-out or a lost connection the change may have taken effect: the caller reads
        the object before it changes it again.
        """
        return _write_again(
            self._wait_to_write, self._once, "PATCH", path, content=body, headers=JSON_BODY
        )

    def post(self, path: str, body: str) -> Answer:
        """Change with a POST, and never repeat it: what it makes may exist without an answer."""
        return self._once("POST", path, content=body, headers=JSON_BODY)

    def delete(self, path: str) -> Answer:
        """Delete; repeat as a GET is: what is gone already is answered 404."""
        return _read_again(self._wait_to_read, self._once, "DELETE", path)

    def get_as(self, secret: str, path: str) -> Answer:
        """Read with another credential than the client's."""
        headers = {"Authorization": f"Bearer {secret}"}
        return _read_again(self._wait_to_read, self._once, "GET", path, headers=headers)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _once(self, method: str, path: str, **request: object) -> Answer:
        endpoint = f"{method} {path}"
        self._pace()
        left = self._time_left()
        if left <= 0:
            msg = f"{endpoint} was not sent: this run has no time left; the next one goes on."
            raise ProviderUnavailable(msg)
        sent = self._clock()
        outcome = self._send(endpoint, method, path, timeout=min(left, LONGEST_REQUEST), **request)
        if isinstance(outcome, GuardError):
            raise outcome
        elapsed = timedelta(seconds=max(0.0, self._clock() - sent))
        return read_answer(endpoint, outcome, elapsed)

    def _send(self, endpoint: str, method: str, path: str, **request: Any) -> Outcome:
        """Return the answer or what went wrong.

        The error is raised by the caller, outside of this `except`: an exception of httpx holds
        the request with its credential, and would hang on the guard's error as its context.
        """
        try:
            response = self._client.request(method, path, follow_redirects=False, **request)
        except HTTPX_ERRORS as error:
            return failed(endpoint, error)
        return response if response.is_success else refused(endpoint, response)

    def _wait_to_read(self, error: Exception) -> bool | float:
        return isinstance(error, Transient) and self._wait(error)

    def _wait_to_write(self, error: Exception) -> bool | float:
        return isinstance(error, Transient) and error.answered and self._wait(error)

    def _wait(self, error: Transient) -> bool | float:
        """Return the seconds asked for, True for a wait of our own, False where none fits."""
        asked = error.retry_after or 0
        if self._time_left() <= max(asked, LONGEST_WAIT):
            return False
        return asked if asked > 1 else True
