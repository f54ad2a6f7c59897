"""What the ledger keeps of each key's readings: the newest, and what would be lost without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from budget_guard.domain.keys import Counters, Key, Reading, Spent
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window, same_instance

HOURS_KEPT = 48
BURN_OVER = timedelta(hours=2)
SECOND = timedelta(seconds=1)
UNBOUNDED: Usd = Decimal("Infinity")
FORMER_KEPT = timedelta(days=31)
ROLL_MARGIN = timedelta(seconds=60)
"""How old OpenRouter's counters may be: so long after a roll they can still be the old window's."""


@dataclass(frozen=True, slots=True)
class HourMark:
    """The lifetime counters as they were first seen in an hour."""

    hour: datetime
    spent: Spent


@dataclass(frozen=True, slots=True)
class Former:
    """Who a key was before it was renamed or moved, and what it had spent when that was seen."""

    key: Key
    counters: Counters
    at: datetime


@dataclass(frozen=True, slots=True)
class Jump:
    """Counters that grew by more in one poll, seen at `at`, than `safety.max_jump` takes for likely.

    `before` is what they were at `before_at`.
    """

    at: datetime
    before: Counters
    before_at: datetime


@dataclass(frozen=True, slots=True)
class Observation:
    """The newest reading of a key, with 48 hours of marks, its former names, and its last jump.

    `gone_at` is when OpenRouter answered 404 for it; the reading is then its last.
    """

    reading: Reading
    hours: Sequence[HourMark] = ()
    former: tuple[Former, ...] = ()
    gone_at: datetime | None = None
    jump: Jump | None = None

    @property
    def key(self) -> Key:
        """Return who the key was when it was last read."""
        return self.reading.key

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the row that says just this, so that it need not be read again.

        It is "" where `observe` would make something of that row: another mark, an end of `former`.
        """
        return self.reading.fingerprint if self.is_shown_by(self.reading) else ""

    def same_facts(self, other: "Observation") -> bool:
        """Tell whether nothing differs but the times of the readings."""
        mine = self.reading
        return self == replace(other, reading=replace(other.reading, began=mine.began, at=mine.at))

    def is_shown_by(self, reading: Reading) -> bool:
        """Tell whether `reading` says nothing new: `observe` would change times, if anything."""
        known = self.reading
        return (
            reading.counters == known.counters
            and reading.settings == known.settings
            and reading.limit_remaining == known.limit_remaining
            and reading.key == known.key
            and not (self.gone_at or self.former)
            and bool(self.hours)
            and self.hours[-1].spent == reading.counters.lifetime
        )

    def burn(self, *, include_byok: bool) -> Usd:
        """Return USD per hour over the last two hours of marks; 0 where nothing is known."""
        spent, seconds = self.lately(include_byok=include_byok)
        return spent / (Decimal(seconds) / 3600) if spent else ZERO

    def lately(self, *, include_byok: bool) -> tuple[Usd, int]:
        """Return what was spent over the last two hours of marks, and in how many seconds.

        (0, 0) where nothing was, or is known; never much in less than a minute.
        """
        until, since = self.reading.at, None
        earliest = until - BURN_OVER
        for mark in reversed(self.hours):
            if mark.hour < earliest:
                break
            since = mark
        if since is None or since.hour >= until:
            return ZERO, 0
        ever, was = self.reading.counters.lifetime, since.spent
        spent = ever.credits - was.credits
        if include_byok and ever.byok:
            spent += ever.byok - was.byok
        if spent <= ZERO:
            return ZERO, 0
        return spent, max((until - since.hour) // SECOND, 60)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last poll that saw a workspace completely: its keys are as observed at that time."""

    workspace: str
    began: datetime
    at: datetime


def is_ambiguous(began: datetime) -> bool:
    """Tell whether counters read then could still be those of the window that has just ended."""
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    return began - midnight < ROLL_MARGIN


def observe(before: Observation | None, reading: Reading, max_jump: Usd = UNBOUNDED) -> Observation:
    """Return what is known of the key after `reading`; growth beyond `max_jump` (USD) is marked.

    Within a window instance no counter goes down, whatever the reading says. An older reading
    than the one known changes nothing.
    """
    if before is None:
        return Observation(reading, hours=_mark((), reading))
    if reading.at < before.reading.at:
        return before
    counters = _never_less(before.reading, reading)
    is_exact = counters == reading.counters
    merged = reading if is_exact else replace(reading, counters=counters, fingerprint="")
    jump = _jump(before.reading, merged, max_jump) or before.jump
    return Observation(merged, _mark(before.hours, merged), _former(before, merged), jump=jump)


def is_news(before: Observation | None, seen: Observation) -> bool:
    """Tell whether there are new facts, or a row that need not be read again from now on."""
    return (
        before is None
        or not before.same_facts(seen)
        or seen.fingerprint not in ("", before.fingerprint)
    )


def observe_gone(before: Observation, at: datetime) -> Observation:
    """Return the last observation of a key that OpenRouter answered 404 for."""
    return before if before.gone_at else replace(before, gone_at=at)


def _never_less(before: Reading, now: Reading) -> Counters:
    windows: Mapping[Window, Spent] = {
        window: now.counters.of(window).at_least(before.counters.of(window))
        if same_instance(window, before.at, now.at)
        else now.counters.of(window)
        for window in Window
    }
    return Counters(now.counters.lifetime.at_least(before.counters.lifetime), windows)


def _jump(before: Reading, now: Reading, max_jump: Usd) -> Jump | None:
    was, is_now = before.counters.lifetime, now.counters.lifetime
    if is_now.counted(include_byok=True) - was.counted(include_byok=True) <= max_jump:
        return None
    return Jump(now.at, before.counters, before.at)


def _mark(hours: Sequence[HourMark], reading: Reading) -> Sequence[HourMark]:
    hour = reading.at.replace(minute=0, second=0, microsecond=0)
    last = hours[-1] if hours else None
    if last and (last.hour == hour or last.spent == reading.counters.lifetime):
        return hours
    return (*hours, HourMark(hour, reading.counters.lifetime))[-HOURS_KEPT:]


def _former(before: Observation, now: Reading) -> tuple[Former, ...]:
    kept = tuple(one for one in before.former if now.at - one.at <= FORMER_KEPT)
    was, is_now = before.key, now.key
    if (was.name, was.workspace, was.creator) == (is_now.name, is_now.workspace, is_now.creator):
        return kept
    return (*kept, Former(was, now.counters, now.at))
