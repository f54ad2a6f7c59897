"""The queue of ids, emptied: every message ends as a record, or as a dead letter with a reason."""

from collections.abc import Callable, Sequence
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
    for message in messages:
        if message.notice:
            its = said.get(message.notice.generation, UNSAID)
            said[message.notice.generation] = its | message.notice.said
    found = keeper.keep([Wanted(one, its) for one, its in said.items()])
    kept = [one for one in messages if one.notice and _is_kept(found[one.notice.generation])]
    ids.done(kept)
    refused, left = 0, 0
    for message in messages:
        error = found[message.notice.generation] if message.notice else None
        if isinstance(error, Generation):
            continue
        verdict = message.fault if error is None else _verdict(error, now - message.sent)
        if isinstance(verdict, str):
            ids.refuse(message, verdict)
            refused += 1
        else:
            ids.later([message], verdict)
            left += 1
    return Drained(len(kept), refused, left)


def _is_kept(found: Generation | ProviderError) -> bool:
    return isinstance(found, Generation)


def _verdict(error: ProviderError, waited: timedelta) -> str | timedelta:
    """Return why a message is refused, or after which time it is to come again."""
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
