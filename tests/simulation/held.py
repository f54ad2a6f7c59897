"""Which keys are in the guard's hands, and what a key's limits truly let it spend.

The guard's ledger tells what it holds; what is in force is read from the account's books.
"""

from datetime import datetime
from decimal import Decimal

from budget_guard.domain.holds import Hold
from budget_guard.domain.keys import Limit, Settings
from budget_guard.domain.windows import Window, end
from budget_guard.domain.wishes import Restore
from budget_guard.sandbox.openrouter.keys import SimulatedKey, Terms
from budget_guard.sandbox.openrouter.keys import remaining as left_by
from tests.simulation.guard import Guard
from tests.simulation.truth import NOBODY_KNOWS, ZERO


def is_fenced(guard: Guard, key: SimulatedKey) -> bool:
    """Tell whether a fence of the guard's is in force.

    A key with its own limit, before its first fence or after its last, is in people's hands.
    """
    hold = guard.ledger.hold(key.hash)
    if hold is None or not hold.is_held or hold.confirmed is None or key.deleted_at:
        return False
    own = _limit(hold.baseline)
    if own not in [_limit(one.settings) for one in key.from_now_on(guard.now)]:
        return True
    if hold.froze:
        return False  # it is switched off, once that takes effect: its own limit fences nothing
    return _limit(hold.confirmed.settings) == own and not _may_be_given_back(guard, hold)


def _limit(settings: Settings) -> tuple[Limit, bool]:
    return settings.limit, settings.include_byok


def _may_be_given_back(guard: Guard, hold: Hold) -> bool:
    """Tell whether a key's own limit is in force because the guard gave it back.

    The last line of the restore is not written yet, or the guard has changed its mind since and
    the next fence is not known to be in force. Else the fence happens to be what the own limit is.
    """
    wish = guard.ledger.wishes().get(hold.key)
    is_wished = wish is not None and isinstance(wish.want, Restore)
    return is_wished or bool(hold.intents) or hold.baseline.limit.amount is None


def remaining(guard: Guard, key: SimulatedKey, terms: Terms) -> Decimal | None:
    """Return what a key's limit leaves under `terms`; None if it has none."""
    tally = guard.account.books.tallies[key.hash]
    return left_by(terms, tally, seen=guard.now, calendar=guard.now)


def most(guard: Guard, key: SimulatedKey, window: Window | None) -> Decimal:
    """Return what a key can truly still spend in the window, now or under terms to come."""
    if key.terms.settings.disabled:
        return ZERO
    enabled = [one for one in key.from_now_on(guard.now) if not one.settings.disabled]
    return max(
        _most(one.settings.limit, remaining(guard, key, one), window, guard.now) for one in enabled
    )


def _most(limit: Limit, left: Decimal | None, window: Window | None, now: datetime) -> Decimal:
    if left is None or limit.amount is None:
        return NOBODY_KNOWS
    total = max(ZERO, left)
    if limit.reset is None:
        return total
    if window is None:
        return NOBODY_KNOWS
    begins = end(limit.reset, now)
    while begins < end(window, now):
        total += limit.amount
        begins = end(limit.reset, begins)
    return total
