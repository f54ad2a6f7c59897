"""A small account and its guard, in the words that a test is told in."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from budget_guard.adapters.openrouter.client import HttpOpenRouter
from budget_guard.adapters.openrouter.transport import Transport
from budget_guard.domain.alerts import Alert, Kind
from budget_guard.domain.holds import Hold as Held
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.policy import Budget, Hold, Mode, OnOverride, Policy, Safety
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter import Account, Api, Behaviour, Clock, InProcess, Refusal
from budget_guard.sandbox.openrouter.books import Change
from budget_guard.sandbox.openrouter.keys import SimulatedKey
from budget_guard.use_cases.evaluate import EvaluateReport
from tests.simulation.guard import Guard

WEDNESDAY = datetime(2026, 11, 18, 9, tzinfo=UTC)
ALWAYS = Hold(Decimal(0))


def usd(amount: str | int) -> Decimal:
    return Decimal(amount)


def daily(name: str = "each", cap: str | int = 10, **fields: Any) -> Budget:
    """Return a budget for each key alone, over a day."""
    return Budget(name, {Window.DAILY: usd(cap)}, per_key=True, **fields)


class Scene:
    """Wednesday, nine o'clock; the guard has seen everything once."""

    def __init__(
        self,
        *budgets: Budget,
        keys: Iterable[str] = ("prod",),
        own: dict[str, Any] | None = None,
        mode: Mode = Mode.ENFORCE,
        on_override: OnOverride = OnOverride.RESPECT,
        behaviour: Behaviour | None = None,
        at: datetime = WEDNESDAY,
    ) -> None:
        self.account = Account(clock=Clock(at), behaviour=behaviour)
        for name in keys:
            self.account.create_key({"name": name, **(own or {})})
        policy = Policy(budgets, "test", mode, safety=Safety(on_override=on_override))
        self.guard = Guard(self.account, policy)
        self.guard.cycle()

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    def key(self, name: str = "prod") -> SimulatedKey:
        return next(one for one in self.account.keys.values() if one.name == name)

    def settings(self, name: str = "prod") -> Settings:
        return self.key(name).terms.settings

    def limit(self, name: str = "prod") -> Limit:
        return self.settings(name).limit

    def hold(self, name: str = "prod") -> Held:
        found = self.guard.ledger.hold(self.key(name).hash)
        assert found is not None
        return found

    def change(self, name: str = "prod", **fields: Any) -> None:
        """Let a person change a key."""
        self.account.patch_key(self.key(name).hash, fields)

    def spend(self, cost: str | int, name: str = "prod", *, byok: bool = False) -> bool:
        """Make one request; tell whether it was let in."""
        try:
            self.account.spending.charge(self.key(name).hash, usd(cost), byok=byok)
        except Refusal:
            return False
        return True

    @property
    def problem(self) -> str:
        """What went wrong in the last poll; nothing if it saw everything."""
        report = self.guard.ledger.poll_report()
        assert report is not None
        return report.problem or ""

    def evaluate(self) -> EvaluateReport:
        report = self.guard.evaluate()
        assert report is not None
        return report

    def wait(self, minutes: int = 5) -> None:
        """Let time go by, and the guard look at the end of it."""
        self.account.clock.advance(timedelta(minutes=minutes))
        self.guard.cycle()

    def go_to(self, at: datetime) -> None:
        """Let time go by unseen."""
        self.account.clock.set(at)

    def midnight(self) -> None:
        """Go to the evaluation at 00:00:20, which no poll comes before."""
        tomorrow = self.now.replace(hour=0, minute=0, second=20) + timedelta(days=1)
        self.go_to(tomorrow - timedelta(minutes=4))
        self.guard.cycle()
        self.go_to(tomorrow)
        self.guard.chain(self.guard.evaluate, self.guard.enforce)

    @property
    def changes(self) -> list[Change]:
        return self.account.books.changes

    def alerts(self, kind: Kind) -> list[Alert]:
        return [one for one in self.guard.inbox.alerts if one.kind is kind]

    def over_http(self) -> None:
        """Let the guard use the real adapter, on the same account and the same faults."""
        client = httpx.Client(
            transport=InProcess(Api(self.account, self.guard.faults)),
            base_url="https://openrouter.invalid/api/v1",
            headers={"Authorization": f"Bearer {self.account.management_key}"},
        )
        self.guard.connect = lambda: HttpOpenRouter(Transport(client, time_left=lambda: 600.0))
