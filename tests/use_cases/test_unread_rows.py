"""A key that did nothing is told by the fingerprint of its row, and nothing is missed for it."""

from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.openrouter import Account, Clock, Fault, Refusal
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ledger import Record
from budget_guard.use_cases.listings import Known, Listing
from tests.simulation.guard import Guard
from tests.use_cases.scene import WEDNESDAY, Scene, usd


class Reader(InProcessOpenRouter):
    """Keeps the names of the keys whose rows were read."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.account, scene.guard.faults)
        self.read: list[str] = []

    def keys(self, workspace: str, known: Container[str] = ()) -> Listing:
        listing = super().keys(workspace, known)
        self.read += [one.key.name for one in listing.readings]
        return listing


class Diary(MemoryLedger):
    """Keeps the names of the keys whose observations were written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def save(self, *records: Record, lease: Lease | None = None, **rest: Any) -> None:
        super().save(*records, lease=lease, **rest)
        self.written += [one.key.name for one in records if isinstance(one, Observation)]


@dataclass
class Watched:
    """A scene of two keys without a budget, and what each poll read and wrote of them."""

    scene: Scene = field(default_factory=lambda: Scene(keys=("prod", "quiet")))

    def __post_init__(self) -> None:
        self.ledger = Diary()
        self.ledger.save(*self.scene.guard.ledger.observations().values())
        self.scene.guard.ledger = self.ledger

    def poll(self, minutes: int = 5) -> tuple[list[str], list[str]]:
        """Return whose rows were read and whose observations were written."""
        self.scene.account.clock.advance(timedelta(minutes=minutes))
        reader = Reader(self.scene)
        self.scene.guard.connect = lambda: reader
        self.ledger.written.clear()
        self.scene.guard.poll()
        return reader.read, self.ledger.written

    def rename(self, name: str) -> None:
        self.scene.account.patch_key(self.scene.key().hash, {"name": name})

    def seen(self, name: str = "prod") -> Observation:
        return self.ledger.observations()[self.scene.key(name).hash]


def test_a_key_that_did_nothing_is_neither_read_nor_written() -> None:
    watched = Watched()
    assert watched.poll() == ([], [])
    assert watched.poll(60 * 24 * 40) == ([], [])


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 5},
        {"limit_reset": "weekly"},
        {"include_byok_in_limit": True},
        {"disabled": True},
    ],
)
def test_what_a_person_changes_is_read(change: dict[str, Any]) -> None:
    watched = Watched()
    watched.poll()
    watched.scene.change(**change)
    assert watched.poll() == (["prod"], ["prod"])
    assert watched.seen().reading.settings == watched.scene.settings()


def test_a_key_that_is_renamed_is_read() -> None:
    watched = Watched()
    watched.poll()
    watched.rename("renamed")
    assert watched.poll() == (["renamed"], ["renamed"])
    assert watched.seen("renamed").former[0].key.name == "prod"


@pytest.mark.parametrize("byok", [False, True])
def test_what_a_key_spends_is_read(byok: bool) -> None:
    watched = Watched()
    watched.poll()
    watched.scene.spend("0.000001", byok=byok)
    assert watched.poll() == (["prod"], ["prod"])
    assert watched.seen().reading.counters.lifetime.counted(include_byok=True) == usd("0.000001")


def test_a_key_that_moves_is_read_where_it_is_now() -> None:
    watched = Watched()
    research = watched.scene.account.workspaces.add("Research", watched.scene.now)["id"]
    watched.poll()
    watched.scene.change(workspace_id=research)
    read, _ = watched.poll()
    assert read == ["prod"]
    assert watched.seen().key.workspace == research
    assert [one.key.name for one in watched.seen().former] == ["prod"]


def test_a_former_name_is_dropped_after_its_time_though_the_row_stays_as_it_is() -> None:
    watched = Watched()
    watched.rename("renamed")
    watched.poll()
    assert watched.poll(60 * 24 * 31) == (["renamed"], [])
    assert watched.poll() == (["renamed"], ["renamed"])
    assert not watched.seen("renamed").former
    assert watched.poll() == ([], [])


def test_a_key_that_was_deleted_is_missed_and_asked_for() -> None:
    watched = Watched()
    watched.poll()
    watched.scene.account.delete_key(watched.scene.key().hash)
    assert watched.poll() == ([], ["prod"])
    assert watched.seen().gone_at == watched.scene.now


def test_what_was_spent_within_an_hour_is_marked_in_the_next_though_the_row_stays() -> None:
    watched = Watched()
    watched.scene.spend(3)
    watched.poll()
    assert watched.poll() == (["prod"], [])
    assert watched.poll(60) == (["prod"], ["prod"])
    assert [mark.spent.credits for mark in watched.seen().hours] == [0, 3]
    assert watched.poll(60) == ([], [])


def test_counters_that_came_down_are_not_taken_for_the_row_that_was_seen() -> None:
    watched = Watched()
    watched.scene.spend(3)
    watched.poll(60)
    assert watched.poll() == ([], [])
    old = Fault(method="GET", path="/keys", counters_age=timedelta(hours=2))
    watched.scene.guard.faults.add(old)
    assert watched.poll() == (["prod"], [])
    assert watched.seen().reading.counters.lifetime.credits == 3
    assert watched.poll() == ([], [])


