"""What one key may still spend, as an application asks before it sends a request."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Possible
from budget_guard.domain.keys import Settings
from budget_guard.domain.kin import Kin
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Budget, Policy
from budget_guard.domain.tally import spent
from budget_guard.domain.windows import Window, end
from budget_guard.use_cases.ledger import Ledger


class State(StrEnum):
    """How a key stands: not fenced, fenced, refused, or disabled by a person's `freeze`.

    Unknown: its workspace was not seen for longer than `safety.stale_after`.
    """

    FREE = "free"
    HELD = "held"
    STOPPED = "stopped"
    FROZEN = "frozen"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Headroom:
    """What the limit in force leaves `key` (USD; None: it has none), as last seen at `observed_at`.

    Of a lineage, what is left of the key that is in use: it is asked for by any generation's hash.

    `budget`, its `owner` and `window` are what binds the key, as far as its own counters tell;
    `resets_at` is the window's end.
    """

    key: str
    headroom: Usd | None
    observed_at: datetime
    age: timedelta
    resets_at: datetime | None
    budget: str | None
    window: Window | None
    owner: str | None
    state: State


NOBODY = Kin()


def headroom(
    ledger: Ledger, policy: Policy, key: str, now: datetime, kin: Kin = NOBODY
) -> Headroom | None:
    """Return what `key` may still spend at `now`; None for one that is not there (any more).

    It costs three items: an unchanged key's own one does not tell when it was last seen. A poll
    that ends between them makes the counters one poll older than is told.
    """
    seen = _newest(ledger, key, kin)
    if seen is None:
        return None
    current = seen.key.hash
    hold, fresh = ledger.hold(current), ledger.freshness_of(seen.key.workspace)
    facts = Facts(
        policy=policy,
        now=now,
        observations={current: seen},
        freshness={fresh.workspace: fresh} if fresh else {},
        holds={current: hold} if hold else {},
    )
    return replace(headroom_of(seen, facts), key=key)


def _newest(ledger: Ledger, key: str, kin: Kin) -> Observation | None:
    """Return the generation that is in use; where no poll has seen it yet, the one before it."""
    for one in dict.fromkeys((kin.current(key), *reversed(kin.hashes(key)))):
        seen = ledger.observation(one)
        if seen and seen.gone_at is None:
            return kin.named(seen)
    return None


def headroom_of(seen: Observation, facts: Facts) -> Headroom:
    """Return what a key may still spend by `facts`."""
    settings, read_at = facts.settings(seen), facts.read_at(seen)
    left = ZERO if _is_off(seen, settings, facts) else _left(seen, settings, facts)
    budget, window = _binding(seen, settings.limit.reset, facts)
    return Headroom(
        key=seen.key.hash,
        headroom=left,
        observed_at=read_at,
        age=max(timedelta(), facts.now - read_at),
        resets_at=end(window, facts.now) if window else None,
        budget=budget.name if budget else None,
        window=window,
        owner=budget.owner if budget else None,
        state=_state(seen, settings, left, facts),
    )


def _is_off(seen: Observation, settings: Settings, facts: Facts) -> bool:
    ends = seen.key.expires_at
    return settings.disabled or (ends is not None and ends <= facts.now)


def _left(seen: Observation, settings: Settings, facts: Facts) -> Usd | None:
    """Return what the limit in force leaves by the newest counters, never less than 0."""
    hold = facts.holds.get(seen.key.hash)
    confirmed = hold.confirmed if hold else None
    is_ours = confirmed is not None and confirmed.settings == settings
    stop = (confirmed if confirmed and is_ours else Possible(settings)).stop(facts.now)
    if not stop.is_finite():
        return None
    return max(ZERO, stop - _used(seen, settings.limit.reset, facts, byok=settings.include_byok))


def _used(seen: Observation, window: Window | None, facts: Facts, *, byok: bool) -> Usd:
    reading = seen.reading
    return spent(reading.counters, reading.at, window, include_byok=byok, now=facts.now)


def _state(seen: Observation, settings: Settings, left: Usd | None, facts: Facts) -> State:
    hold = facts.holds.get(seen.key.hash)
    if facts.is_stale(seen.key.workspace):
        return State.UNKNOWN
    if settings.disabled and hold and hold.froze:
        return State.FROZEN
    is_held = hold is not None and hold.is_held
    if _is_off(seen, settings, facts) or (is_held and left == ZERO):
        return State.STOPPED
    return State.HELD if is_held else State.FREE


def _binding(
    seen: Observation, reset: Window | None, facts: Facts
) -> tuple[Budget | None, Window | None]:
    """Return the budget that binds a key, and the window: exactly, where the key is its only one.

    Of a held key: that cap of which the key itself has spent the greatest part, in the limit's own
    window if it has one. Of any other: the first budget that covers it, and its own limit's window.
    """
    key, hold = seen.key, facts.holds.get(seen.key.hash)
    budgets = facts.policy.budgets if facts.policy.concerns(key) else ()
    covering = [one for one in budgets if not one.counts_costs and one.covers(key)]
    parts = list(_parts(covering, seen, facts)) if hold and hold.is_held else []
    parts = [one for one in parts if reset in (None, one[2])] or parts
    if not parts:
        return (covering[0] if covering else None), reset
    _, budget, window = max(parts, key=lambda one: one[0])
    return budget, reset or window


def _parts(
    covering: list[Budget], seen: Observation, facts: Facts
) -> Iterator[tuple[Decimal, Budget, Window]]:
    """Yield, of each cap that fences, the part of it that the key itself has spent."""
    for budget in covering:
        for window, cap in budget.cap.items() if budget.hold.at is not None else ():
            used = _used(seen, window, facts, byok=budget.include_byok)
            yield (used / cap if cap else Decimal("Infinity")), budget, window
