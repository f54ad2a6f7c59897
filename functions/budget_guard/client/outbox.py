"""What waits to be sent: bounded, emptied in batches by a thread of its own."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import getpid
from threading import Condition, Thread

BATCH = 10
"""Messages that SQS takes at a time."""
LINGER = 1.0
"""Seconds that a message waits for others to go with it."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts since the beginning of the process.

    `sent`: SQS took them. `failed`: it did not, after the SDK's retries. `dropped`: the buffer was
    full, or closed. `unidentified`: successful answers in which no generation's id was found.
    """

    sent: int = 0
    dropped: int = 0
    failed: int = 0
    unidentified: int = 0


class Outbox:
    """Sends messages in the background, by `send`: it gets up to `BATCH` and returns how many went.

    Of more than `capacity` waiting messages the newest are dropped. `put` waits for nobody. A
    forked process begins with an empty one.
    """

    def __init__(self, send: Callable[[Sequence[str]], int], capacity: int) -> None:
        self._send = send
        self._capacity = capacity
        self._begin()

    def _begin(self) -> None:
        self._process = getpid()
        self._turn = Condition()
        self._waiting: deque[str] = deque()
        self._under_way = 0
        self._hurrying = 0
        self._is_closed = False
        self._thread: Thread | None = None
        self._sent = self._dropped = self._failed = 0

    def _mine(self) -> Condition:
        """Return this process's lock: a fork has neither the thread, nor perhaps the lock free."""
        if self._process != getpid():
            self._begin()
        return self._turn

    def stats(self, unidentified: int = 0) -> Stats:
        """Return what became of the messages so far."""
        with self._mine():
            return Stats(self._sent, self._dropped, self._failed, unidentified)

    def put(self, message: str) -> None:
        """Let `message` be sent, or drop it."""
        with self._mine():
            if self._is_closed or len(self._waiting) >= self._capacity:
                self._dropped += 1
                return
            self._waiting.append(message)
            if self._thread is None:
                thread = Thread(target=self._work, name="budget-guard", daemon=True)
                thread.start()
                self._thread = thread
            # The thread waits for the first and for a whole batch; to wake it more often is dear.
            if len(self._waiting) in {1, BATCH}:
                self._turn.notify_all()

    def flush(self, within: float) -> bool:
        """Send what waits now; return whether all is done after at most `within` seconds."""
        with self._mine():
            self._hurrying += 1
            self._turn.notify_all()
            is_done = self._turn.wait_for(self._is_empty, within)
            self._hurrying -= 1
            return is_done

    def close(self, within: float) -> bool:
        """Take no more, and send what waits, as `flush` does."""
        with self._mine():
            self._is_closed = True
        return self.flush(within)

    def _is_empty(self) -> bool:
        return not self._waiting and not self._under_way

    def _is_due(self) -> bool:
        return len(self._waiting) >= BATCH or self._hurrying > 0 or self._is_closed

    def _work(self) -> None:
        while batch := self._next():
            sent = 0
            with suppress(Exception):
                sent = self._send(batch)
            with self._turn:
                self._sent += sent
                self._failed += len(batch) - sent
                self._under_way = 0
                self._turn.notify_all()

    def _next(self) -> list[str]:
        """Return what is to go together; nothing when all was sent and no more is taken."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting or self._is_closed)
            self._turn.wait_for(self._is_due, LINGER)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._under_way = len(batch)
            return batch
