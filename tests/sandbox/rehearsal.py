"""A play without AWS: the guard's own code in process, on the account that the stage would have."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from budget_guard.adapters.alerts.event import AlertEvent, event
from budget_guard.adapters.budgets import yaml_file
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.entrance import enter
from budget_guard.sandbox.openrouter import Account, Clock
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.sandbox.play import Playbill, play
from budget_guard.sandbox.stage import EARLIER, Set
from budget_guard.sandbox.verdict import Row
from tests.simulation.guard import Guard


@dataclass
class Rehearsal:
    """Where a play is rehearsed: what a stage does by deployed functions, done by calls.

    `rounds`: how often it is decided on one poll's facts. A deployed guard does so twice, as poll
    starts the others, and a schedule too.
    """

    traffic: Traffic
    hashes: dict[str, str]
    guard: Guard
    rounds: int
    polled: list[datetime] = field(default_factory=list)

    @property
    def account(self) -> Account:
        return self.traffic.account

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    @property
    def ledger(self) -> MemoryLedger:
        return self.guard.ledger

    def cycle(self) -> None:
        self.polled.append(self.now)
        self.guard.poll()
        for _ in range(self.rounds):
            self.decide()

    def decide(self) -> None:
        self.guard.evaluate()
        self.guard.enforce()

    def alerts(self) -> list[AlertEvent]:
        inbox = self.guard.inbox
        found = [event(alert, "BudgetGuard") for alert in inbox.alerts]
        inbox.alerts.clear()
        return sorted(found, key=lambda one: one.at)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal left."""

    on: Rehearsal
    policy: Policy
    bill: Playbill
    told: list[str]
    rows: list[Row]


def rehearse(built: Set, folder: Path, *, with_people: bool, rounds: int = 1) -> Rehearsed:
    """Play the whole evening in process."""
    traffic = Traffic(Account(clock=Clock(built.opens - EARLIER)))
    hashes = enter(traffic, built.roles, built.opens)
    policy = yaml_file.load(built.budgets(folder, hashes))
    on = Rehearsal(traffic, hashes, Guard(traffic.account, policy), rounds)
    told: list[str] = []
    bill = play(
        on,
        lambda at, text: told.append(f"{at:%H:%M} {text}"),
        policy=policy,
        with_people=with_people,
    )
    return Rehearsed(on, policy, bill, told, list(bill.evening(on, policy).rows()))
