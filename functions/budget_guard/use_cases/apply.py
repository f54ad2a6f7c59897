"""Bring one key to what is wished, in steps that survive a kill between any two of them.

Read the key; write down the baseline and the intent; PATCH; write down the answer. "Applied" is
what the answer says; an intent without an answer stays open, and its values count as possible.
"""

from dataclasses import replace

from budget_guard.domain import settling, words
from budget_guard.domain.answered import allows_more
from budget_guard.domain.errors import KeyGone, ProviderError, ProviderRejected, WishReplaced
from budget_guard.domain.holds import Hold, HoldState
from budget_guard.domain.keys import Limit, Reading, Settings
from budget_guard.domain.wishes import Disable, Fence, Restore, Wish
from budget_guard.use_cases.outcomes import Outcome, Result, done, failed, gone
from budget_guard.use_cases.patching import Enforcement, audit, patch, second_try


def apply(wish: Wish, to: Enforcement) -> Result:
    """Make the key what `wish` says, or record why not.

    Raises `LeaseLost` and `LedgerUnavailable`; OpenRouter's errors are recorded and reported.
    """
    known = to.ledger.hold(wish.key)
    try:
        reading = to.openrouter.key(wish.key)
        return _apply(wish, known, reading, to)
    except KeyGone:
        return gone(wish, to)
    except WishReplaced as error:
        return Result(wish, Outcome.WAITS, str(error))
    except ProviderError as error:
        return failed(wish, error, to)


def _apply(wish: Wish, known: Hold | None, reading: Reading, to: Enforcement) -> Result:
    hold = _settled(known, reading, to) if known else None
    if isinstance(wish.want, Disable):
        return _bring_about(wish, hold, reading, to)
    if hold and hold.let_go_until and to.now < hold.let_go_until:
        return _let_go(wish, hold, reading, to)
    if hold and settling.is_unsettled(hold, reading):
        return Result(wish, Outcome.WAITS, "too soon after the last change", reading.key.name)
    if hold and (changed := settling.overridden(hold, reading)):
        hold = settling.let_go(hold, changed, reading, to.on_override)
        if hold.let_go_until:
            return _let_go(wish, hold, reading, to)
    return _bring_about(wish, hold, reading, to)


def _yielding(hold: Hold | None, reading: Reading, to: Enforcement) -> Hold:
    """Return the hold to stop a key with: what a person changed stays theirs, and let go."""
    if hold and (changed := settling.overridden(hold, reading)):
        hold = settling.let_go(hold, changed, reading, to.on_override)
    touched = settling.first_touch(hold, reading)
    return replace(touched, let_go_until=hold.let_go_until) if hold else touched


def _bring_about(wish: Wish, hold: Hold | None, reading: Reading, to: Enforcement) -> Result:
    match wish.want:
        case Fence():
            return _fence(wish, wish.want, settling.first_touch(hold, reading), reading, to)
        case Disable():
            return _disable(wish, _yielding(hold, reading, to), reading, to)
        case Restore() if hold and (hold.state is HoldState.HELD or hold.intents):
            return _restore(wish, wish.want, hold, reading, to)
        case Restore():
            to.ledger.finish(wish, lease=to.lease)
            return Result(wish, Outcome.ALREADY, "not held", reading.key.name)


def _settled(known: Hold, reading: Reading, to: Enforcement) -> Hold:
    """Record the open intents that the reading shows to have taken effect."""
    settled = settling.settle(known, reading)
    if settled.answered:
        before = known.confirmed.settings if known.confirmed else known.baseline
        trail = [audit(one, before, reading) for one in settled.answered]
        to.ledger.save(settled.hold, *trail, lease=to.lease)
    return settled.hold


