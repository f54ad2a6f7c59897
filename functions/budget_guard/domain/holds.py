"""What the guard holds of a key, and the most that key can still spend if nobody acts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from budget_guard.domain.keys import Counters, Limit, Settings
from budget_guard.domain.money import ZERO, Usd
from budget_guard.domain.windows import Window, end, start

BITES = timedelta(seconds=60)
"""How long after its answer a PATCH may take effect (OpenRouter states no bound)."""
SETTLE = 2 * BITES
"""After this a reading shows all that was spent before a PATCH took effect: 60 s until it bites,
and counters that are up to 60 s old."""
UNLIMITED: Usd = Decimal("Infinity")
FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Possible:
    """Settings that may be in force.

    `extra` is what OpenRouter was seen to allow beyond `limit` minus its counter (USD), until
    `extra_until`: what a changed limit counts from is not documented.
    """

    settings: Settings
    extra: Usd = ZERO
    extra_until: datetime = FOR_EVER

    def stop(self, at: datetime) -> Usd:
        """Return the counter at which the key is refused by this limit at `at`."""
        amount = self.settings.limit.amount
        if amount is None:
            return UNLIMITED
        return amount + self.extra if self.extra and at < self.extra_until else amount


@dataclass(frozen=True, slots=True)
class Intent:
    """A PATCH that was, or was about to be, sent. `id` names its audit record."""

    id: str
    settings: Settings
    sent_at: datetime
    reason: str
    run: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """Settings that a confirmed PATCH replaced at `at`; possible until that has settled."""

    possible: Possible
    at: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """A person's (or Terraform's) change to what the guard held, in words, seen at `at`."""

    at: datetime
    change: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often in a row what is wanted failed at OpenRouter, and what it said last.

    `for_good`: it refused (4xx), rather than being out of reach.
    """

    count: int
    first_at: datetime
    last_at: datetime
    message: str
    for_good: bool

    @property
    def is_failure(self) -> bool:
        """Tell whether people must hear of it: 5 in a row, over 10 minutes."""
        return self.count >= 5 and self.last_at - self.first_at >= timedelta(minutes=10)


class HoldState(StrEnum):
    """Where a hold stands."""

    HELD = "held"
    LET_GO = "let-go"
    RELEASED = "released"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Hold:
    """What the ledger keeps of a key that the guard has touched.

    `baseline`: its settings before the first touch, field by field. `confirmed`: what OpenRouter
    last answered, at `confirmed_at`. `keep_until`: a restore did not bring the window's counter
    back, so the key's own limit is held until then. `let_go_until`: a person won until then.
    `gave_up`: the limit that OpenRouter did not count as it should, so that the key is disabled.
    `froze`: the guard disabled the key by a person's word, having read that it was enabled.
    `portion`: what the last confirmed fence let the key spend when it was confirmed (USD).
    """

    key: str
    baseline: Settings
    confirmed: Possible | None = None
    confirmed_at: datetime | None = None
    intents: tuple[Intent, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    state: HoldState = HoldState.HELD
    let_go_until: datetime | None = None
    keep_until: datetime | None = None
    gave_up: Limit | None = None
    froze: bool = False
    portion: Usd = ZERO
    override: Override | None = None
    reapplied: int = 0
    refusals: Refusals | None = None

    @property
    def is_held(self) -> bool:
        """Tell whether the guard's fence was confirmed and nobody has changed it since."""
        return self.state is HoldState.HELD and self.confirmed is not None

    def possible(self, read_began: datetime) -> tuple[Possible, ...]:
        """Return all settings that may be, or have been, in force since a read that began then."""
        if not self.replaced and not self.intents:
            return (self.confirmed,) if self.confirmed else ()
        recent = (one.possible for one in self.replaced if read_began - one.at < SETTLE)
        sent = (Possible(intent.settings) for intent in self.intents)
        confirmed = (self.confirmed,) if self.confirmed else ()
        return (*confirmed, *sent, *recent)


def exposure(
    possible: Iterable[Possible],
    counters: Counters,
    read_at: datetime,
    *,
    window: Window | None,
    byok: bool,
    now: datetime,
) -> Usd:
    """Return the most the key can still spend, counted from `counters` as read at `read_at`.

    Only what falls into the instance of `window` that contains `now` counts; with None, all
    time does. With `byok`, BYOK spend counts too: a limit that does not count it bounds nothing. Limits that reset by themselves count once for each instance still to come.
    Whichever of the possible limits are in force by turns until the next 00:00 UTC, and whichever
    one stays, no more than this is spent: the greatest part under way, and the greatest part still
    to begin.
    """
    parts = [_parts(one, counters, read_at, window=window, byok=byok, now=now) for one in possible]
    if not parts:
        return UNLIMITED
    return max(under_way for under_way, _ in parts) + max(to_come for _, to_come in parts)


def _parts(
    one: Possible,
    counters: Counters,
    read_at: datetime,
    *,
    window: Window | None,
    byok: bool,
    now: datetime,
) -> tuple[Usd, Usd]:
    if one.settings.disabled:
        return ZERO, ZERO
    limit = one.settings.limit
    if limit.amount is None or (byok and not one.settings.include_byok):
        return UNLIMITED, ZERO
    used = counters.of(limit.reset).counted(include_byok=one.settings.include_byok)
    under_way = max(ZERO, one.stop(read_at) - used)
    if limit.reset is None:
        return under_way, ZERO
    if window is None:
        return under_way, UNLIMITED if limit.amount else ZERO
    if end(limit.reset, read_at) <= start(window, now):
        under_way = ZERO
    return under_way, limit.amount * _instances(limit.reset, window, read_at, now)


def _instances(reset: Window, window: Window, read_at: datetime, now: datetime) -> int:
    """Count the limit's instances that begin after the reading and touch the window's present."""
    opens, closes = start(window, now), end(window, now)
    count, begins = 0, end(reset, read_at)
    while begins < closes:
        ends = end(reset, begins)
        count += ends > opens
        begins = ends
    return count
