"""A night of one account, in which everything happens that the guard has an answer to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from budget_guard.domain.keys import Settings
from budget_guard.domain.policy import Budget, Hold, Mode, Policy
from budget_guard.domain.records import Grant, Release
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.books import Change
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.faults import Fault, When
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from tests.simulation.guard import Guard, Switch
from tests.simulation.world import World

SUNDAY_EVENING = datetime(2026, 11, 22, 21, 15, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
TEN, DAILY, WEEKLY = Decimal(10), Window.DAILY, Window.WEEKLY
ALWAYS = Hold(Decimal(0))
EACH = ("web", "granted", "released", "gone")
SLOW = ("edited", "lost")
TEAM = ("team-1", "team-2")
POLICY = Policy(
    (
        Budget("prod", {DAILY: TEN}, keys=("prod",), hold=ALWAYS),
        Budget("batch", {DAILY: TEN}, keys=("batch",), hold=ALWAYS),
        Budget("each", {DAILY: TEN}, keys=EACH, per_key=True),
        Budget("slow", {DAILY: TEN, WEEKLY: Decimal(50)}, keys=SLOW, per_key=True),
        Budget("team", {DAILY: Decimal(20)}, keys=("team-*",)),
    ),
    "story",
    Mode.ENFORCE,
)
OWN: dict[str, dict[str, Any]] = {
    "batch": {"limit": Decimal(40), "limit_reset": "weekly"},
    "released": {"limit": Decimal(25)},
}
TOUCHED = ("edited", "granted", "released", "stray", *TEAM)
"""Keys that people touch, or that nothing holds: of those the promise is not checked."""


@dataclass
class Story:
    """The same night, however often it is told, but for the one run that `switch` kills.

    No request in it is refused, fenced or not: what is spent does not depend on the guard.
    """

    switch: Switch
    guard: Guard = field(init=False)
    world: World = field(init=False)
    by_people: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        account = Account(clock=Clock(SUNDAY_EVENING))
        for name in ("prod", "batch", *EACH, *SLOW, *TEAM, "stray"):
            account.create_key({"name": name, **OWN.get(name, {})})
        self.guard = Guard(account, POLICY, switch=self.switch)
        self.world = World(self.guard)
        self.world.promise.touched = {
            key.hash: SUNDAY_EVENING for key in account.keys.values() if key.name in TOUCHED
        }
        self.world.promise.changed = set(self.world.promise.touched)

    def tell(self) -> None:
        """Go through the night, then give the guard some quiet time to get everything done."""
        self.guard.cycle()
        self._pressure()
        self._people()
        self._failures()
        self._midnight()
        self._cycles(3)

    @property
    def settings(self) -> dict[str, Settings]:
        """Return what every key is at last."""
        return {key.name: key.terms.settings for key in self._keys if key.deleted_at is None}

    @property
    def changes(self) -> list[Change]:
        """Return the guard's own changes, as OpenRouter's books have them."""
        mine = [id(one) for one in self.by_people]
        return [one for one in self.guard.account.books.changes if id(one) not in mine]

    def _pressure(self) -> None:
        """80 %, then 90 %: six keys are fenced; an answer is lost, a PATCH fails, SNS is down."""
        self._spend(["prod", "batch"], "3")
        self._spend([*EACH, *SLOW], "8.5")
        self._spend(["team-1"], "9")
        self._spend(["team-2"], "7.2")
        self._cycles(2)
        self._spend([*EACH, *SLOW], "0.7")
        self.guard.faults.add(self._fault("lost", drop=True, when=When.AFTER))
        self.guard.faults.add(self._fault("web", status=500))
        self.guard.inbox.is_down = True
        self._cycles(1)
        self.guard.inbox.is_down = False
        self._cycles(3)

    def _people(self) -> None:
        """Somebody changes a fenced key, gives a grant, releases a key, and deletes two."""
        account, ledger = self.guard.account, self.guard.ledger
        account.patch_key(self._key("edited").hash, {"limit": Decimal(100), "limit_reset": None})
        self.by_people.append(account.books.changes[-1])
        granted, released = self._key("granted").hash, self._key("released").hash
        now, until = self.guard.now, self.guard.now + timedelta(minutes=35)
        grant = Grant("grant-1", "each", Decimal(5), now, until, "a demo", "ada", key=granted)
        self.world.promise.truth.grants.append(grant)
        ledger.save(grant)
        ledger.save(Release(released, MONDAY + timedelta(days=1), "ada", "a launch", now))
        self._cycles(2)
        self._spend(["granted", "team-2"], "2")
        for name in ("gone", "stray"):
            account.delete_key(self._key(name).hash)
        self._cycles(4)

    def _failures(self) -> None:
        """OpenRouter lists no keys for a while."""
        self.guard.faults.add(Fault(method="GET", path="/keys", status=503, times=1000))
        self._cycles(3)
        self.guard.faults.clear()
        self._cycles(1)

    def _midnight(self) -> None:
        """Day and week roll: restores without a new poll, one fence moved, a key held again."""
        self._until(MONDAY + timedelta(seconds=20))
        self.guard.chain(self.guard.evaluate, self.guard.enforce)
        self._until(MONDAY + timedelta(minutes=5))
        self.guard.cycle()
        self._spend(["edited"], "9.3")

    def _cycles(self, count: int) -> None:
        for _ in range(count):
            self.world.advance(timedelta(minutes=10))
            self.guard.cycle()

    def _until(self, at: datetime) -> None:
        self.world.advance(at - self.guard.now)

    def _spend(self, names: Iterable[str], cost: str) -> None:
        for name in names:
            self.world.request(self._key(name), Decimal(cost))

    @property
    def _keys(self) -> list[SimulatedKey]:
        return list(self.guard.account.keys.values())

    def _key(self, name: str) -> SimulatedKey:
        return next(key for key in self._keys if key.name == name)

    def _fault(self, name: str, **fault: Any) -> Fault:
        return Fault(method="PATCH", path=f"/keys/{self._key(name).hash}", **fault)
