"""The queue in this process: for tests, simulations and trying things out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from budget_guard.adapters.ids.wire import read_message
from budget_guard.use_cases.costs.ids import Message

MOST = 40
HIDDEN = timedelta(minutes=11)


@dataclass(slots=True)
class Letter:
    """A message that lies in the queue, hidden until a time from whoever receives."""

    body: str
    sent: datetime
    hidden: datetime


class MemoryIds:
    """The `Ids` port. `clock` tells when messages were sent, and when they come again.

    `dead` are the dead letters, each with its reason.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._numbers = count()
        self._letters: dict[str, Letter] = {}
        self.dead: list[tuple[str, str]] = []

    def send(self, body: str) -> None:
        """Put a message into the queue."""
        now = self._clock()
        self._letters[str(next(self._numbers))] = Letter(body, now, now)

    @property
    def waiting(self) -> list[str]:
        """Return the bodies of all messages in the queue, hidden ones too."""
        return [letter.body for letter in self._letters.values()]

    def receive(self) -> Sequence[Message]:
        """Return at most 40 messages, and hide them for eleven minutes."""
        now, found = self._clock(), list[Message]()
        for receipt, letter in self._letters.items():
            if letter.hidden <= now and len(found) < MOST:
                letter.hidden = now + HIDDEN
                found.append(read_message(receipt, letter.body, letter.sent))
        return found

    def done(self, messages: Sequence[Message]) -> None:
        """Delete messages."""
        for message in messages:
            self._letters.pop(message.receipt, None)

    def later(self, messages: Sequence[Message], wait: timedelta) -> None:
        """Let messages come again after `wait`."""
        for message in messages:
            if message.receipt in self._letters:
                self._letters[message.receipt].hidden = self._clock() + wait

    def refuse(self, message: Message, reason: str) -> None:
        """Move a message to the dead letters."""
        self.dead.append((message.body, reason))
        self.done([message])
