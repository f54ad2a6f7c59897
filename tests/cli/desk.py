"""The commands on a guard in this process: what they are given instead of a deployment."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from budget_guard.adapters.alerts import RecordingNotifier
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.starter import RecordingStarter
from budget_guard.adapters.vault.memory import MemoryVault
from budget_guard.cli.deployment import Deployment
from budget_guard.cli.main import app
from budget_guard.domain.policy import Budget, Hold, Mode, Policy, RotationRule
from budget_guard.domain.windows import Window
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.clock import Clock
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_guardrails import in_process_guardrails
from budget_guard.sandbox.openrouter.in_process_keys import in_process_keys
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.use_cases.ports import OpenRouter
from tests.simulation.guard import Guard

WEDNESDAY = datetime(2026, 11, 18, 9, tzinfo=UTC)
ALWAYS, NEVER = Hold(Decimal(0)), Hold(None)
DAILY, MONTHLY = Window.DAILY, Window.MONTHLY
BUDGETS = (
    Budget(
        "prod-api",
        {DAILY: Decimal(100), MONTHLY: Decimal(1500)},
        keys=("prod-api",),
        owner="search-platform",
        hold=ALWAYS,
    ),
    Budget("developers", {DAILY: Decimal(5)}, keys=("dev-*",), per_key=True, owner="engineering"),
    Budget("everything", {MONTHLY: Decimal(5000)}, hold=NEVER),
)
TEAMS = (
    Budget(
        "search",
        {DAILY: Decimal(100), MONTHLY: Decimal(1500)},
        keys=("search-*",),
        owner="search-platform",
        hold=ALWAYS,
    ),
    Budget("reports", {DAILY: Decimal(60)}, keys=("report-*",), owner="bi", hold=ALWAYS),
    Budget("developers", {DAILY: Decimal(5)}, keys=("dev-*",), per_key=True, owner="engineering"),
    Budget("both", {MONTHLY: Decimal(130)}, keys=("search-*", "report-*"), hold=ALWAYS),
)
TEAM_KEYS = (
    "search-api",
    "search-batch",
    "search-index",
    "report-daily",
    "report-adhoc",
    "dev-ann",
    "dev-bob",
)
GOLDEN = Path(__file__).parent / "golden"
DEVELOPERS = ("dev-ann", "dev-bob", "dev-cid", "dev-dan", "dev-eve", "dev-fay", "dev-gil")


def file_hash(name: str) -> str:
    """Return a hash such as a budgets file has."""
    return sha256(name.encode()).hexdigest()


def golden(name: str, shown: str, office: "Office") -> None:
    """Compare with the file; ids are of the simulation's making."""
    for grant in office.ledger.grants():
        shown = shown.replace(grant.id, "g" * len(grant.id))
    lines = [line.rstrip() for line in shown.splitlines()]
    assert lines == (GOLDEN / name).read_text(encoding="utf-8").splitlines()


def flat(shown: str) -> str:
    """Return the page as one line, without what frames it."""
    return " ".join(shown.replace("│", " ").split())


@dataclass
class Office:
    """An account, its guard, and an operator at a terminal of 80 columns."""

    mode: Mode = Mode.ENFORCE
    budgets: tuple[Budget, ...] = BUDGETS
    names: tuple[str, ...] = ("prod-api", *DEVELOPERS)
    notifier: RecordingNotifier = field(default_factory=RecordingNotifier)
    starter: RecordingStarter = field(default_factory=RecordingStarter)
    slept: list[float] = field(default_factory=list)
    columns: int = 80
    connect: Callable[[], OpenRouter] | None = None
    vault: MemoryVault = field(default_factory=MemoryVault)
    rotation: tuple[RotationRule, ...] = ()

    def __post_init__(self) -> None:
        self.account = Account(clock=Clock(WEDNESDAY))
        for name in self.names:
            own = {"limit": 50, "limit_reset": "daily"} if name == "prod-api" else {}
            self.account.create_key({"name": name, **own})
        self.guard = Guard(self.account, self.policy)
        self.notifier.subscribed = ["on-call@example.com"]

    @property
    def policy(self) -> Policy:
        return Policy(self.budgets, "f00d", self.mode, rotation=self.rotation)

    @property
    def ledger(self) -> MemoryLedger:
        return self.guard.ledger

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    def deploy(self, name: str, **changes: Any) -> Policy:
        """Deploy another budgets file; it is evaluated with the next cycle."""
        policy = replace(self.guard.policy, hash=file_hash(name), **changes)
        self.guard.policy = policy
        return policy

    def hash(self, name: str) -> str:
        return next(key.hash for key in self.account.keys.values() if key.name == name)

    def spend(self, name: str, cost: str) -> bool:
        """Make one request; tell whether it was let in."""
        try:
            self.account.spending.charge(self.hash(name), Decimal(cost))
        except Refusal:
            return False
        return True

    def pass_(self, minutes: int) -> None:
        self.account.clock.advance(timedelta(minutes=minutes))

    def cycle(self) -> None:
        """Let five minutes go by, and the three functions run."""
        self.pass_(5)
        self.guard.cycle()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.account.clock.advance(timedelta(seconds=seconds))

    @property
    def deployment(self) -> Deployment:
        return Deployment(
            stack="BudgetGuard",
            ledger=self.ledger,
            notifier=self.notifier,
            evaluate=self.starter,
            connect=self.connect or (lambda: InProcessOpenRouter(self.account, self.guard.faults)),
            guardrails=lambda: in_process_guardrails(Api(self.account, self.guard.faults)),
            caller=lambda: "user/ann",
            topic="arn:aws:sns:eu-central-1:123456789012:alerts",
            secret="arn:aws:secretsmanager:eu-central-1:123456789012:secret:key",
            clock=lambda: self.now,
            sleep=self.sleep,
            keys=lambda: in_process_keys(Api(self.account, self.guard.faults)),
            vault=lambda: self.vault,
        )

    def run(self, *arguments: str, answer: str | None = None, **more: Any) -> Result:
        runner = CliRunner(env={"COLUMNS": str(self.columns), **more})
        return runner.invoke(app, [*arguments], obj=self.deployment, input=answer)


def teams(**more: Any) -> Office:
    """Return an office of two teams under one cap, after 40 minutes in which one key ran away."""
    office = Office(budgets=TEAMS, names=TEAM_KEYS, **more)
    office.guard.cycle()
    for _ in range(8):
        for name, cost in (("search-batch", "6"), ("search-api", "1"), ("report-daily", "1.5")):
            office.spend(name, cost)
        office.cycle()
    return office
