"""A key is deleted, and counted as it must be from then on."""

from dataclasses import replace

from budget_guard.domain.errors import KeyGone
from budget_guard.domain.holds import HoldState
from budget_guard.domain.keys import Reading, Spent
from budget_guard.domain.observations import observe, observe_gone
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.rotation.rotating import Rotating


def delete_key(key: str, lease: Lease, to: Rotating) -> None:
    """Delete a key; again is as well. Its hash should be dropped from lists before.

    One that was never used, or is off, took no more than its last reading says; any other counts as
    deleted keys do: with all that it could still spend.
    """
    last = _read(key, to)
    to.keys.delete(key)
    seen, hold = to.ledger.observation(key), to.ledger.hold(key)
    if last or seen:
        gone = observe(seen, last) if last else seen
        if gone:
            to.ledger.save(observe_gone(gone, to.clock()), lease=lease)
    if hold and last:
        is_spent = last.settings.disabled or last.counters.lifetime == Spent()
        state = HoldState.RELEASED if is_spent else HoldState.GONE
        to.ledger.save(replace(hold, state=state, intents=()), lease=lease)


def _read(key: str, to: Rotating) -> Reading | None:
    try:
        return to.openrouter.key(key)
    except KeyGone:
        return None
