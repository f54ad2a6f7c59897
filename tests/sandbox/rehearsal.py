"""A play without AWS: the guard's own code in process, on the account that the stage would have."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from budget_guard.adapters.alerts.event import AlertEvent, event
from budget_guard.adapters.budgets import yaml_file
from budget_guard.adapters.ids import MemoryIds
from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.vault.memory import MemoryVault
from budget_guard.domain.policy import Policy
from budget_guard.sandbox.entrance import enter
from budget_guard.sandbox.openrouter import Account, Api
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_costs import in_process_costs
from budget_guard.sandbox.openrouter.in_process_keys import in_process_keys
from budget_guard.sandbox.openrouter.traffic import Traffic
from budget_guard.sandbox.play import Playbill, play
from budget_guard.sandbox.stage import Set
from budget_guard.sandbox.verdict import Row, Verdict
from budget_guard.use_cases.costs.generations import GenerationPoll, poll_generations
from budget_guard.use_cases.costs.keeping import Keeper
from budget_guard.use_cases.costs.poll import CostPoll, poll_costs
from budget_guard.use_cases.leases import leased
from budget_guard.use_cases.rotation.adopting import Adopting, adopt
from budget_guard.use_cases.rotation.rotating import Rotating
from budget_guard.use_cases.rotation.steps import Step, rotate
from budget_guard.use_cases.rotation.tending import tend
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
    plaintexts: dict[str, str]
    polled: list[datetime] = field(default_factory=list)
    costs_polled: list[datetime] = field(default_factory=list)
    secrets: "RehearsedSecrets" = field(init=False)

    def __post_init__(self) -> None:
        self.secrets = RehearsedSecrets(self)

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
        self.secrets.look_after()

    def decide(self) -> None:
        self.guard.evaluate()
        self.guard.enforce()

    def poll_costs(self) -> None:
        self.costs_polled.append(self.now)
        policy, ledger, source = self.guard.policy, self.ledger, in_process_costs(self.account)
        lasts = timedelta(minutes=15)
        with leased(ledger, "costs", token=f"{self.now}", now=self.now, lasts=lasts) as lease:
            whole, has_time = (source, ledger, lease), lambda: True
            costs = poll_costs(CostPoll(*whole, policy, self.now, has_time))
            keeper, ids = Keeper(*whole), MemoryIds(lambda: self.now)
            single = poll_generations(
                GenerationPoll(keeper, ids, policy, self.now, *[has_time] * 3)
            )
        assert (costs.problem, costs.warnings) == (single.problem, single.warnings) == (None, ())

    def alerts(self) -> list[AlertEvent]:
        inbox = self.guard.inbox
        found = [event(alert, "BudgetGuard") for alert in inbox.alerts]
        inbox.alerts.clear()
        return sorted(found, key=lambda one: one.at)


class RehearsedSecrets:
    """A vault in process, and the code of the function `rotate`; it waits as the traffic goes on."""

    def __init__(self, on: Rehearsal) -> None:
        self._on, self._vault, self._runs = on, MemoryVault(), count()

    def adopt(self, name: str, plaintext: str) -> str:
        on = self._on
        to = Adopting(
            InProcessOpenRouter(on.account),
            in_process_keys(Api(on.account)),
            self._vault,
            on.ledger,
            on.guard.policy,
            on.now,
            "the rehearsal",
            "rehearsal",
        )
        return adopt(name, SecretStr(plaintext), to).secret

    def read(self, secret: str) -> str:
        kept = self._vault.current(secret)
        assert kept
        return kept.api_key.get_secret_value()

    def step(self, step: Step, secret: str, token: str) -> None:
        rotate(step, secret, token, self._rotating())

    def look_after(self) -> None:
        assert tend(self._rotating()).problems == ()

    def _rotating(self) -> Rotating:
        on = self._on
        return Rotating(
            openrouter=InProcessOpenRouter(on.account),
            keys=in_process_keys(Api(on.account)),
            vault=self._vault,
            ledger=on.ledger,
            policy=on.guard.policy,
            run=f"rotate-{next(self._runs)}",
            now=on.now,
            clock=lambda: on.now,
            pause=lambda time: on.traffic.play(on.now + time),
        )


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal left."""

    on: Rehearsal
    policy: Policy
    bill: Playbill
    told: list[str]
    judged: Verdict

    @property
    def rows(self) -> Sequence[Row]:
        return self.judged.rows


def rehearse(built: Set, folder: Path, *, with_people: bool, rounds: int = 1) -> Rehearsed:
    """Play the whole evening in process."""
    entered = enter(built.roles, built.opens)
    traffic, hashes, plaintexts = entered
    policy = yaml_file.load(built.budgets(folder, hashes))
    on = Rehearsal(traffic, hashes, Guard(traffic.account, policy), rounds, plaintexts)
    told: list[str] = []
    bill = play(
        on,
        lambda at, text: told.append(f"{at:%H:%M} {text}"),
        policy=policy,
        with_people=with_people,
    )
    return Rehearsed(on, policy, bill, told, bill.evening(on, policy).verdict())