def _fence(wish: Wish, want: Fence, hold: Hold, reading: Reading, to: Enforcement) -> Result:
    sent = _within_extra(want, hold, reading)
    goal = settling.target(sent, hold, reading)
    if _is_in_force(hold, goal, reading):
        return done(wish, hold, Outcome.ALREADY, reading, to)
    hold, answer = patch(wish, hold, goal, reading, to)
    if answer.settings.limit != goal.limit or answer.settings.include_byok != goal.include_byok:
        asked, told = words.settings(goal), words.settings(answer.settings)
        message = f"OpenRouter was asked for {asked} on key {wish.key[:12]} and answered {told}"
        raise ProviderRejected(message, status=200)
    if allows_more(want, answer):
        hold, answer = second_try(wish, want, hold, answer, to)
    else:
        hold = replace(hold, gave_up=None)
    hold = replace(hold, froze=False)
    return done(wish, hold, Outcome.APPLIED, answer, to, before=reading.settings)


def _disable(wish: Wish, hold: Hold, reading: Reading, to: Enforcement) -> Result:
    """Stop the key by its off switch, and note that the guard did it: only then may it undo it."""
    if reading.settings.disabled and not hold.intents:
        to.ledger.finish(wish, lease=to.lease)
        return Result(wish, Outcome.ALREADY, "it is disabled", reading.key.name)
    goal = settling.target(wish.want, hold, reading)
    froze = replace(hold, froze=hold.froze or not reading.settings.disabled)
    froze, answer = patch(wish, froze, goal, reading, to)
    return done(wish, froze, Outcome.APPLIED, answer, to, before=reading.settings)


def _within_extra(want: Fence, hold: Hold, reading: Reading) -> Fence:
    """Return the fence to send where OpenRouter is known to count the limit from elsewhere."""
    confirmed = hold.confirmed
    if not confirmed or confirmed.settings.limit.reset is not want.limit.reset:
        return want
    more = confirmed.stop(reading.at) - (confirmed.settings.limit.amount or 0)
    if not more or not more.is_finite() or want.limit.amount is None:
        return want
    amount = want.limit.amount - more
    return replace(want, limit=Limit(amount, want.limit.reset)) if amount > 0 else want


def _restore(wish: Wish, want: Restore, hold: Hold, reading: Reading, to: Enforcement) -> Result:
    goal = settling.target(want, hold, reading)
    answer = reading
    if hold.intents or goal != reading.settings:
        was = hold.confirmed
        hold, answer = patch(wish, hold, goal, reading, to)
        own = Fence(goal.limit, goal.include_byok)
        if was and not want.for_good and goal.limit.amount and allows_more(own, answer):
            return _keep(wish, hold, was.settings, answer, to)
    released = replace(hold, state=HoldState.RELEASED, intents=(), keep_until=None)
    released = replace(released, gave_up=None, froze=False)
    return done(wish, released, Outcome.APPLIED, answer, to, before=reading.settings)


def _keep(wish: Wish, hold: Hold, fenced: Settings, answer: Reading, to: Enforcement) -> Result:
    """Fence the key again: its own limit would let it spend its window's money twice."""
    goal = replace(fenced, disabled=answer.settings.disabled)
    ends = settling.next_roll(to.now, answer, hold.baseline.limit.reset)
    kept = replace(hold, keep_until=ends)
    kept, again = patch(wish, kept, goal, answer, to)
    return done(wish, kept, Outcome.APPLIED, again, to, before=answer.settings)


def _let_go(wish: Wish, hold: Hold, reading: Reading, to: Enforcement) -> Result:
    """Put back the fields that a person did not touch, and leave the key to that person."""
    goal = settling.target(Restore(), hold, reading)
    if goal != reading.settings:
        hold, reading = patch(wish, hold, goal, reading, to)
    to.ledger.save(replace(hold, state=HoldState.LET_GO, intents=(), froze=False), lease=to.lease)
    to.ledger.finish(wish, lease=to.lease)
    change = hold.override.change if hold.override else ""
    return Result(wish, Outcome.LET_GO, f"a person changed it: {change}", reading.key.name)


def _is_in_force(hold: Hold, goal: Settings, reading: Reading) -> bool:
    confirmed = hold.confirmed
    return (
        reading.settings == goal
        and not hold.intents
        and hold.is_held
        and confirmed is not None
        and confirmed.settings.limit == goal.limit
    )
