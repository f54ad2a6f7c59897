"""Rule 4a: how far a held key can still get, counted from its last observation."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from budget_guard.domain.constraints import Constraint
from budget_guard.domain.facts import Facts
from budget_guard.domain.held import is_ours, kept
from budget_guard.domain.holds import Hold, Possible, exposure
from budget_guard.domain.keys import Counters, Limit, Settings
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.settling import has_disabled
from budget_guard.domain.wishes import Fence


class Reach(NamedTuple):
    """Every limit that may be in force on a key, and the one that will be if nothing is done.

    `kept` is None for a key whose first fence is wished, but not sent yet. `allowed` is what it
    leaves the key in its own present window (USD). `is_plain`: it never resets, and is the only one
    that may be in force: then it bounds every window alike.
    """

    possible: tuple[Possible, ...]
    kept: Possible | None
    counters: Counters
    read_at: datetime
    now: datetime
    allowed: Usd
    is_plain: bool

    def exposures(self, constraint: Constraint) -> tuple[Usd, Usd]:
        """Return the most the key can still spend of a constraint, if nobody acts (USD).

        And, second, what that comes to once every change so far has settled.
        """
        if self.is_plain and not constraint.include_byok:
            return self.allowed, self.allowed
        settled = self._most((self.kept,), constraint) if self.kept else ZERO
        if len(self.possible) == 1 and self.kept:
            return settled, settled
        return self._most(self.possible, constraint), settled

    def bounded(self, constraint: Constraint) -> Usd | None:
        """Return the most by those of the limits that bound it at all; None if none does (USD)."""
        most = [self._most((one,), constraint) for one in self.possible]
        return max((one for one in most if one.is_finite()), default=None)

    def _most(self, possible: tuple[Possible, ...], constraint: Constraint) -> Usd:
        return exposure(
            possible,
            self.counters,
            self.read_at,
            window=constraint.window,
            byok=constraint.include_byok,
            now=self.now,
        )


def reach(seen: Observation, hold: Hold | None, facts: Facts) -> Reach | None:
    """Return the reach of a held key; None where no fence of the guard is, or may be, on it.

    An open wish counts as sent: `enforce` may be sending it now.
    """
    reading, now = seen.reading, facts.now
    wish = facts.wishes.get(reading.key.hash)
    wished: tuple[Possible, ...] = ()
    if wish and isinstance(wish.want, Fence):
        wished = (Possible(Settings(wish.want.limit, wish.want.include_byok)),)
    stays = kept(hold) if hold and is_ours(hold) else None
    if hold is None or stays is None:
        return _wished(wished, seen, facts) if wished else None
    possible: tuple[Possible, ...] = (stays, *wished)
    if hold.intents or hold.replaced:
        possible = hold.possible(facts.began(seen)) + wished
    if any(one.settings.disabled for one in possible) and not has_disabled(hold):
        # People may switch the key on again at any moment: its fence counts as if they had.
        stays, possible = _on(stays), tuple(_on(one) for one in possible)
    allowed = _allowed(stays, reading.counters, now)
    is_plain = len(possible) == 1 and stays.settings.limit.reset is None
    return Reach(possible, stays, reading.counters, facts.read_at(seen), now, allowed, is_plain)


def _on(one: Possible) -> Possible:
    return replace(one, settings=replace(one.settings, disabled=False))


def _wished(wished: tuple[Possible, ...], seen: Observation, facts: Facts) -> Reach:
    """Return the reach of a key whose first fence is on its way."""
    return Reach(
        possible=wished,
        kept=None,
        counters=seen.reading.counters,
        read_at=facts.read_at(seen),
        now=facts.now,
        allowed=ZERO,
        is_plain=False,
    )


def _allowed(kept: Possible, counters: Counters, now: datetime) -> Usd:
    """Return what a limit leaves a key in the limit's own present window."""
    if kept.settings.disabled:
        return ZERO
    # A counter of a window that has ended since makes it less: asking too early is safe.
    return max(ZERO, kept.stop(now) - counters.towards(kept.settings))


def as_it_is(hold: Hold, now: datetime) -> Fence | None:
    """Return the fence that is on a key as a want that changes nothing; None if there is none."""
    stays = kept(hold)
    if stays is None or stays.settings.limit.amount is None:
        return None
    if hold.gave_up is not None and stays.settings.disabled:
        return Fence(hold.gave_up, stays.settings.include_byok)
    limit = stays.settings.limit
    if stays.extra:
        limit = Limit(stays.stop(now), limit.reset)
    return Fence(limit, stays.settings.include_byok)
