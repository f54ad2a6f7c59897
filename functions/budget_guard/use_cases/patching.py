"""One PATCH, written ahead: the intent before it, the answer after it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from budget_guard.domain import commands, settling
from budget_guard.domain.answered import allows_more, corrected
from budget_guard.domain.audit import Audit
from budget_guard.domain.holds import BITES, Hold, HoldState, Intent
from budget_guard.domain.keys import Reading, Settings
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.wishes import Fence, Wish
from budget_guard.use_cases.hold_ledger import HoldLedger
from budget_guard.use_cases.leases import Lease
from budget_guard.use_cases.ports import Change, OpenRouter


@dataclass(frozen=True, slots=True)
class Enforcement:
    """What applying a wish needs: the world, the lease, this run's name, and the policy."""

    openrouter: OpenRouter
    ledger: HoldLedger
    lease: Lease
    run: str
    now: datetime
    on_override: OnOverride
    new_id: Callable[[], str] = lambda: uuid4().hex


def patch(
    wish: Wish, hold: Hold, goal: Settings, reading: Reading, to: Enforcement
) -> tuple[Hold, Reading]:
    """Make the key's settings `goal`; return the hold and OpenRouter's answer, both on record.

    Only what differs from `reading`, or what an open intent may still make differ, is sent; where
    nothing does, nothing is. Killed at any point, what may be in force is in the hold. Raises
    `WishReplaced`, having sent nothing, where `evaluate` has changed its mind meanwhile.
    """
    held = replace(hold, state=HoldState.HELD)
    change = _change(held, goal, reading)
    if change == Change():
        return settling.confirm(held, reading), reading
    same = next((one for one in hold.intents if one.settings == goal), None)
    intent = same or Intent(to.new_id(), goal, reading.at, wish.reason, to.run)
    others = tuple(one for one in hold.intents if one != intent)
    to.ledger.save(replace(held, intents=(*others, intent)), lease=to.lease, wish=wish)
    answer = to.openrouter.change(wish.key, change)
    confirmed = settling.confirm(replace(held, intents=others), answer)
    to.ledger.save(confirmed, audit(intent, reading.settings, answer), lease=to.lease)
    return confirmed, answer


def _change(hold: Hold, goal: Settings, reading: Reading) -> Change:
    """Return the fields that differ, or that an open intent may still make differ.

    Or an answer of the last minute: what it says may take effect, and be shown, only now.
    """
    may_be = [reading.settings, *(intent.settings for intent in hold.intents)]
    may_be += [hold.confirmed.settings] if hold.is_held and hold.confirmed else []
    may_be += [one.possible.settings for one in hold.replaced if reading.began - one.at < BITES]
    return Change(
        limit=goal.limit if any(one.limit != goal.limit for one in may_be) else None,
        include_byok=goal.include_byok
        if any(one.include_byok != goal.include_byok for one in may_be)
        else None,
        # A person may switch the key at any moment: what the guard does not set, it never sends.
        disabled=goal.disabled
        if goal.disabled != reading.settings.disabled
        or ((hold.gave_up or hold.froze) and any(one.disabled != goal.disabled for one in may_be))
        else None,
    )


def second_try(
    wish: Wish, want: Fence, hold: Hold, answer: Reading, to: Enforcement
) -> tuple[Hold, Reading]:
    """Send the limit once more as OpenRouter was seen to count it; if that fails too, disable."""
    once_more = settling.target(corrected(want, answer), hold, answer)
    hold, again = patch(wish, hold, once_more, answer, to)
    if not allows_more(want, again):
        return replace(hold, gave_up=None), again
    stop = replace(again.settings, disabled=True)
    return patch(wish, replace(hold, gave_up=want.limit), stop, again, to)


def audit(intent: Intent, before: Settings, answer: Reading) -> Audit:
    """Return the record of a PATCH that took effect."""
    return Audit(
        id=intent.id,
        key=answer.key.hash,
        name=answer.key.name,
        before=before,
        after=answer.settings,
        reason=intent.reason,
        run=intent.run,
        at=answer.at,
        undo=_undo(answer, before),
    )


def _undo(answer: Reading, before: Settings) -> str:
    """Return the command that takes a change back."""
    key = answer.key.hash
    if answer.settings.disabled and not before.disabled:
        return f"budget-guard freeze --end {key[: commands.SHORT_HASH]}"
    return commands.release(key)
