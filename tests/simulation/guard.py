"""The guard in process: real decision and enforcement code on a simulated account."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast

from budget_guard.adapters.ledger.memory import MemoryLedger
from budget_guard.adapters.starter import RecordingStarter
from budget_guard.domain.alerts import Alert
from budget_guard.domain.errors import LeaseLost, NotifierError
from budget_guard.domain.policy import Policy
from budget_guard.domain.polls import PollReport
from budget_guard.domain.records import Approval
from budget_guard.domain.wishes import Wish
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.api import Api
from budget_guard.sandbox.openrouter.faults import Faults
from budget_guard.sandbox.openrouter.in_process import InProcessOpenRouter
from budget_guard.sandbox.openrouter.in_process_guardrails import in_process_guardrails
from budget_guard.use_cases.enforce import EnforceReport, enforce
from budget_guard.use_cases.evaluate import EvaluateReport, Evaluation, evaluate
from budget_guard.use_cases.leases import Lease, leased
from budget_guard.use_cases.ledger import Ledger, Record
from budget_guard.use_cases.notifier import Notifier
from budget_guard.use_cases.patching import Enforcement
from budget_guard.use_cases.poll import Poll, poll
from budget_guard.use_cases.ports import OpenRouter, Starter
from budget_guard.use_cases.restricting.looking import Restricting
from budget_guard.use_cases.restricting.ports import Guardrails
from budget_guard.use_cases.restricting.restrict import RestrictReport, restrict

LEASE = timedelta(minutes=4)


class Killed(BaseException):
    """The function's process is gone: nothing of it runs on, not even a `finally`."""


@dataclass
class Switch:
    """Counts calls to the world, and kills the process at one of them, before or after it.

    `meanwhile` is what happens in the world just before a call, by the call's number.
    """

    at: int | None = None
    after: bool = False
    function: str = ""
    calls: list[str] = field(default_factory=list)
    dead: bool = False
    meanwhile: dict[int, list[Callable[[], object]]] = field(default_factory=dict)

    def pull(self, name: str, call: Callable[[], object]) -> object:
        if self.dead:
            raise Killed
        for event in self.meanwhile.pop(len(self.calls), []):
            event()
        self.calls.append(f"{self.function}: {name}")
        if self.at != len(self.calls) - 1:
            return call()
        self.dead = True
        if self.after:
            call()
        raise Killed

    def next_run(self) -> "Switch":
        """Return the switch of the run after the one that this was made for."""
        return Switch()


class Watched:
    """A port whose every call goes through the switch."""

    def __init__(self, target: Any, name: str, switch: Switch) -> None:
        self._target, self._name, self._switch = target, name, switch

    def __getattr__(self, method: str) -> Callable[..., object]:
        attribute = getattr(self._target, method)
        switch, name = self._switch, f"{self._name}.{method}"
        return lambda *args, **kwargs: switch.pull(name, lambda: attribute(*args, **kwargs))


class WatchedLedger(Watched):
    """A ledger whose writes without a lease can be torn apart: each record is a call."""

    def save(self, *records: Record, lease: Lease | None = None, wish: Wish | None = None) -> None:
        for part in [records] if lease else [(record,) for record in records]:
            call = partial(self._target.save, *part, lease=lease, wish=wish)
            self._switch.pull(f"{self._name}.save({_kinds(part)})", call)


def approve(guard: "Guard") -> None:
    """Approve of the budgets file as a person does, so that the breaker lets it through."""
    guard.ledger.save(Approval(guard.policy, guard.now, "test", "test"))


def _kinds(records: Iterable[Record]) -> str:
    return ", ".join(sorted({type(record).__name__ for record in records}))


@dataclass
class Inbox:
    """The topic and everybody who reads it; `is_down` refuses."""

    alerts: list[Alert] = field(default_factory=list)
    is_down: bool = False

    def publish(self, alert: Alert) -> None:
        if self.is_down:
            message = f"SNS took no message; alert {alert.event_id} stays pending"
            raise NotifierError(message)
        self.alerts.append(alert)

    def unconfirmed(self) -> tuple[str, ...]:
        return ()


