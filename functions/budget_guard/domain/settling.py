"""What a fresh reading of a key says about its hold: which PATCH took effect, who changed what."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from budget_guard.domain import words
from budget_guard.domain.answered import extra
from budget_guard.domain.holds import (
    BITES,
    FOR_EVER,
    SETTLE,
    Hold,
    Intent,
    Override,
    Possible,
    Replaced,
)
from budget_guard.domain.keys import Reading, Settings
from budget_guard.domain.money import ZERO
from budget_guard.domain.policy import OnOverride
from budget_guard.domain.windows import Window, end
from budget_guard.domain.wishes import Disable, Fence, Restore, Want

REAPPLIED_AT_MOST = 3
REPLACED_KEPT = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """A hold after a reading, and the intents that the reading shows to have taken effect."""

    hold: Hold
    answered: tuple[Intent, ...] = ()


def confirm(hold: Hold, answer: Reading) -> Hold:
    """Return the hold with the answer's settings as what is in force.

    It closes every open intent: what they may have set stays possible until it has settled.
    """
    was = [Possible(intent.settings) for intent in hold.intents]
    was += [hold.confirmed] if hold.confirmed else [Possible(hold.baseline)]
    now = possible_of(answer)
    limit = answer.settings.limit
    used = answer.counters.of(limit.reset).counted(include_byok=answer.settings.include_byok)
    portion = max(ZERO, now.stop(answer.at) - used)
    replaced = tuple(Replaced(one, answer.at) for one in was if one != now)
    return replace(
        hold,
        confirmed=now,
        confirmed_at=answer.at,
        intents=(),
        portion=portion if portion.is_finite() else ZERO,
        replaced=(*hold.replaced, *replaced)[-REPLACED_KEPT:],
    )


def possible_of(answer: Reading) -> Possible:
    """Return an answer's settings with what it allows beyond them."""
    more, reset = extra(answer), answer.settings.limit.reset
    ends = end(reset, answer.at) if reset and more else FOR_EVER
    return Possible(answer.settings, more, ends)


def settle(hold: Hold, reading: Reading) -> Settled:
    """Return the hold after `reading`: an open intent whose values it shows was ours, and held.

    It answers the earlier ones too. Later ones stay open until they have settled, and so do all
    where the reading shows what was in force before them: they may still take effect.
    """
    recent = [one for one in hold.intents if reading.began - one.sent_at < SETTLE]
    before = hold.confirmed.settings if hold.confirmed else hold.baseline
    if recent and len(hold.intents) > 1 and _shows(reading.settings, before):
        return Settled(hold)
    for place, intent in reversed([*enumerate(hold.intents, start=1)]):
        if _shows(reading.settings, intent.settings):
            later = tuple(one for one in hold.intents[place:] if one in recent)
            closed = tuple(one for one in hold.intents if one not in later)
            confirmed = confirm(replace(hold, intents=closed), reading)
            return Settled(replace(confirmed, intents=later), (intent,))
    return Settled(hold)


def _shows(read: Settings, sent: Settings) -> bool:
    return (read.limit, read.include_byok) == (sent.limit, sent.include_byok) and (
        read.disabled or not sent.disabled
    )


def first_touch(hold: Hold | None, reading: Reading) -> Hold:
    """Return the hold to fence a key with: as it is if held, else with what was read as baseline.

    Where the limit read is one that the guard sent and that may still be in force, the earlier
    baseline stays: the guard's own fence must not be taken for a person's. What was answered last,
    when the key was given back, may still be about to take effect.
    """
    if hold is None:
        return Hold(reading.key.hash, reading.settings)
    if hold.is_held:
        return hold
    is_ours = any(reading.settings.limit == one.limit for one in _ours(hold, reading))
    kept = hold.baseline if is_ours else reading.settings
    was, at = hold.confirmed, hold.confirmed_at
    last = (Replaced(was, at),) if was and at and reading.began - at < SETTLE else ()
    return Hold(
        key=reading.key.hash,
        baseline=replace(kept, disabled=reading.settings.disabled),
        intents=hold.intents,
        replaced=(*hold.replaced, *last)[-REPLACED_KEPT:],
        refusals=hold.refusals,
    )


