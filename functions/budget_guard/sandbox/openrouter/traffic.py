"""Traffic scripts: what a key's callers ask for over time, played by moving the clock."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import count

from budget_guard.domain.money import MICRO, Usd
from budget_guard.domain.windows import Window, end, start
from budget_guard.sandbox.openrouter.account import Account
from budget_guard.sandbox.openrouter.behaviour import NOTHING
from budget_guard.sandbox.openrouter.refusals import Refusal
from budget_guard.sandbox.openrouter.work import ORDINARY, Work


class Course(StrEnum):
    """How the cost of a script's calls moves.

    `STEADY`: it stays. `RAMP`: it grows evenly to `peak` times as much, by whole millionths of a
    dollar. `RUNAWAY`: it doubles every quarter of an hour. `MIDNIGHT_BURST`: `peak` times as much
    within 10 minutes of 00:00 UTC.
    """

    STEADY = "steady"
    RAMP = "ramp"
    RUNAWAY = "runaway"
    MIDNIGHT_BURST = "midnight_burst"


DOUBLING = timedelta(minutes=15)
BURST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that a caller makes: when, what it will cost, how long it takes, what for."""

    at: datetime
    cost: Usd
    lasts: timedelta = NOTHING
    max_cost: Usd | None = None
    byok: bool = False
    work: Work = ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A call `every` so often from `begins` until before `ends`; `cost` moves by `course`.

    `reserves`: how many times its cost each call asks for by `max_tokens` (None: not stated).
    `work`: what every call is for; a key changes its model by one script after another, and falls
    back to another provider for some of its calls by one script between another's calls.
    """

    begins: datetime
    ends: datetime
    every: timedelta
    cost: Usd
    course: Course = Course.STEADY
    peak: Decimal = Decimal(10)
    lasts: timedelta = NOTHING
    reserves: Decimal | None = None
    byok: bool = False
    work: Work = ORDINARY

    def calls(self) -> Iterator[Call]:
        """Return the calls in order."""
        at = self.begins
        while at < self.ends:
            cost = self._cost(at)
            most = None if self.reserves is None else cost * self.reserves
            yield Call(
                at=at,
                cost=cost,
                lasts=self.lasts,
                max_cost=most,
                byok=self.byok,
                work=self.work,
            )
            at += self.every

    def _cost(self, at: datetime) -> Usd:
        match self.course:
            case Course.STEADY:
                return self.cost
            case Course.RAMP:
                done = Decimal((at - self.begins) // self.every)
                steps = Decimal(max(1, (self.ends - self.begins) // self.every - 1))
                return (self.cost * (1 + (self.peak - 1) * done / steps)).quantize(MICRO)
            case Course.RUNAWAY:
                return self.cost * Decimal(2) ** ((at - self.begins) // DOUBLING)
            case Course.MIDNIGHT_BURST:
                since, until = at - start(Window.DAILY, at), end(Window.DAILY, at) - at
                return self.cost * self.peak if min(since, until) <= BURST else self.cost


@dataclass(slots=True)
class Traffic:
    """Plays scripts on an account, each call at its moment; the clock moves only through `play`."""

    account: Account
    refused: int = 0
    callers: dict[str, Callable[[], str]] = field(default_factory=dict)
    """Who began with the key of a hash and asks before each call which one to use; else that one."""
    _due: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def run(self, key_hash: str, script: Script) -> None:
        """Let the callers of this key follow the script from now on; what is past is left out."""
        self._follow(key_hash, script.calls())

    def play(self, until: datetime) -> None:
        """Move the clock to `until`, making and completing the calls that fall due on the way."""
        while self._due and self._due[0][0] <= until:
            at, _, act = heapq.heappop(self._due)
            self.account.clock.set(at)
            act()
        self.account.clock.set(until)

    def _follow(self, key_hash: str, calls: Iterator[Call]) -> None:
        for call in calls:
            if call.at >= self.account.clock.now:
                self._at(call.at, partial(self._make, key_hash, call, calls))
                return

    def _make(self, key_hash: str, call: Call, rest: Iterator[Call]) -> None:
        spending, caller = self.account.spending, self.callers.get(key_hash)
        try:
            request = spending.begin(
                caller() if caller else key_hash,
                byok=call.byok,
                max_cost=call.max_cost,
                work=call.work,
            )
        except Refusal:
            self.refused += 1
        else:
            complete = partial(spending.complete, request, call.cost, work=call.work)
            if call.lasts:
                self._at(call.at + call.lasts, complete)
            else:
                complete()
        self._follow(key_hash, rest)

    def _at(self, when: datetime, act: Callable[[], object]) -> None:
        heapq.heappush(self._due, (when, next(self._numbers), act))
