"""`enforce`: make every key what is wished of it; the only writer at OpenRouter.

All decreases first, then the rest, most urgent first; what is not done is still wished a minute
later.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold
from budget_guard.domain.policy import Mode, Policy
from budget_guard.domain.wishes import Wish
from budget_guard.use_cases.apply import apply
from budget_guard.use_cases.outcomes import Outcome, Result
from budget_guard.use_cases.patching import Enforcement

HOURLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EnforceReport:
    """What a run did. `waiting` wishes were left for a later run: refused, too old, or no time."""

    results: tuple[Result, ...] = ()
    waiting: int = 0

    @property
    def failed(self) -> int:
        """Count the wishes that OpenRouter did not let come true."""
        return sum(result.outcome is Outcome.FAILED for result in self.results)


type Runner = Callable[[Callable[[Wish], Result | None], Iterable[Wish]], Iterable[Result | None]]


def enforce(
    to: Enforcement,
    policy: Policy,
    *,
    has_time: Callable[[], bool] = lambda: True,
    pace: Callable[[], None] = lambda: None,
    run_all: Runner = map,
) -> EnforceReport:
    """Apply the open wishes, each by itself: the failure of one does not stop the others.

    In `mode: observe` none is, unless keys are held still: then that mode is refused (rule 12).
    The caller holds the lease. `pace` is called before each key and bounds the rate; `run_all`
    may apply several at a time. Raises `LeaseLost`, `LedgerUnavailable`.
    """
    wishes = to.ledger.wishes()
    holds = to.ledger.holds()
    if not wishes or (policy.mode is Mode.OBSERVE and not any(map(is_ours, holds.values()))):
        return EnforceReport(waiting=len(wishes))
    due = [one for one in wishes.values() if _is_due(one, holds.get(one.key), to, policy)]

    def one(wish: Wish) -> Result | None:
        if not has_time():
            return None
        pace()
        return apply(wish, to)

    results: list[Result] = []
    for batch in (_decreases(due), _others(due)):
        results += [result for result in run_all(one, batch) if result is not None]
    return EnforceReport(tuple(results), len(wishes) - len(results))


def _decreases(wishes: Sequence[Wish]) -> list[Wish]:
    return sorted((one for one in wishes if one.urgent), key=lambda one: (one.hours_left, one.key))


def _others(wishes: Sequence[Wish]) -> list[Wish]:
    return sorted(
        (one for one in wishes if not one.urgent), key=lambda one: (one.hours_left, one.key)
    )


def _is_due(wish: Wish, hold: Hold | None, to: Enforcement, policy: Policy) -> bool:
    """Tell whether to try now: not what rests on old facts, nor, but hourly, what was refused.

    A decrease is never too old: it lets a key spend less, not more.
    """
    if not wish.urgent and to.now - wish.at > policy.safety.stale_after:
        return False
    refusals = hold.refusals if hold else None
    if refusals and refusals.for_good and refusals.is_failure:
        return to.now - refusals.last_at >= HOURLY
    return True
