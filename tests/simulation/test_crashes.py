"""Killed at any call: the guard goes on as if nothing had been, and nobody misses a message.

A death before or after a call that changed nothing leaves the same world behind as the one before
it: each different world is tried once, by its first death.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import pytest

from budget_guard.domain.alerts import Alert, Kind
from budget_guard.domain.keys import Settings
from tests.simulation.guard import Switch
from tests.simulation.story import Story

TIMED = (Kind.OVERRIDE, Kind.ACTION_FAILED)
"""Their incidents are named after the time at which the guard learned of the matter."""

CAUTIONS = (
    Kind.BREAKER,
    Kind.MODE_REFUSED,
    Kind.SECOND,
    Kind.TOO_THIN,
    Kind.PROTECT_PROPOSED,
)
"""They tell of the guard itself; what it does about keys is as told elsewhere."""

SIGNALS = (
    *(Kind.BALANCE, Kind.RUNWAY, Kind.UNEXPLAINED, Kind.MIX_SHIFTED, Kind.UNUSUAL),
    *(Kind.REPRICED, Kind.WITHDRAWN, Kind.FALLBACKS, Kind.LOOP),
)
"""They tell of credits and costs; nothing is done about them."""

ROTATIONS = (
    *(Kind.ROTATION_FAILED, Kind.ROTATION_STUCK, Kind.ROTATION_DUE, Kind.ROTATION_PROPOSED),
    *(Kind.LINGERING, Kind.STRAY, Kind.DELETED),
)
"""No key of this story is under rotation."""

type Matter = tuple[Kind, str, int]
type Effect = tuple[str, Settings, Settings]


@dataclass
class Tape(Switch):
    """One switch for all runs of a story; `heard` is told of every moment one could die at."""

    heard: Callable[[str, bool], None] = lambda _call, _after: None

    def pull(self, name: str, call: Callable[[], object]) -> object:
        label = f"{self.function}: {name}"

        def watched() -> object:
            try:
                return call()
            finally:
                self.heard(label, True)

        if not self.dead:
            self.heard(label, False)
        return super().pull(name, watched)

    def next_run(self) -> Switch:
        self.dead = False
        return self


@dataclass(frozen=True)
class Death:
    """Where in the story a run dies: at which call of all, before or after it."""

    at: int
    after: bool
    call: str

    def __str__(self) -> str:
        return f"killed {'after' if self.after else 'before'} call {self.at}, {self.call}"


@dataclass
class Census:
    """Every death that leaves another world behind than the one before it in the story."""

    story: Story = field(init=False)
    deaths: list[Death] = field(default_factory=list)
    moments: int = 0
    _world: str = ""
    _calls: int = -1

    def __post_init__(self) -> None:
        self.story = Story(Tape(heard=self._hear))
        self.story.tell()

    def _hear(self, call: str, after: bool) -> None:
        self.moments += 1
        self._calls += not after
        world = self._left_behind()
        if world != self._world or call.endswith("ledger.acquire"):
            self._world = world
            self.deaths.append(Death(self._calls, after, call))

    def _left_behind(self) -> str:
        guard = self.story.guard
        return (
            f"{guard.ledger._table} {guard.ledger._leases} {len(guard.account.books.changes)} "
            f"{len(guard.inbox.alerts)} {len(guard.starter.starts)} {guard.faults._waiting}"
        )


@cache
def census() -> Census:
    return Census()


def told(death: Death) -> Story:
    """Tell the story with this death in it."""
    story = Story(Tape(death.at, death.after))
    try:
        story.tell()
    except AssertionError as broken:
        broken.add_note(str(death))
        raise
    return story


def matters(alerts: list[Alert]) -> dict[Matter, list[str]]:
    """Return the event ids under which each step of each incident was told."""
    found: dict[Matter, list[str]] = {}
    for alert in alerts:
        steps = alert.steps or (0,) * len(alert.entries)
        for entry, step in zip(alert.entries, steps, strict=True):
            incident = entry.incident
            if alert.kind in TIMED:
                incident = incident.rsplit("/", 1)[0]
            found.setdefault((alert.kind, incident, step), []).append(alert.event_id)
    return found


def changes(story: Story) -> Counter[Effect]:
    """Return what the guard's PATCHes changed, by the account's books.

    One that asked for what was so already changed nothing: whether it is on record is no matter.
    """
    return Counter(
        (one.hash, one.before, one.after) for one in story.changes if one.before != one.after
    )


def audited(story: Story) -> Counter[Effect]:
    """Return the changes that the guard has on record."""
    ledger = story.guard.ledger
    records = [one for key in story.guard.account.keys for one in ledger.audit(key)]
    return Counter((one.key, one.before, one.after) for one in records if one.before != one.after)


def test_the_story_is_about_everything_that_the_guard_does() -> None:
    story = census().story
    kinds = {kind for kind, _, _ in matters(story.guard.inbox.alerts)}
    elsewhere = {Kind.ACTION_FAILED, Kind.RESTRICT_REFUSED, Kind.OVERRIDE_MASS, Kind.TEST}
    elsewhere |= {*CAUTIONS, *SIGNALS, *ROTATIONS}
    assert kinds == set(Kind) - elsewhere
    resets = {one.after.limit.reset for one in story.changes}
    assert len(resets) > 1
    assert story.guard.account.books.refused == []
    assert {death.call.split(":")[0] for death in census().deaths} == {
        "poll",
        "evaluate",
        "enforce",
    }
    assert {"evaluate: SNS.publish", "enforce: OpenRouter.change", "poll: Lambda.start"} <= {
        death.call for death in census().deaths
    }


@pytest.mark.parametrize("function", ["poll", "evaluate", "enforce"])
def test_killed_at_any_call_the_guard_goes_on_and_everything_is_as_without(function: str) -> None:
    undisturbed = census().story
    due = matters(undisturbed.guard.inbox.alerts)
    for death in census().deaths:
        if death.call.startswith(function):
            story = told(death)
            check_nothing_is_left_open(story, death)
            assert story.settings == undisturbed.settings, death
            assert audited(story) == changes(story), death
            check_alerts(due, story.guard.inbox.alerts, death)


def check_nothing_is_left_open(story: Story, death: Death) -> None:
    ledger = story.guard.ledger
    assert not ledger.wishes(), death
    assert not any(hold.intents for hold in ledger.holds().values()), death
    assert not ledger.unsent(), death
    assert {hold.key: hold.state for hold in ledger.holds().values()} == {
        hold.key: hold.state for hold in census().story.guard.ledger.holds().values()
    }, death
    story.world.promise.touched = {}
    story.world.promise.check()


def check_alerts(due: dict[Matter, list[str]], alerts: list[Alert], death: Death) -> None:
    heard = matters(alerts)
    assert due.keys() <= heard.keys(), (death, due.keys() - heard.keys())
    for matter, ids in heard.items():
        assert len(set(ids)) == len(due.get(matter, [""])), (death, matter)
    repeats = Counter(alert.event_id for alert in alerts).total() - len(
        {alert.event_id for alert in alerts}
    )
    assert repeats == (death.after and death.call == "evaluate: SNS.publish"), death