@dataclass
class Guard:
    """Runs the three functions against one account, one after the other, at the account's time."""

    account: Account
    policy: Policy
    faults: Faults = field(default_factory=Faults)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    inbox: Inbox = field(default_factory=Inbox)
    connect: Callable[[], OpenRouter] | None = None
    starter: RecordingStarter = field(default_factory=RecordingStarter)
    switch: Switch = field(default_factory=Switch)
    restricted: RestrictReport = field(default_factory=RestrictReport)
    _ids: Iterator[int] = field(default_factory=count)
    _api: Api = field(init=False)

    def __post_init__(self) -> None:
        self._api = Api(self.account, self.faults)

    @property
    def now(self) -> datetime:
        return self.account.clock.now

    def kill(self, at: int, *, after: bool) -> None:
        """Let the next run die at its call number `at`."""
        self.switch.at, self.switch.after = at, after

    def meanwhile(self, at: int, event: Callable[[], object]) -> None:
        """Let something happen before call number `at` of the next run, other runs included."""

        def apart() -> None:
            mine, self.switch = self.switch, Switch()
            event()
            self.switch = mine

        self.switch.meanwhile.setdefault(at, []).append(apart)

    def poll(self) -> PollReport | None:
        return self._run(
            "poll",
            lambda lease: poll(
                Poll(
                    lambda: self._openrouter,
                    self._ledger,
                    lease,
                    lease.token,
                    self.now,
                    self.policy,
                )
            ),
            starts=lambda _: True,
        )

    def evaluate(self) -> EvaluateReport | None:
        sns = cast("Notifier", Watched(self.inbox, "SNS", self.switch))
        return self._run(
            "evaluate",
            lambda lease: evaluate(Evaluation(self._ledger, sns, lease, self.policy, self.now)),
            starts=lambda report: report.has_work,
        )

    def enforce(self) -> EnforceReport | None:
        return self._run("enforce", self._enforce)

    def _enforce(self, lease: Lease) -> EnforceReport:
        report = enforce(self._enforcement(lease), self.policy)
        guardrails = Watched(in_process_guardrails(self._api), "guardrails", self.switch)
        to = Restricting(
            guardrails=cast("Guardrails", guardrails),
            ledger=self._ledger,
            lease=lease,
            run=lease.token,
            now=self.now,
            on_override=self.policy.safety.on_override,
            new_id=lambda: f"assignment-{next(self._ids)}",
        )
        self.restricted = restrict(to, self.policy)
        return report

    def change_policy(self, policy: Policy) -> None:
        """Deploy another budgets file, and approve of it as a person would."""
        self.policy = policy
        approve(self)

    def _enforcement(self, lease: Lease) -> Enforcement:
        return Enforcement(
            openrouter=self._openrouter,
            ledger=self._ledger,
            lease=lease,
            run=lease.token,
            now=self.now,
            on_override=self.policy.safety.on_override,
            new_id=lambda: f"intent-{next(self._ids)}",
        )

    def cycle(self) -> None:
        """Poll, and let each function start the next, unless it dies before."""
        self.chain(self.poll, self.evaluate, self.enforce)

    def chain(self, *functions: Callable[[], object]) -> None:
        """Run the first function, and each of the others if the one before started it."""
        for function in functions:
            started = len(self.starter.starts)
            function()
            if len(self.starter.starts) == started:
                return

    @property
    def _openrouter(self) -> OpenRouter:
        in_process = partial(InProcessOpenRouter, self.account, self.faults)
        openrouter = (self.connect or in_process)()
        return cast("OpenRouter", Watched(openrouter, "OpenRouter", self.switch))

    @property
    def _ledger(self) -> Ledger:
        return cast("Ledger", WatchedLedger(self.ledger, "ledger", self.switch))

    def _run[T](
        self,
        name: str,
        work: Callable[[Lease], T],
        starts: Callable[[T], bool] = lambda _: False,
    ) -> T | None:
        """Do the work under its lease; a killed run just ends, and leaves its lease behind."""
        run = f"{name}-{next(self._ids)}"
        self.switch.function = name
        starter = cast("Starter", Watched(self.starter, "Lambda", self.switch))
        try:
            with leased(self._ledger, name, token=run, now=self.now, lasts=LEASE) as lease:
                report = work(lease)
            if starts(report):
                starter.start(time=self.now, run=run)
        except (LeaseLost, Killed):
            return None
        else:
            return report
        finally:
            self.switch = self.switch.next_run()
