"""The queue that applications send the ids of their generations to. One real adapter, and a fake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from budget_guard.domain.generations import Said


@dataclass(frozen=True, slots=True)
class Notice:
    """What an application tells: the id of a generation, and what it says of it."""

    generation: str
    said: Said


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the queue, with the `notice` in it, or what is wrong with it (a sentence).

    `receipt` is for the queue; `sent` is when it took the message.
    """

    receipt: str
    body: str
    sent: datetime
    notice: Notice | None
    fault: str = ""


class Ids(Protocol):
    """The queue. Every method may raise a `QueueError`; what is not dealt with comes again.

    A message may be received more than once.
    """

    def receive(self) -> Sequence[Message]:
        """Return some messages, at most 40; none if there are none. Nobody else gets them for now."""
        ...

    def done(self, messages: Sequence[Message]) -> None:
        """Delete messages; one that cannot be deleted comes again."""
        ...

    def later(self, messages: Sequence[Message], wait: timedelta) -> None:
        """Let messages come again after `wait`, or when the queue gives them out again anyway."""
        ...

    def refuse(self, message: Message, reason: str) -> None:
        """Move a message to the dead letters, with the reason; a body too long for that is cut."""
        ...
