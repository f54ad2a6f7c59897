"""What one key may still spend, as an application asks before it sends a request."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from budget_guard.domain.binding import binding
from budget_guard.domain.constraints import own_limit
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold, Possible
from budget_guard.domain.keys import Settings
from budget_guard.domain.kin import Kin
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.policy import Policy
from budget_guard.domain.tally import spent
from budget_guard.domain.windows import Window, end, start
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

    Of a lineage, what is left of the key that is in use, and to all generations together of the
    limit that its owner set: it is asked for by any generation's hash.

    `budget`, its `owner` and `window` are what binds the key, as far as the counters of its
    lineage tell; no budget, where that is its own limit. `resets_at` is the window's end.
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
    that ends between them makes the counters one poll older than is told. Of a lineage, one or two
    more for each other generation that may have spent in a window that is under way.
    """
    seen = _newest(ledger, key, kin)
    if seen is None:
        return None
    line = {seen.key.hash: seen, **_others(ledger, seen.key.hash, kin, now)}
    fresh = ledger.freshness_of(seen.key.workspace)
    facts = Facts(
        policy=policy,
        now=now,
        observations=kin.introduced(line),
        freshness={fresh.workspace: fresh} if fresh else {},
        holds=_holds(ledger, seen, line, kin),
        kin=kin,
    )
    return replace(headroom_of(kin.named(seen), facts), key=key)


def _newest(ledger: Ledger, key: str, kin: Kin) -> Observation | None:
    """Return the generation that is in use; where no poll has seen it yet, the one before it.

    A key that a rotation is just making is asked for by nobody before it is the one in use.
    """
    lineage = kin.of.get(key)
    first = key if lineage and not lineage.knows(key) else kin.current(key)
    for one in dict.fromkeys((first, *reversed(kin.hashes(key)))):
        seen = ledger.observation(one)
        if seen and seen.gone_at is None:
            return seen
    return None


def _others(ledger: Ledger, key: str, kin: Kin, now: datetime) -> Mapping[str, Observation]:
    """Return the other generations of a key that may have spent in a window under way."""
    lineage = kin.of.get(key)
    since = min(start(window, now) for window in Window)
    retired = lineage.retired_before(since) if lineage else ()
    read = (ledger.observation(one) for one in kin.others(key) if one not in retired)
    return {one.key.hash: one for one in read if one}


def _holds(
    ledger: Ledger, seen: Observation, line: Mapping[str, Observation], kin: Kin
) -> Mapping[str, Hold]:
    """Return the holds of the key, of the one in use, and of those that may have spent unseen."""
    asked = {seen.key.hash, kin.current(seen.key.hash)}
    asked.update(key for key, one in line.items() if one.gone_at)
    return {key: hold for key in sorted(asked) if (hold := ledger.hold(key))}


def headroom_of(seen: Observation, facts: Facts) -> Headroom:
    """Return what a key may still spend by `facts`."""
    settings, read_at = facts.settings(seen), facts.read_at(seen)
    left = ZERO if _is_off(seen, settings, facts) else _left(seen, settings, facts)
    budget, window = binding(seen, settings.limit.reset, facts)
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
    """Return what the limit in force leaves by the newest counters, never less than 0.

    Nor more than a lineage has left of its own limit: OpenRouter counts each generation for itself.
    """
    hold = facts.holds.get(seen.key.hash)
    confirmed = hold.confirmed if hold else None
    is_ours = confirmed is not None and confirmed.settings == settings
    stop = (confirmed if confirmed and is_ours else Possible(settings)).stop(facts.now)
    if not stop.is_finite():
        return None
    left = stop - _used(seen, settings.limit.reset, facts, byok=settings.include_byok)
    own = own_limit(seen, facts) if seen.key.hash in facts.kin.of else None
    return max(ZERO, min(left, own.left) if own else left)


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
