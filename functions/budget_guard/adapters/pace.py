"""One rate for all threads that talk to OpenRouter: even, or so many within a time."""

import time
from collections import deque
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


class Allowance:
    """At most `most` steps in any `seconds`: at once while there are some left, then as they come."""

    def __init__(
        self,
        most: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock, self._sleep = clock, sleep
        self._taken = deque[float](maxlen=most)
        self._lock = Lock()

    def __call__(self) -> None:
        """Return when the next step may be taken."""
        with self._lock:
            due = now = self._clock()
            if len(self._taken) == self._taken.maxlen:
                due = max(now, self._taken[0] + self._seconds)
            self._taken.append(due)
        if due > now:
            self._sleep(due - now)
