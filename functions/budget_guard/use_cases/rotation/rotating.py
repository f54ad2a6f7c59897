"""What a rotation needs of the world, and the rights under which it changes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from budget_guard.domain.errors import (
    GuardError,
    LeaseLost,
    ManagementKeyError,
    ProviderUnavailable,
    RequestError,
)
from budget_guard.domain.lineage import Lineage
from budget_guard.domain.policy import Policy, RotationRule
from budget_guard.use_cases.leases import Lease, leased
from budget_guard.use_cases.ledger import Ledger
from budget_guard.use_cases.outcomes import Result
from budget_guard.use_cases.ports import OpenRouter
from budget_guard.use_cases.rotation.ports import KeyMaker, Vault

STEP_LASTS = timedelta(minutes=6)
"""Longer than the function's time-out: two settlings of a PATCH, and the calls."""
DECISION_LASTS = timedelta(minutes=2)
LONGEST_REQUEST = timedelta(seconds=30)
TRIES = 4
BETWEEN_TRIES = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Rotating:
    """The world, this run's name and the policy.

    `now` is the rotation's logical time; `clock` tells by which time leases go, and `pause` lets
    time pass. `tell` is called with each change of a limit.
    """

    openrouter: OpenRouter
    keys: KeyMaker
    vault: Vault
    ledger: Ledger
    policy: Policy
    run: str
    now: datetime
    clock: Callable[[], datetime]
    pause: Callable[[timedelta], None]
    tell: Callable[[Result], None] = lambda _: None

    def rule(self, lineage: Lineage) -> RotationRule:
        """Return by what a lineage is rotated: what was begun ends by some rule, too."""
        return self.policy.rotation_of(lineage.name) or RotationRule()


@contextmanager
def alone(secret: str, to: Rotating) -> Iterator[Lease]:
    """Be the only one who rotates a secret; raises `LeaseLost` at once where another does."""
    with alone_with(secret, to.ledger, run=to.run, now=to.clock()) as lease:
        yield lease


@contextmanager
def alone_with(secret: str, ledger: Ledger, *, run: str, now: datetime) -> Iterator[Lease]:
    """Be the only one who changes what is on record of a secret, as `alone` is."""
    name = f"rotate/{secret}"
    with leased(ledger, name, token=run, now=now, lasts=STEP_LASTS) as lease:
        yield lease


@contextmanager
def at_rest(lineage: Lineage, ledger: Ledger, *, run: str, now: datetime) -> Iterator[Lease]:
    """Be the only one, for a person's word; raises `RequestError` where another is at work.

    The same `run` may try again at once after it was killed.
    """
    try:
        with alone_with(lineage.secret, ledger, run=run, now=now) as lease:
            yield lease
    except LeaseLost:
        message = (
            f"{lineage.name} is being rotated, or looked after, just now. Try again in a minute."
        )
        raise RequestError(message) from None


@contextmanager
def apart(problems: list[str]) -> Iterator[None]:
    """Let no failure of the block stop what follows it: what it says is added to `problems`.

    A lease that another run holds is none. Only the want of a management key is raised: without it
    nothing else would go.
    """
    try:
        yield
    except ManagementKeyError:
        raise
    except LeaseLost:
        return
    except GuardError as error:
        problems.append(str(error))


@contextmanager
def deciding(to: Rotating) -> Iterator[Lease]:
    """Be the only one who gives money away and changes fences; the lease is that of changes.

    So what is free now is still free when a key was made with it. Waits a little for the functions
    whose work that is; raises `LeaseLost` where they do not come to an end.
    """
    with _waiting("evaluate", to), _waiting("enforce", to) as lease:
        # The first may not end before the second, however long that was waited for.
        to.ledger.acquire(_lease("evaluate", to), now=to.clock())
        yield lease


def require_time(lease: Lease, to: Rotating) -> None:
    """Raise `ProviderUnavailable` where a request could outlast the lease: others decide after it."""
    if to.clock() + LONGEST_REQUEST >= lease.until:
        message = "OpenRouter answers too slowly to decide by what it says; the next try goes on."
        raise ProviderUnavailable(message)


@contextmanager
def changing(to: Rotating) -> Iterator[Lease]:
    """Be the only one who changes keys; waits, and raises, as `deciding` does."""
    with _waiting("enforce", to) as lease:
        yield lease


@contextmanager
def _waiting(name: str, to: Rotating) -> Iterator[Lease]:
    for _ in range(TRIES - 1):
        try:
            to.ledger.acquire(_lease(name, to), now=to.clock())
        except LeaseLost:
            to.pause(BETWEEN_TRIES)
        else:
            break
    with leased(to.ledger, name, token=to.run, now=to.clock(), lasts=DECISION_LASTS) as lease:
        yield lease


def _lease(name: str, to: Rotating) -> Lease:
    return Lease(name, to.run, to.clock() + DECISION_LASTS)
