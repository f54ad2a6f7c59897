"""Rule 5: which limit holds a key to its headroom. How its answer is checked: `answered.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.constraints import Constraint
from budget_guard.domain.holds import Possible, exposure
from budget_guard.domain.keys import Counters, Limit, Settings
from budget_guard.domain.money import CENT, MICRO, NOISE, ZERO, Usd, round_down
from budget_guard.domain.tally import spent
from budget_guard.domain.windows import Window, most_instances
from budget_guard.domain.wishes import Fence


@dataclass(frozen=True, slots=True)
class Measure:
    """The counters a fence is measured from, and when they were read (OpenRouter's time).

    `before` are the limits that may be in force until the fence has settled: both count till then.
    """

    counters: Counters
    at: datetime
    now: datetime
    before: tuple[Possible, ...] = ()


def native_fence(
    constraints: Sequence[Constraint], headroom: Usd, measure: Measure
) -> Fence | None:
    """Return a fence that OpenRouter resets by itself, if one alone can break no constraint.

    And leaves the key `headroom` now; never for a key that shares a constraint with others.
    """
    if any(one.is_shared for one in constraints):
        return None
    byok = any(one.include_byok for one in constraints)
    return _native(constraints, headroom, measure, include_byok=byok)


def lasts(limit: Limit, constraints: Iterable[Constraint]) -> bool:
    """Tell whether a limit, left as it is, breaks no constraint in windows to come either.

    One that never resets gives nothing anew.
    """
    reset, amount = limit.reset, limit.amount
    if reset is None or amount is None:
        return True
    return all(
        not one.is_shared
        and one.window is not None
        and amount * most_instances(reset, one.window) <= one.base
        for one in constraints
    )


def lifetime_fence(headroom: Usd, counters: Counters, *, include_byok: bool) -> Fence:
    """Return the fence that never resets, `headroom` (USD) above the lifetime counter."""
    counted = counters.lifetime.counted(include_byok=include_byok)
    # That OpenRouter takes a limit of 0 is not documented.
    return Fence(Limit(max(MICRO, round_down(counted + headroom))), include_byok)


def _native(
    constraints: Sequence[Constraint], headroom: Usd, measure: Measure, *, include_byok: bool
) -> Fence | None:
    for window in Window:
        caps = [one.base for one in constraints if one.window is window]
        if not caps or min(caps) < MICRO:
            continue
        amount = round_down(min(caps))
        if _suffices(amount, window, constraints, headroom, measure, include_byok=include_byok):
            return Fence(Limit(amount, window), include_byok)
    return None


def _suffices(
    amount: Usd,
    reset: Window,
    constraints: Sequence[Constraint],
    headroom: Usd,
    measure: Measure,
    *,
    include_byok: bool,
) -> bool:
    """Tell whether this limit alone breaks no constraint, and gives the key all it is due now."""
    used = spent(measure.counters, measure.at, reset, include_byok=include_byok, now=measure.now)
    if max(ZERO, amount - used) < headroom - CENT:
        return False
    native = Possible(Settings(Limit(amount, reset), include_byok))
    possible = (native, *measure.before)
    return lasts(native.settings.limit, constraints) and all(
        exposure(
            possible,
            measure.counters,
            measure.at,
            window=one.window,
            byok=one.include_byok,
            now=measure.now,
        )
        <= one.left + NOISE
        for one in constraints
    )
