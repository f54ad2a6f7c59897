"""From what a key should be to a wish: whether it is so already, how urgent it is."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from budget_guard.domain.claim import Allotment
from budget_guard.domain.constraints import Constraint
from budget_guard.domain.facts import Facts
from budget_guard.domain.held import is_ours
from budget_guard.domain.holds import Hold, Possible
from budget_guard.domain.keys import Settings
from budget_guard.domain.money import CENT, NOISE, ZERO, Usd
from budget_guard.domain.observations import Observation
from budget_guard.domain.reach import reach
from budget_guard.domain.settling import overridden
from budget_guard.domain.tally import spent
from budget_guard.domain.wishes import Disable, Fence, Restore, Want, Wish

NEVER_DRY = Decimal(10**6)


class Standing(NamedTuple):
    """What one key should be, and why. `binding` is the constraint that keeps it from more.

    `headroom` is what its fence is to let it spend from its observation on (USD), by `allotment`.
    """

    seen: Observation
    hold: Hold | None
    want: Want
    why: Callable[[], str]
    headroom: Usd | None = None
    binding: Constraint | None = None
    allotment: Allotment | None = None

    @property
    def reason(self) -> str:
        """Return why, in a sentence for people: written only where somebody reads it."""
        return self.why()


def is_satisfied(facts: Facts, standing: Standing) -> bool:
    """Tell whether a key is, by OpenRouter's last answer, what it should be."""
    hold = standing.hold
    match standing.want:
        case Fence():
            return _is_fenced(hold, standing.want, standing.seen, facts)
        case Restore():
            return hold is None or not is_ours(hold)
        case Disable():
            return _is_disabled(hold, standing.seen, facts)


def _is_disabled(hold: Hold | None, seen: Observation, facts: Facts) -> bool:
    """Tell whether a key is off: by the guard's last word, or by a person's."""
    if seen.reading.settings.disabled:
        return True
    if hold is None or not hold.is_held or hold.intents or hold.confirmed is None:
        return False
    return hold.confirmed.settings.disabled and not _is_overridden(hold, seen, facts)


def _is_fenced(hold: Hold | None, want: Fence, seen: Observation, facts: Facts) -> bool:
    return (
        hold is not None
        and not hold.froze
        and holds_as(hold, want, seen, facts)
        and not _is_overridden(hold, seen, facts)
    )


def _is_overridden(hold: Hold, seen: Observation, facts: Facts) -> bool:
    """Tell whether the key was last read with settings that are none of the guard's."""
    if hold.confirmed and seen.reading.settings == hold.confirmed.settings:
        return False
    last_read = replace(seen.reading, began=facts.began(seen))
    return overridden(hold, last_read) is not None


def holds_as(hold: Hold, want: Fence, seen: Observation, facts: Facts) -> bool:
    """Tell whether a hold is a confirmed `want`: it allows no more, and at most a cent less.

    A key that has nothing left is stopped by any limit that it has reached and that never resets.
    """
    if not hold.is_held or hold.intents or hold.confirmed is None:
        return False
    return _holds_as(hold, hold.confirmed, want, seen, facts)


def _holds_as(
    hold: Hold, confirmed: Possible, want: Fence, seen: Observation, facts: Facts
) -> bool:
    if hold.gave_up is not None and confirmed.settings.disabled:
        return hold.gave_up == want.limit
    if confirmed.settings.include_byok != want.include_byok:
        return False
    if want.limit is confirmed.settings.limit and not confirmed.extra:
        return True
    wanted = Possible(Settings(want.limit, want.include_byok))
    due, allowed = _left(wanted, seen, facts), _left(confirmed, seen, facts)
    reset = confirmed.settings.limit.reset
    if reset is None and due == allowed == ZERO:
        return True
    if reset is not want.limit.reset or (reset and _amount(confirmed) > _amount(wanted) + NOISE):
        return False
    return -NOISE <= due - allowed < CENT


def _left(limited: Possible, seen: Observation, facts: Facts) -> Usd:
    """Return what a limit leaves a key in the limit's own present window."""
    reading, settings = seen.reading, limited.settings
    used = spent(
        reading.counters,
        reading.at,
        settings.limit.reset,
        include_byok=settings.include_byok,
        now=facts.now,
    )
    return max(ZERO, limited.stop(facts.now) - used)


def _amount(limited: Possible) -> Usd:
    return limited.settings.limit.amount or ZERO


def wish(facts: Facts, standing: Standing) -> Wish:
    """Return the wish for a key: a new generation only where what is wanted has changed."""
    key = standing.seen.key.hash
    known = facts.wishes.get(key)
    same = known is not None and known.want == standing.want
    return Wish(
        key=key,
        want=standing.want,
        reason=standing.reason,
        at=facts.now,
        generation=known.generation + (not same) if known else int(facts.now.timestamp()),
        urgent=_is_urgent(facts, standing),
        hours_left=_hours_left(standing),
        budget=standing.binding.budget.name
        if standing.binding and standing.binding.budget
        else None,
    )


def _is_urgent(facts: Facts, standing: Standing) -> bool:
    """Tell whether the key can, at present, spend more than it should."""
    if isinstance(standing.want, Disable):
        return True
    if standing.headroom is None or standing.binding is None:
        return False
    limits = reach(standing.seen, standing.hold, facts)
    if limits is None or limits.kept is None:
        return True
    most, _ = limits.exposures(standing.binding)
    return most > standing.headroom + NOISE


def _hours_left(standing: Standing) -> Decimal:
    burn = standing.seen.burn(include_byok=True)
    if standing.headroom is None or burn <= 0:
        return NEVER_DRY
    return min(NEVER_DRY, (standing.headroom / burn).quantize(CENT))
