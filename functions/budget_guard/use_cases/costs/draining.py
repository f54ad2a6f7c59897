"""The queue of ids, emptied: every message ends as a record, or as a dead letter with a reason."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.errors import ProviderError, ProviderRejected
from budget_guard.domain.generations import UNSAID, Generation, Said
from budget_guard.use_cases.costs.ids import Ids, Message
from budget_guard.use_cases.costs.keeping import Keeper, Wanted

NOT_YET = timedelta(minutes=10)
"""So long after it was sent an id may still be unknown: clients saw up to seconds."""
GIVEN_UP = timedelta(days=7)
"""When an id that OpenRouter does not answer for becomes a dead letter: the queue forgets in 14."""
SOON, NEXT_RUN = timedelta(minutes=1), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Drained:
    """Messages that a run received: brought on record, refused, and left for later."""

    kept: int = 0
    refused: int = 0
    left: int = 0

    def __add__(self, other: "Drained") -> "Drained":
        """Return both together."""
        return Drained(self.kept + other.kept, self.refused + other.refused, self.left + other.left)


def drain(ids: Ids, keeper: Keeper, now: datetime, has_time: Callable[[], bool]) -> Drained:
    """Bring what is in the queue on record, some at a time, until it is empty or time is over.

    `now` is no later than the time it is: nothing is given up too early. Raises `QueueError`, and
    what `Keeper.keep` raises; whatever ends a run, what it did not finish comes again.
    """
    drained = Drained()
    while has_time() and (messages := ids.receive()):
        drained += _deal_with(messages, ids, keeper, now)
    return drained


def _deal_with(messages: Sequence[Message], ids: Ids, keeper: Keeper, now: datetime) -> Drained:
    said: dict[str, Said] = {}
    for notice in (one.notice for one in messages if one.notice):
        said[notice.generation] = said.get(notice.generation, UNSAID) | notice.said
    found = keeper.keep([Wanted(one, its) for one, its in said.items()])
    kept, refused = list[Message](), 0
    left = defaultdict[timedelta, list[Message]](list)
    for message in messages:
        match _verdict(message, found, now):
            case None:
                kept.append(message)
            case timedelta() as wait:
                left[wait].append(message)
            case reason:
                ids.refuse(message, reason)
                refused += 1
    ids.done(kept)
    for wait, some in left.items():
        ids.later(some, wait)
    return Drained(len(kept), refused, sum(map(len, left.values())))


def _verdict(
    message: Message, found: Mapping[str, Generation | ProviderError], now: datetime
) -> timedelta | str | None:
    """Return None for a message whose generation is on record.

    Else when it is to come again, or why it is refused.
    """
    if message.notice is None:
        return message.fault
    outcome = found[message.notice.generation]
    return None if isinstance(outcome, Generation) else _after(outcome, now - message.sent)


def _after(error: ProviderError, waited: timedelta) -> timedelta | str:
    """Return when an id that could not be fetched is to come again, or why it is refused."""
    status = error.status if isinstance(error, ProviderRejected) else None
    match status:
        case 400 | 403:
            return str(error)
        case 404 if waited >= NOT_YET:
            return f"{_minutes(waited)} minutes after it was sent: {error}"
        case 404:
            return SOON
    if waited >= GIVEN_UP:
        return f"{waited.days} days after it was sent: {error}"
    return NEXT_RUN


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)
