"""A hundred thousand ids at once: as many runs as their rate needs, and no more held than a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from budget_guard.adapters.ids import MemoryIds
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.openrouter.costs import GENERATIONS_PER_SECOND
from budget_guard.domain.generations import Generation
from budget_guard.use_cases.costs.ids import Message
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Record
from tests.domain.builders import MINUTE
from tests.use_cases.costs.books import NOW, Books
from tests.use_cases.costs.fetching import a_charge, a_notice, fetched

IDS = 100_000
RUN = 585
"""Seconds of a run of ten minutes; it keeps fifteen."""


@dataclass
class Paced(Books):
    """Knows every id, and answers as many in a second as the guard asks for."""

    now: datetime = NOW

    def generation(self, identity: str) -> Generation:
        self.now += timedelta(seconds=1) / GENERATIONS_PER_SECOND
        self.fetched.append(identity)
        charge = a_charge(1)._replace(id=identity)
        return replace(Books([charge]).generation(identity), id=identity)

    def is_before(self, moment: datetime) -> bool:
        return self.now < moment


class Counting(MemoryLedger):
    """Keeps of generations only their ids."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = list[str]()

    def save(self, *records: Record, lease: Lease | None = None, wish: object = None) -> None:
        assert wish is None
        found = [one for one in records if isinstance(one, Generation)]
        self.ids += [one.id for one in found]
        super().save(*(one for one in records if one not in found), lease=lease)


class Watched(MemoryIds):
    """Remembers the most messages that were out at once."""

    out, most = 0, 0

    def receive(self) -> Sequence[Message]:
        found = super().receive()
        self.out += len(found)
        self.most = max(self.most, self.out)
        return found

    def done(self, messages: Sequence[Message]) -> None:
        self.out -= len(messages)
        super().done(messages)


def test_a_hundred_thousand_ids_are_on_record_after_four_runs_and_forty_are_held_at_once() -> None:
    source, ledger = Paced(), Counting()
    ids = Watched(lambda: source.now)
    for number in range(IDS):
        ids.send(a_notice(f"gen-{number}"))
    runs = 0
    while ids.waiting:
        runs += 1
        ends = source.now + timedelta(seconds=RUN)
        fetched(source, ledger, ids, now=source.now, has_time=partial(source.is_before, ends))
        source.now = ends + 5 * MINUTE
    assert runs == 4
    assert ids.most == 40
    assert sorted(ledger.ids) == sorted(f"gen-{number}" for number in range(IDS))
    assert len(source.fetched) == IDS
