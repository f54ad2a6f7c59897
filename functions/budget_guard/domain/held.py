"""What of a hold, and of a restriction, is the guard's own."""

from collections.abc import Iterable

from budget_guard.domain.holds import Hold, HoldState, Possible
from budget_guard.domain.restriction import Restriction


def is_ours(hold: Hold) -> bool:
    """Tell whether the guard has changed a key, or may have, and not given it back."""
    return hold.state is HoldState.HELD and (hold.confirmed is not None or bool(hold.intents))


def kept(hold: Hold) -> Possible | None:
    """Return the limit that comes to stay if nothing new is wished: the last one sent."""
    if hold.intents:
        return Possible(hold.intents[-1].settings)
    return hold.confirmed


def in_hand(holds: Iterable[Hold], restrictions: Iterable[Restriction]) -> frozenset[str]:
    """Return the keys whose limit or guardrail is, or may be, the guard's."""
    held = frozenset(one.key for one in holds if is_ours(one))
    return held.union(one.key for one in restrictions if one.is_ours)