def test_a_workspace_is_fresh_even_if_no_row_of_it_was_read() -> None:
    watched = Watched()
    assert watched.poll() == ([], [])
    (fresh,) = watched.ledger.freshness().values()
    assert fresh.at == watched.scene.now
    report = watched.ledger.poll_report()
    assert report is not None
    assert report.keys == 2


def test_rows_of_the_first_minute_of_a_day_are_left_even_if_none_was_read() -> None:
    watched = Watched()
    watched.poll()
    fresh = watched.ledger.freshness()
    watched.scene.go_to(WEDNESDAY.replace(hour=0, second=30) + timedelta(days=1))
    assert watched.poll(0) == ([], [])
    assert "first minute" in watched.scene.problem
    assert watched.ledger.freshness() == fresh


def test_a_row_that_cannot_be_read_is_named_although_it_was_known() -> None:
    watched = Watched()
    watched.poll()
    fault = Fault(method="GET", path="/keys", overlay={"usage_daily": None})
    watched.scene.guard.faults.add(fault)
    watched.poll()
    assert "data.0.usage_daily" in watched.scene.problem


def test_a_key_on_record_without_a_fingerprint_gets_one_once() -> None:
    watched = Watched()
    for one in watched.ledger.observations().values():
        watched.ledger.save(replace(one, reading=replace(one.reading, fingerprint="")))
    read, written = watched.poll()
    assert sorted(read) == sorted(written) == ["prod", "quiet"]
    assert watched.poll() == ([], [])


class Oblivious(MemoryLedger):
    """Knows no row: every one has to be read."""

    def known(self) -> Mapping[str, Known]:
        return {key: replace(one, fingerprint="") for key, one in super().known().items()}


@dataclass
class Twins:
    """One account polled by two guards, of which the second reads every row."""

    account: Account = field(default_factory=lambda: Account(clock=Clock(WEDNESDAY)))

    def __post_init__(self) -> None:
        account = self.account
        self.research = account.workspaces.add("Research", WEDNESDAY)["id"]
        self.keys = [account.create_key({"name": name})[1]["hash"] for name in "abc"]
        self.guard = Guard(account, Policy((), "test"))
        self.thorough = Guard(account, Policy((), "test"), ledger=Oblivious())

    def patch(self, key: int, fields: dict[str, Any]) -> None:
        self.account.patch_key(self.keys[key], fields)

    def move(self, key: int, away: bool) -> None:
        home = self.account.workspaces.default
        self.patch(key, {"workspace_id": self.research if away else home})

    def spend(self, key: int, cost: str) -> None:
        self.account.spending.charge(self.keys[key], usd(cost))

    def delete(self, key: int) -> None:
        self.account.delete_key(self.keys[key])

    def fail(self, **fault: Any) -> None:
        for guard in (self.guard, self.thorough):
            guard.faults.add(Fault(method="GET", **fault))

    def poll(self, minutes: int) -> None:
        self.guard.poll()
        self.thorough.poll()
        mine, other = self.guard.ledger, self.thorough.ledger
        assert mine.observations() == other.observations()
        assert mine.freshness() == other.freshness()
        assert mine.poll_report() == other.poll_report()
        self.account.clock.advance(timedelta(minutes=minutes))


KEY = st.integers(0, 2)
FIELDS: list[dict[str, Any]] = [
    {"name": "renamed"},
    {"name": "a"},
    {"limit": 5, "limit_reset": "daily"},
    {"limit": None, "limit_reset": None},
    {"disabled": True},
    {"disabled": False},
]
EVENTS = st.one_of(
    st.builds(
        lambda key, fields: partial(Twins.patch, key=key, fields=fields),
        KEY,
        st.sampled_from(FIELDS),
    ),
    st.builds(lambda key, away: partial(Twins.move, key=key, away=away), KEY, st.booleans()),
    st.builds(
        lambda key, cost: partial(Twins.spend, key=key, cost=cost),
        KEY,
        st.sampled_from(["0.01", "3"]),
    ),
    st.builds(lambda key: partial(Twins.delete, key=key), KEY),
    st.builds(
        lambda skip, hours: partial(
            Twins.fail, path="/keys", skip=skip, counters_age=timedelta(hours=hours)
        ),
        st.integers(0, 1),
        st.sampled_from([1, 30]),
    ),
    st.builds(
        lambda path: partial(Twins.fail, path=path, status=503),
        st.sampled_from(["/keys", "/keys/*"]),
    ),
)
MINUTES = st.sampled_from([1, 5, 60, 60 * 24, 60 * 24 * 32])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.lists(EVENTS, max_size=3), MINUTES), min_size=2, max_size=10))
def test_the_ledger_is_as_if_every_row_had_been_read(
    polls: list[tuple[list[Callable[[Twins], None]], int]],
) -> None:
    twins = Twins()
    for events, minutes in polls:
        for event in events:
            with suppress(Refusal):
                event(twins)
        twins.poll(minutes)
