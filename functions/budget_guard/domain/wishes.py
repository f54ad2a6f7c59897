"""What `evaluate` wants of one key, for `enforce` to bring about."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from budget_guard.domain.keys import Limit


@dataclass(frozen=True, slots=True)
class Fence:
    """Refuse the key beyond `limit`, counting BYOK or not."""

    limit: Limit
    include_byok: bool


@dataclass(frozen=True, slots=True)
class Restore:
    """Give the key back the settings it had before the guard first touched it.

    `for_good`: a person wants that, so the key goes back even if its own limit starts afresh.
    """

    for_good: bool = False


@dataclass(frozen=True, slots=True)
class Disable:
    """Stop the key by its off switch, whatever its limit: a person froze it."""

    disabled: bool = True


type Want = Fence | Restore | Disable


@dataclass(frozen=True, slots=True)
class Wish:
    """What a key should be, since when (logical time), and why, in words for people.

    `generation` grows with every change of mind; a newer wish replaces an older one whole.
    `urgent`: this lowers what the key can spend. `hours_left`: until it would be dry; the least
    goes first. `budget`: whose constraint binds, None for the key's own limit or a release.
    """

    key: str
    want: Want
    reason: str
    at: datetime
    generation: int
    urgent: bool
    hours_left: Decimal
    budget: str | None = None