def _ours(hold: Hold, reading: Reading) -> Iterator[Settings]:
    """Yield every setting that the guard sent and that can still show in `reading`."""
    if hold.is_held and hold.confirmed:
        yield hold.confirmed.settings
    yield from (intent.settings for intent in hold.intents)
    for one in hold.replaced:
        if reading.began - one.at < SETTLE and one.possible.settings != hold.baseline:
            yield one.possible.settings


def is_unsettled(hold: Hold, reading: Reading) -> bool:
    """Tell whether a reading is too close to the last answer to tell who set what it shows."""
    return (
        hold.confirmed_at is not None
        and reading.began - hold.confirmed_at < BITES
        and _foreign(hold, reading) is not None
    )


def overridden(hold: Hold, reading: Reading) -> Settings | None:
    """Return the hold's settings with a person's values in the fields that a person changed.

    None where everything read is ours, or while that cannot be told yet. `disabled` belongs to
    people: only the guard's own is a change when it goes.
    """
    return None if is_unsettled(hold, reading) else _foreign(hold, reading)


def _foreign(hold: Hold, reading: Reading) -> Settings | None:
    if not hold.is_held or hold.confirmed is None:
        return None
    ours, read = list(_ours(hold, reading)), reading.settings
    limit = any(read.limit == one.limit for one in ours)
    byok = any(read.include_byok == one.include_byok for one in ours)
    enabled = has_disabled(hold) and hold.confirmed.settings.disabled and not read.disabled
    if limit and byok and not enabled:
        return None
    was = hold.baseline
    return Settings(
        limit=was.limit if limit else read.limit,
        include_byok=was.include_byok if byok else read.include_byok,
        disabled=read.disabled,
    )


def let_go(hold: Hold, baseline: Settings, reading: Reading, policy: OnOverride) -> Hold:
    """Return the hold after a person changed what it held: theirs is the baseline from now on.

    The guard lets the key go until the next 00:00 UTC; with `reapply`, three times it does not.
    """
    was = hold.confirmed.settings if hold.confirmed else hold.baseline
    change = f"{words.settings(was)} became {words.settings(reading.settings)}"
    seen = replace(hold, baseline=baseline, override=Override(reading.at, change))
    if policy is OnOverride.REAPPLY and hold.reapplied < REAPPLIED_AT_MOST:
        return replace(seen, reapplied=hold.reapplied + 1)
    return replace(seen, let_go_until=end(Window.DAILY, reading.at))


def has_disabled(hold: Hold) -> bool:
    """Tell whether the guard itself disabled a key that people had enabled."""
    return hold.froze or (hold.gave_up is not None and not hold.baseline.disabled)


def target(want: Want, hold: Hold, reading: Reading) -> Settings:
    """Return the settings that `want` means for a key that reads so.

    A fence keeps a person's `disabled`. A restore gives each field that still has the guard's
    value its baseline, and leaves the others as they are.
    """
    ours, read, was = list(_ours(hold, reading)), reading.settings, hold.baseline
    disabled = read.disabled and not has_disabled(hold)
    match want:
        case Fence(limit, include_byok):
            return Settings(limit, include_byok, disabled)
        case Disable():
            return replace(read, disabled=True)
        case Restore():
            is_limit = any(read.limit == one.limit for one in ours)
            is_byok = any(read.include_byok == one.include_byok for one in ours)
            return Settings(
                limit=was.limit if is_limit else read.limit,
                include_byok=was.include_byok if is_byok else read.include_byok,
                disabled=disabled,
            )


def next_roll(at: datetime, reading: Reading, window: Window | None) -> datetime:
    """Return until when a key stays held whose own limit did not get its counter back."""
    return FOR_EVER if window is None else end(window, max(at, reading.at))
