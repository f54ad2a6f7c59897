"""Everything given back without the functions: each held key gets its own settings, at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched

from budget_guard.domain.errors import LeaseLost
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.records import Release
from budget_guard.domain.wishes import Restore, Wish
from budget_guard.use_cases.apply import apply
from budget_guard.use_cases.enforce import Runner
from budget_guard.use_cases.holdings import is_in_hand
from budget_guard.use_cases.leases import Lease, leased
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.outcomes import Outcome, Result
from budget_guard.use_cases.patching import Enforcement
from budget_guard.use_cases.ports import OpenRouter

LASTS = timedelta(minutes=5)
PATIENCE = timedelta(minutes=1)
"""How long a function at work is waited for, and a key that was changed just now."""
PAUSE_SECONDS = 5
TOGETHER = 20
"""Keys between two renewals of the lease."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """What it needs: the world, this run's name, and time.

    `at` is the ledger's time, by which keys are judged; `clock` the wall clock's, for leases.
    """

    ledger: Ledger
    connect: Callable[[], OpenRouter]
    run: str
    at: datetime
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    pace: Callable[[], None] = lambda: None
    run_all: Runner = map


def announce_release(word: Release, on: GiveBack) -> None:
    """Write the release and drop every open wish, while no evaluation is under way.

    After that no function makes a new fence, nor restricts a key. Raises `LeaseLost` where `evaluate` stays at work.
    """
    with leased_in_time("evaluate", on) as lease:
        on.ledger.save(word, lease=lease)
        on.ledger.forget(*on.ledger.wishes().values(), lease=lease)
        on.ledger.forget(*on.ledger.restrict_wishes().values(), lease=lease)


def give_back(reason: str, on: GiveBack) -> Iterator[Sequence[Result]]:
    """Give each held key its baseline; yield what was done, some keys at a time, each key once.

    What failed stays wished: the functions, if they still run, go on with it. Raises
    `ManagementKeyError`, `LeaseLost`, `LedgerError`.
    """
    with leased_in_time("enforce", on) as lease:
        to = Enforcement(on.connect(), on.ledger, lease, on.run, on.at, OnOverride.RESPECT)
        wishes = _wishes(reason, on)
        on.ledger.save(*wishes, lease=lease)
        deadline = on.clock() + PATIENCE
        while wishes:
            is_last = on.clock() >= deadline
            waiting = []
            for some in batched(wishes, TOGETHER, strict=False):
                on.ledger.acquire(replace(lease, until=on.clock() + LASTS), now=on.clock())
                results = [one for one in on.run_all(_applied(to, on), some) if one]
                late = [one for one in results if one.outcome is Outcome.WAITS and not is_last]
                waiting += [one.wish for one in late]
                yield [one for one in results if one not in late]
            wishes = waiting
            if wishes:
                on.sleep(PAUSE_SECONDS)


def _applied(to: Enforcement, on: GiveBack) -> Callable[[Wish], Result | None]:
    def one(wish: Wish) -> Result:
        on.pace()
        return apply(wish, to)

    return one


def _wishes(reason: str, on: GiveBack) -> list[Wish]:
    """Return the wish to give back each key that the guard has, or may have, a fence on."""
    known = on.ledger.wishes()
    return [
        Wish(
            key=hold.key,
            want=Restore(for_good=True),
            reason=reason,
            at=on.at,
            generation=known[hold.key].generation + 1
            if hold.key in known
            else int(on.at.timestamp()),
            urgent=False,
            hours_left=Decimal(0),
        )
        for hold in on.ledger.holds().values()
        if is_in_hand(hold)
    ]


@contextmanager
def leased_in_time(name: str, on: GiveBack) -> Iterator[Lease]:
    """Hold a function's lease; raise `LeaseLost` where it stays at work for a minute."""
    with ExitStack() as stack:
        yield _entered(stack, name, on)


def _entered(stack: ExitStack, name: str, on: GiveBack) -> Lease:
    """Take the lease, waiting for a function that has it."""
    deadline = on.clock() + PATIENCE
    while True:
        now = on.clock()
        try:
            lease = leased(on.ledger, name, token=on.run, now=now, lasts=LASTS)
            return stack.enter_context(lease)
        except LeaseLost as error:
            if now >= deadline:
                message = (
                    f"The function {name} is still at work after a minute. Nothing that was done "
                    "is undone; run the same command again."
                )
                raise LeaseLost(message) from error
            on.sleep(PAUSE_SECONDS)
