"""Rule 4a: how far a held key can still get, counted from its last observation."""

from dataclasses import dataclass
from datetime import datetime

from budget_guard.domain.constraints import Constraint
from budget_guard.domain.facts import Facts
from budget_guard.domain.holds import Hold, HoldState, Possible, exposure
from budget_guard.domain.keys import Counters, Limit, Settings
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.wishes import Fence


@dataclass(frozen=True, slots=True)
class Reach:
    """Every limit that may be in force on a key, and the one that will be if nothing is done.

    `kept` is None for a key whose first fence is wished, but not sent yet.
    """

    possible: tuple[Possible, ...]
    kept: Possible | None
    counters: Counters
    read_at: datetime
    now: datetime

    def exposures(self, constraint: Constraint) -> tuple[Usd, Usd]:
        """Return the most the key can still spend of a constraint, if nobody acts (USD).

        And, second, what that comes to once every change so far has settled.
        """
        settled = self._most((self.kept,), constraint) if self.kept else ZERO
        if len(self.possible) == 1 and self.kept:
            return settled, settled
        return self._most(self.possible, constraint), settled

    def allows(self) -> Usd:
        """Return what the fence that stays leaves the key in the fence's own present window."""
        kept = self.kept
        if kept is None or kept.settings.disabled:
            return ZERO
        used = self.counters.of(kept.settings.limit.reset)
        # A counter of a window that has ended since would make it less: asking too early is safe.
        return max(
            ZERO, kept.stop(self.now) - used.counted(include_byok=kept.settings.include_byok)
        )

    def _most(self, possible: tuple[Possible, ...], constraint: Constraint) -> Usd:
        return exposure(
            possible,
            self.counters,
            self.read_at,
            window=constraint.window,
            byok=constraint.include_byok,
            now=self.now,
        )


def reach(seen: Observation, facts: Facts) -> Reach | None:
    """Return a key's reach; None where no fence of the guard is, or may be, on it.

    An open wish counts as sent: `enforce` may be sending it now.
    """
    key = seen.key.hash
    hold, wish = facts.holds.get(key), facts.wishes.get(key)
    wished: tuple[Possible, ...] = ()
    if wish and isinstance(wish.want, Fence):
        wished = (Possible(Settings(wish.want.limit, wish.want.include_byok)),)
    if hold is None or not is_ours(hold):
        return Reach(wished, None, *_read(seen, facts)) if wished else None
    possible = (*hold.possible(facts.began(seen)), *wished)
    return Reach(possible, kept(hold), *_read(seen, facts))


def _read(seen: Observation, facts: Facts) -> tuple[Counters, datetime, datetime]:
    return seen.reading.counters, facts.read_at(seen), facts.now


def is_ours(hold: Hold) -> bool:
    """Tell whether the guard has changed a key, or may have, and not given it back."""
    return hold.state is HoldState.HELD and (hold.confirmed is not None or bool(hold.intents))


def kept(hold: Hold) -> Possible | None:
    """Return the limit that comes to stay if nothing new is wished: the last one sent."""
    if hold.intents:
        return Possible(hold.intents[-1].settings)
    return hold.confirmed


def as_it_is(hold: Hold, now: datetime) -> Fence | None:
    """Return the fence that is on a key as a want that changes nothing; None if there is none."""
    stays = kept(hold)
    if stays is None or stays.settings.limit.amount is None:
        return None
    if hold.gave_up is not None and stays.settings.disabled:
        return Fence(hold.gave_up, stays.settings.include_byok)
    return Fence(Limit(stays.stop(now), stays.settings.limit.reset), stays.settings.include_byok)
