"""What OpenRouter does not document, as settings: a guard must be right under every one of them."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

NOTHING = timedelta(0)


class LimitCount(StrEnum):
    """Which spend a limit counts after it was changed in the middle of a window.

    `CONTINUES`: all of the window (presumed; the `usage_*` counters do so). `RESTARTS_WITH_RESET`:
    only what follows a change of `limit_reset`. `RESTARTS_WITH_ANY`: what follows any change of
    `limit` or `limit_reset`. Source: none; no document says it.
    """

    CONTINUES = "continues"
    RESTARTS_WITH_RESET = "restarts_with_reset"
    RESTARTS_WITH_ANY = "restarts_with_any"


class Staleness(StrEnum):
    """What an old counter looks like right after a window rolled.

    `LATE_CHARGES`: the new window's counter, which lacks the latest charges. `OLD_SNAPSHOT`: the
    old window's counter, as if nothing had rolled. Source: none.
    """

    LATE_CHARGES = "late_charges"
    OLD_SNAPSHOT = "old_snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One of the ways in which the real service may behave; the defaults are the likely ones.

    - `accepts_zero_limit`: `limit: 0` passes; else 400. Others use it; no document allows it.
    - `patch_delay`: how long requests are still checked against the terms before a PATCH. Said to
      be nothing for workspace budgets (OpenAPI file); not said for keys.
    - `patch_shown_late`: until then GET shows the old terms too. Not documented.
    - `deletion_delay`: how long a deleted key still spends. A blog says none.
    - `counters_age`: `usage*`, `byok_usage*` and `limit_remaining` are shown as they were this long
      ago. No document promises fresh ones; clients saw seconds.
    - `staleness`: see `Staleness`.
    - `limit_count`: see `LimitCount`.
    - `remaining_below_zero`: an overspent key shows a negative `limit_remaining` (seen by clients);
      else 0.
    - `spent_limit_status`: the answer to a key whose limit is spent. 403 in the newer documents
      (guide "Capping shared agent keys"), 402 in the older ones (API reference "Limits").
    - `in_flight_counted`: requests under way count, by what they reserved, when the next is
      admitted. Documented for the account only, not for a key's limit.
    - `credits_for_inference_key`: GET /credits with an inference key answers zeros (seen by
      clients) or refuses with 403 (OpenAPI file).
    """

    accepts_zero_limit: bool = True
    patch_delay: timedelta = NOTHING
    patch_shown_late: bool = False
    deletion_delay: timedelta = NOTHING
    counters_age: timedelta = NOTHING
    staleness: Staleness = Staleness.LATE_CHARGES
    limit_count: LimitCount = LimitCount.CONTINUES
    remaining_below_zero: bool = True
    spent_limit_status: Literal[402, 403] = 403
    in_flight_counted: bool = False
    credits_for_inference_key: Literal["zeros", "refused"] = "zeros"
