"""Applications while keys are rotated: no request fails, and no budget is taken further than its cap."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from budget_guard.domain.policy import Budget
from budget_guard.sandbox.openrouter import Refusal
from budget_guard.use_cases.rotation.retiring import retire
from budget_guard.use_cases.rotation.sweeping import sweep
from tests.domain.builders import ALWAYS, DAY, MINUTE, a_budget, policy_of
from tests.use_cases.rotation.scene import SECRET, Scene

SECOND, TICK = timedelta(seconds=1), timedelta(seconds=10)
COST = Decimal("0.002")


@dataclass
class Client:
    """Calls at every tick with a key that it reads from the secret once in a while."""

    scene: Scene
    reads_every: timedelta
    key: str = ""
    read_at: datetime | None = None
    failed: list[str] = field(default_factory=list)
    calls: int = 0

    def call(self) -> None:
        now = self.scene.now
        if self.read_at is None or now - self.read_at >= self.reads_every:
            kept = self.scene.vault.current(SECRET)
            assert kept is not None
            self.key, self.read_at = kept.hash, now
        self.calls += 1
        try:
            self.scene.spend(self.key, COST)
        except Refusal as refusal:
            self.failed.append(f"{now} {self.key[:6]} {refusal}")


@dataclass
class Day:
    """A scene in which clients call at every `tick`, and the guard runs every five minutes."""

    scene: Scene
    clients: list[Client]
    lingering: set[str] = field(default_factory=set)
    tick: timedelta = TICK

    def __post_init__(self) -> None:
        self.scene.pass_ = self.pass_  # type: ignore[method-assign]

    def pass_(self, time: timedelta) -> None:
        """Let time pass in ticks; `evaluate` and the others run on the way, as they do."""
        ends = self.scene.now + time
        while self.scene.now < ends:
            self.scene.account.clock.advance(min(self.tick, ends - self.scene.now))
            for client in self.clients:
                client.call()

    def run(self, minutes: int) -> None:
        for _ in range(minutes // 5):
            self.pass_(5 * MINUTE)
            self.scene.guard.cycle()
            retire(self.scene.rotating())
            late = self.scene.lineage.lingering(DAY, self.scene.now)
            self.lingering |= {one.hash for one in late}
        sweep(self.scene.rotating())


@pytest.mark.parametrize("seed", range(4))
def test_who_reads_the_secret_every_minute_sees_no_failed_request(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    budgets = (
        a_budget("prod", keys="prod*", hold=ALWAYS, daily=60, weekly=400),
        a_budget("all", keys="*", hold=ALWAYS, monthly=900),
    )
    day = a_day(*budgets)
    for number in range(25):
        day.run(random.randrange(5, 90, 5))
        day.pass_(timedelta(seconds=random.randrange(300)))
        day.tick = SECOND
        day.scene.rotate(f"token-{number}")
        day.pass_(2 * MINUTE)
        day.tick = TICK
    day.run(60)
    (client,) = day.clients
    assert client.calls > 10000
    assert not client.failed
    assert len(day.scene.usable()) == 1
    assert day.scene.lineage.next_number == 27
    day.scene.check()


def a_day(*budgets: Budget, reads_every: timedelta = MINUTE) -> Day:
    scene = Scene(policy_of(*budgets))
    scene.adopt()
    scene.settle()
    return Day(scene, [Client(scene, reads_every)])


def test_who_read_it_once_at_start_sees_none_before_it_was_named() -> None:
    day = a_day(a_budget("prod", keys="prod*", hold=ALWAYS, daily=300), reads_every=365 * DAY)
    day.run(10)
    day.scene.rotate()
    for _ in range(25):
        day.run(60)
        if day.lingering:
            break
    (client,) = day.clients
    assert day.lingering == {day.scene.first}
    assert not client.failed
    assert client.key == day.scene.first
