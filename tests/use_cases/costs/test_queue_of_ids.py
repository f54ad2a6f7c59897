"""Ids that applications send: each ends as a record, or as a dead letter that says why."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.adapters.ids import MemoryIds
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.errors import (
    ManagementKeyError,
    ProviderConfusing,
    ProviderRejected,
    QueueError,
)
from budget_guard.domain.generations import Generation, Remark
from budget_guard.use_cases.costs.draining import Drained
from budget_guard.use_cases.costs.ids import Ids, Message
from budget_guard.use_cases.costs.ledger import CostLedger
from budget_guard.use_cases.costs.source import CostSource, Offered
from tests.domain.builders import DAY, HOUR, MINUTE
from tests.simulation.guard import Killed, Switch, Watched, WatchedLedger
from tests.use_cases.costs.books import DOWN, NOW, Books, a_ledger, not_found
from tests.use_cases.costs.fetching import ALL, a_charge, a_notice, fetched, on_record

FOREIGN = ProviderRejected('GET /generation was answered 403 "No access".', status=403)


@dataclass
class Scene:
    """An account with generations `gen-1` to `gen-9`, a queue, a ledger, and a clock."""

    books: Books = field(default_factory=lambda: Books([a_charge(n) for n in range(1, 10)]))
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.ids = MemoryIds(lambda: self.now)
        self.ledger = a_ledger(self.books)

    def run(self) -> Drained:
        return fetched(self.books, self.ledger, self.ids, now=self.now).drained

    @property
    def records(self) -> list[str]:
        return sorted(on_record(self.ledger, self.now))


def test_an_id_that_was_sent_is_fetched_and_what_was_said_of_it_kept() -> None:
    scene = Scene()
    scene.ids.send(a_notice("gen-1", job="import", outcome="done", key="ab" * 32))
    assert scene.run() == Drained(kept=1)
    (one,) = on_record(scene.ledger).values()
    assert one.said.job == Remark("import", NOW)
    assert one.spender == "ab" * 32
    assert scene.ids.waiting == []


def test_an_id_that_is_on_record_is_not_fetched_again() -> None:
    scene = Scene()
    fetched(scene.books, scene.ledger, choice=ALL)
    scene.books.fetched.clear()
    scene.ids.send(a_notice("gen-1", outcome="done"))
    assert scene.run() == Drained(kept=1)
    assert scene.books.fetched == []
    assert on_record(scene.ledger)["gen-1"].said.outcome == Remark("done", NOW)


def test_whichever_arrives_first_the_record_is_the_same() -> None:
    said = a_notice("gen-1", job="import"), a_notice("gen-1", NOW + MINUTE, outcome="done")
    records = []
    for order in ("choose say", "say choose"):
        for messages in (said, said[::-1]):
            scene = Scene()
            for step in order.split():
                if step == "choose":
                    fetched(scene.books, scene.ledger, choice=ALL)
                for message in messages if step == "say" else ():
                    scene.ids.send(message)
                    scene.run()
            records.append(on_record(scene.ledger))
    assert records[0]["gen-1"].said.job
    assert all(each == records[0] for each in records)


def test_two_messages_of_one_generation_are_one_request_and_both_are_heard() -> None:
    scene = Scene()
    scene.ids.send(a_notice("gen-1", job="import"))
    scene.ids.send(a_notice("gen-1", outcome="done"))
    assert scene.run() == Drained(kept=2)
    assert scene.books.fetched == ["gen-1"]
    said = on_record(scene.ledger)["gen-1"].said
    assert said.job
    assert said.outcome


def test_an_id_that_is_not_known_yet_is_tried_again_for_ten_minutes() -> None:
    scene = Scene()
    scene.ids.send(a_notice("gen-new"))
    for _ in range(9):
        assert scene.run() == Drained(left=1)
        scene.now += MINUTE
    scene.books.charges.append(a_charge(0)._replace(id="gen-new"))
    assert scene.run() == Drained(kept=1)
    assert scene.ids.dead == []


def test_an_id_that_nobody_knows_after_ten_minutes_is_a_dead_letter() -> None:
    scene = Scene()
    scene.ids.send(a_notice("gen-0"))
    assert scene.run() == Drained(left=1)
    scene.now += 10 * MINUTE - timedelta(seconds=1)
    assert scene.run() == Drained(left=1)
    scene.now += MINUTE + timedelta(seconds=1)
    assert scene.run() == Drained(refused=1)
    ((body, reason),) = scene.ids.dead
    assert body == a_notice("gen-0")
    assert reason == "11 minutes after it was sent: GET /generation was answered 404 for gen-0."


@pytest.mark.parametrize("status", [400, 403])
def test_somebody_elses_id_is_a_dead_letter_at_once(status: int) -> None:
    scene = Scene()
    scene.books.refused["gen-1"] = ProviderRejected(f"answered {status}", status=status)
    scene.ids.send(a_notice("gen-1"))
    assert scene.run() == Drained(refused=1)
    assert scene.ids.dead == [(a_notice("gen-1"), f"answered {status}")]


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", "x" * 300_000, a_notice("gen-1", colour="blue"), a_notice("")]
)
def test_a_bad_message_is_a_dead_letter_and_stops_nothing(body: str) -> None:
    scene = Scene()
    scene.books.refused["gen-2"] = FOREIGN
    for message in (a_notice("gen-1"), body, a_notice("gen-2"), a_notice("gen-3")):
        scene.ids.send(message)
    assert scene.run() == Drained(kept=2, refused=2)
    assert scene.records == ["gen-1", "gen-3"]
    assert {dead for dead, _ in scene.ids.dead} == {body, a_notice("gen-2")}
    assert all(reason for _, reason in scene.ids.dead)


@pytest.mark.parametrize(
    "error", [DOWN, ProviderConfusing("no usage"), ProviderRejected("402", status=402)]
)
def test_what_may_pass_leaves_the_id_in_the_queue_for_the_next_run(error: ProviderRejected) -> None:
    scene = Scene()
    scene.books.refused["gen-1"] = error
    scene.ids.send(a_notice("gen-1"))
    scene.ids.send(a_notice("gen-2"))
    assert scene.run() == Drained(kept=1, left=1)
    scene.now += 15 * MINUTE
    assert scene.run() == Drained(left=1)
    scene.books.refused.clear()
    scene.now += DAY
    assert scene.run() == Drained(kept=1)


def test_what_does_not_pass_in_a_week_is_a_dead_letter_before_the_queue_forgets_it() -> None:
    scene = Scene()
    scene.books.refused["gen-1"] = DOWN
    scene.ids.send(a_notice("gen-1"))
    scene.now += 7 * DAY
    assert scene.run() == Drained(refused=1)
    assert scene.ids.dead[0][1] == "7 days after it was sent: OpenRouter answered 503"


def test_a_wrong_management_key_leaves_every_id_in_the_queue() -> None:
    scene = Scene()

    class Locked(Books):
        def generation(self, identity: str) -> Generation:
            raise ManagementKeyError(identity)

    scene.books = Locked(scene.books.charges)
    scene.ids.send(a_notice("gen-1"))
    with pytest.raises(ManagementKeyError):
        scene.run()
    assert scene.ids.waiting == [a_notice("gen-1")]


def test_a_queue_that_does_not_answer_is_a_problem_and_no_more() -> None:
    scene = Scene()

    class Broken(MemoryIds):
        def receive(self) -> tuple[Message, ...]:
            message = "SQS did not do it"
            raise QueueError(message)

    scene.ids = Broken(lambda: scene.now)
    report = fetched(scene.books, scene.ledger, scene.ids, ALL)
    assert report.problem == "SQS did not do it"
    assert len(scene.records) == 9


def test_a_run_ends_when_its_time_does_and_the_next_goes_on() -> None:
    scene = Scene(Books([a_charge(n) for n in range(100)]))
    for number in range(100):
        scene.ids.send(a_notice(f"gen-{number}"))
    clock = iter([True, True])
    fetched(scene.books, scene.ledger, scene.ids, has_time=partial(next, clock, False))
    assert len(scene.records) == 80
    assert scene.run() == Drained(kept=20)


def test_the_queue_is_emptied_also_where_analytics_cannot_be_asked() -> None:
    scene = Scene()

    class Mute(Books):
        def offered(self) -> Offered:
            raise DOWN

    scene.books = Mute(scene.books.charges)
    scene.ids.send(a_notice("gen-1"))
    report = fetched(scene.books, scene.ledger, scene.ids, ALL)
    assert report.drained == Drained(kept=1)
    assert report.problem == "generations: OpenRouter answered 503"
    assert not scene.ledger.generations_read()


NAMES = [*(f"gen-{n}" for n in range(1, 10)), "gen-0", "gen-foreign", "gen-shy"]
BODIES = st.sampled_from([*NAMES, "{", "gen 1", "x" * 20_000])
TROUBLES = st.dictionaries(
    st.sampled_from(NAMES[:9]), st.sampled_from([DOWN, ProviderConfusing("?"), not_found("x")])
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(BODIES, max_size=12),
    st.lists(st.tuples(st.integers(0, 25), st.booleans(), TROUBLES), max_size=6),
)
def test_nothing_that_was_sent_is_lost_whatever_fails_and_whenever_runs_die(
    sent: list[str], runs: list[tuple[int, bool, dict[str, ProviderRejected]]]
) -> None:
    scene = Scene()
    bodies = [one if one in ("{", "x" * 20_000) else a_notice(one) for one in sent]
    for body in bodies:
        scene.ids.send(body)
    for last, after, troubles in runs:
        scene.books.refused = {"gen-foreign": FOREIGN, **troubles}
        dies(scene, last, after=after)
        accounted_for(scene, bodies)
        scene.now += 15 * MINUTE
    scene.books.refused = {"gen-foreign": FOREIGN}
    for _ in range(2):
        scene.run()
        scene.now += 15 * MINUTE
    assert scene.ids.waiting == []
    accounted_for(scene, bodies)


def accounted_for(scene: Scene, bodies: list[str]) -> None:
    """Every message waits still, is a dead letter with a reason, or its generation is on record."""
    records = {a_notice(name) for name in on_record(scene.ledger, scene.now)}
    dead = {body for body, reason in scene.ids.dead if reason}
    assert set(bodies) <= records | dead | set(scene.ids.waiting)


def dies(scene: Scene, last: int, *, after: bool) -> bool:
    """Run, dying at a call; tell whether there was such a call."""
    switch = Switch(at=last, after=after, function="poll_costs")
    source = cast("CostSource", Watched(scene.books, "source", switch))
    ledger = cast("CostLedger", WatchedLedger(scene.ledger, "ledger", switch))
    ids = cast("Ids", Watched(scene.ids, "ids", switch))
    try:
        fetched(source, ledger, ids, ALL, scene.now)
    except Killed:
        return True
    return False


def test_a_run_killed_before_or_after_any_call_is_repaired_by_the_next() -> None:
    deaths = 0
    whole = a_full_scene()
    whole.run()
    for after in (False, True):
        for last in range(1000):
            scene = a_full_scene()
            if not dies(scene, last, after=after):
                break
            deaths += 1
            scene.now += 15 * MINUTE
            fetched(scene.books, scene.ledger, scene.ids, ALL, scene.now)
            assert scene.ids.waiting == []
            assert set(scene.ids.dead) == {(a_notice("gen-foreign"), str(FOREIGN)), *BAD}
            assert scene.records == [f"gen-{n}" for n in range(1, 10)]
            assert on_record(scene.ledger)["gen-2"].said.outcome == Remark("done", NOW)
    assert deaths > 60


BAD = [("{", "it is not a JSON object")]


def a_full_scene() -> Scene:
    scene = Scene()
    scene.books.refused["gen-foreign"] = FOREIGN
    for body in (
        a_notice("gen-1"),
        a_notice("gen-2", outcome="done"),
        "{",
        a_notice("gen-foreign"),
    ):
        scene.ids.send(body)
    return scene


class Counted:
    """Counts calls by their names."""

    def __init__(self, target: object, calls: dict[str, int]) -> None:
        self._target, self._calls = target, calls

    def __getattr__(self, name: str) -> Callable[..., object]:
        self._calls[name] = self._calls.get(name, 0) + 1
        method: Callable[..., object] = getattr(self._target, name)
        return method


class Endless(Books):
    """Knows a generation of every id."""

    def generation(self, identity: str) -> Generation:
        self.charges = [a_charge(0)._replace(id=identity)]
        return super().generation(identity)


def test_each_id_of_a_long_queue_is_asked_for_once_and_written_in_few_transactions() -> None:
    many, books = 4000, Endless()
    ids, ledger, calls = MemoryIds(lambda: NOW), MemoryLedger(), dict[str, int]()
    for number in range(many):
        ids.send(a_notice(f"gen-{number}"))
    watched = cast("CostLedger", Counted(ledger, calls))
    source = cast("CostSource", Counted(books, calls))
    runs = 0
    while ids.waiting:
        runs += 1
        left = iter([True] * 40)
        queue = cast("Ids", Counted(ids, calls))
        now = NOW + runs * HOUR
        fetched(source, watched, queue, now=now, has_time=partial(next, left, False))
    assert len(list(ledger.generations(NOW.date()))) == many
    assert calls["generation"] == 2 * many  # of OpenRouter, and whether it is on record
    assert calls["receive"] <= many / 40 + runs
    assert calls["done"] <= many / 40 + runs
    assert calls["save"] <= many / 40 + 2 * runs
    assert "later" not in calls
    assert runs == 3
