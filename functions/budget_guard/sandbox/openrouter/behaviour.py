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
    - `guardrail_refusal_status`: the answer to a model or provider that a guardrail excludes. 404
      seen by clients; the guide "Guardrails" says 403.
    - `lifetime_refusal_status`: the answer to a key that outlives the account's maximum. Documented
      is only that its requests are rejected.
    - `lifetime_checked_at_creation`: POST /keys refuses such a key with 400; else it is created, and
      of no use. Not documented.
    - `global_byok_listed`: GET /byok shows credentials that are for every workspace whichever
      workspace is asked for, or only where none is. Not documented.
    - `allowlist_covers_management`: the account's IP allowlist binds the management key too. The
      guide says "every API key", and does not name that one.
    - `in_flight_counted`: requests under way count, by what they reserved, when the next is
      admitted. Documented for the account only, not for a key's limit.
    - `credits_for_inference_key`: GET /credits with an inference key answers zeros (seen by
      clients) or refuses with 403 (OpenAPI file).
    - `generation_delay`: GET /generation answers 404 for so long. Clients saw 0.5 to 2 s.
    - `analytics_age`: analytics lack what was charged since this long ago. Not documented.
    - `analytics_unknown`: metrics and dimensions that neither `/analytics/meta` nor a query knows.
      No name is promised: they are to be discovered.
    - `analytics_counts`: counts are strings (official skills), numbers (OpenAPI file), or one and
      the other from row to row (the default, since both are seen).
    - `analytics_long_times`: time buckets as in the OpenAPI file's example
      (`2025-01-01T00:00:00.000Z`), else as seen in answers (`2025-01-01 10:00:00`, `2025-01-01`).
    - `analytics_whole_buckets`: a bucket that the time range only touches comes whole (seen where
      the dashboard asks), else what lies outside the range is left out.
    - `analytics_cached`: answers say `cachedAt`.
    - `analytics_per_minute`: so many requests in 60 s of the account's clock, then 429 (official
      skills: 64); None for any number. While the clock stands still nothing frees a refused caller.
    - `analytics_models`: what rows call a model: its permaslug (official skill
      "openrouter-analytics-schema"), its name for display (skill "openrouter-analytics-query", in
      words), or its slug (the same skill's examples).
    - `analytics_forgets_deleted`: the hash of a deleted key cannot be resolved. Not documented.
    - `activity_age`: GET /activity lacks what was charged since this long ago, so that yesterday
      grows after midnight. When a day is final is not documented.
    - `activity_dates`: `2026-06-03` (OpenAPI file) or `2026-06-03 00:00:00` (seen by clients).
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
    guardrail_refusal_status: Literal[403, 404] = 404
    lifetime_refusal_status: Literal[401, 403] = 403
    lifetime_checked_at_creation: bool = True
    global_byok_listed: Literal["always", "unless a workspace is named"] = "always"
    allowlist_covers_management: bool = True
    in_flight_counted: bool = False
    credits_for_inference_key: Literal["zeros", "refused"] = "zeros"
    generation_delay: timedelta = timedelta(seconds=2)
    analytics_age: timedelta = NOTHING
    analytics_unknown: frozenset[str] = frozenset()
    analytics_counts: Literal["alternating", "strings", "numbers"] = "alternating"
    analytics_long_times: bool = False
    analytics_whole_buckets: bool = False
    analytics_cached: bool = False
    analytics_per_minute: int | None = 64
    analytics_models: Literal["permaslug", "name", "slug"] = "permaslug"
    analytics_forgets_deleted: bool = False
    activity_age: timedelta = NOTHING
    activity_dates: Literal["day", "moment"] = "day"
