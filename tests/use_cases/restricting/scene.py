"""Keys near a limit, a guardrail of cheaper models, and an admin who uses guardrails too."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from budget_guard.domain.alerts import Alert, Kind
from budget_guard.domain.ladder import Do, Severity, Threshold
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.restriction import Restriction
from budget_guard.sandbox.openrouter import Account, Clock, Refusal, Work
from tests.domain.builders import MINUTE, NEVER, a_budget, policy_of, usd, utc
from tests.simulation.guard import Guard, approve

NOW = utc("2026-11-18 12:00")
DEAR, CHEAP = Work(model="openai/gpt-4.1"), Work(model="openai/gpt-4.1-mini")
AT_80 = Threshold(usd("0.8"), Severity.WARNING, Do.RESTRICT, "cheap")
FULL = Threshold(usd(1), Severity.CRITICAL)


def restricting(name: str = "prod", *, keys: str = "prod*", **fields: Any) -> Budget:
    """Return a budget of 10 USD a day that downgrades its keys at 80 %, and holds none."""
    fields = {"hold": NEVER, "thresholds": (AT_80, FULL), "daily": 10} | fields
    return a_budget(name, keys=keys, **fields)


@dataclass
class Scene:
    """Wednesday noon; the guard has seen everything once. `cheap` and `privacy` are ids."""

    policy: Policy = field(default_factory=lambda: policy_of(restricting()))
    keys: tuple[str, ...] = ("prod-api",)
    account: Account = field(default_factory=lambda: Account(clock=Clock(NOW)))

    def __post_init__(self) -> None:
        self.hash = {name: self.account.create_key({"name": name})[1]["hash"] for name in self.keys}
        self.cheap = self.guardrail(name="cheap", allowed_models=[CHEAP.model])
        self.privacy = self.guardrail(name="privacy", allowed_providers=["openai"])
        self.guard = Guard(self.account, self.policy)
        approve(self.guard)
        self.wait(0)

    def guardrail(self, **fields: Any) -> str:
        return str(self.account.guardrails.create(fields)["id"])

    def assign(self, guardrail: str, name: str = "prod-api") -> None:
        """Let an admin assign a guardrail."""
        self.account.guardrails.keys.assign(guardrail, [self.hash[name]], self.account.clock.now)

    def take_away(self, name: str = "prod-api") -> None:
        self.account.guardrails.keys.forget(self.hash[name])

    def has(self, name: str = "prod-api") -> str | None:
        return self.account.guardrails.keys.of(self.hash[name])

    def known(self, name: str = "prod-api") -> Restriction:
        return self.guard.ledger.restrictions()[self.hash[name]]

    def spend(self, amount: str | int, name: str = "prod-api", work: Work = CHEAP) -> bool:
        """Make one request; tell whether it was let in."""
        try:
            self.account.spending.charge(self.hash[name], usd(amount), work=work)
        except Refusal:
            return False
        return True

    def wait(self, minutes: int = 5) -> None:
        """Let time go by, and the guard look at the end of it."""
        self.account.clock.advance(minutes * MINUTE)
        self.guard.cycle()

    def midnight(self) -> None:
        now = self.account.clock.now
        tomorrow = now.replace(hour=0, minute=1, second=0) + timedelta(days=1)
        self.account.clock.set(tomorrow)
        self.guard.cycle()

    def deploy(self, *budgets: Budget, **fields: Any) -> None:
        self.guard.change_policy(policy_of(*budgets, **fields))
        self.wait()

    def alerts(self, kind: Kind) -> list[Alert]:
        return [one for one in self.guard.inbox.alerts if one.kind is kind]


def restricted(**fields: Any) -> Scene:
    """Return a scene whose key has spent 8 of its 10 USD, and is restricted."""
    scene = Scene(**fields)
    scene.spend(8)
    scene.wait()
    assert scene.has() == scene.cheap
    return scene
