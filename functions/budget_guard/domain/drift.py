"""What a look at a key's guardrail tells: what took effect of what was sent, and who changed it."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from budget_guard.domain.holds import SETTLE, Override
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.restriction import Restriction, Sent
from budget_guard.domain.settling import REAPPLIED_AT_MOST
from budget_guard.domain.windows import Window, end


class Slot(NamedTuple):
    """The guardrail of a key, as read between `began` and `at`: None if it has none."""

    guardrail: str | None
    began: datetime
    at: datetime


def settled(known: Restriction, slot: Slot) -> tuple[Restriction, Sent | None]:
    """Return what is known after a look, and what was sent that it shows to have taken effect.

    What was sent so long ago that it never will is forgotten.
    """
    found = next((one for one in reversed(known.sent) if one.guardrail == slot.guardrail), None)
    open_ = tuple(one for one in known.sent if one is not found and slot.began - one.at < SETTLE)
    seen = replace(known, sent=open_)
    if found is None or slot.guardrail == known.placed:
        return seen, None
    placed = None if slot.guardrail == known.baseline else slot.guardrail
    return replace(seen, placed=placed, placed_at=slot.at, tries=0), found


def is_too_soon(known: Restriction, slot: Slot) -> bool:
    """Tell whether a look cannot say yet whether a person changed what the guard placed."""
    if known.placed is None or slot.guardrail == known.placed or known.placed_at is None:
        return False
    return slot.began - known.placed_at < SETTLE


def is_overridden(known: Restriction, slot: Slot) -> bool:
    """Tell whether a person changed what the guard placed."""
    return known.placed is not None and slot.guardrail != known.placed


def let_go(known: Restriction, slot: Slot, on_override: OnOverride) -> Restriction:
    """Return it after a person changed the guardrail: theirs is the baseline from now on.

    The guard leaves it alone until the next 00:00 UTC; with `reapply`, three times it does not.
    """
    change = f"guardrail {known.called(known.placed)} became {known.called(slot.guardrail)}"
    seen = replace(
        known,
        baseline=slot.guardrail,
        placed=None,
        sent=(),
        override=Override(slot.at, change),
    )
    if on_override is OnOverride.REAPPLY and known.reapplied < REAPPLIED_AT_MOST:
        return replace(seen, reapplied=known.reapplied + 1)
    return replace(seen, let_go_until=end(Window.DAILY, slot.at))


def touched(known: Restriction, slot: Slot) -> Restriction:
    """Return it before the guard places anything: what is there now is what comes back."""
    return replace(known, baseline=slot.guardrail) if known.placed is None else known
