"""One rate for all threads that write to OpenRouter."""

import time
from collections.abc import Callable
from threading import Lock


class Pace:
    """At most `per_second` steps a second, evenly, by waiting before each that comes too soon."""

    def __init__(
        self,
        per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._clock, self._sleep = clock, sleep
        self._next = clock()
        self._lock = Lock()

    def __call__(self) -> None:
        """Return when the next step may be taken."""
        with self._lock:
            now = self._clock()
            due = max(now, self._next)
            self._next = due + self._gap
        if due > now:
            self._sleep(due - now)
