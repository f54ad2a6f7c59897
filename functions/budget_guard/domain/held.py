"""What of a hold is the guard's own."""

from budget_guard.domain.holds import Hold, HoldState, Possible


def is_ours(hold: Hold) -> bool:
    """Tell whether the guard has changed a key, or may have, and not given it back."""
    return hold.state is HoldState.HELD and (hold.confirmed is not None or bool(hold.intents))


def kept(hold: Hold) -> Possible | None:
    """Return the limit that comes to stay if nothing new is wished: the last one sent."""
    if hold.intents:
        return Possible(hold.intents[-1].settings)
    return hold.confirmed
