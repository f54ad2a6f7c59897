"""GET /analytics/meta and POST /analytics/query: the generations, counted and grouped."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from budget_guard.sandbox.openrouter.analytics_filters import warnings
from budget_guard.sandbox.openrouter.analytics_names import names
from budget_guard.sandbox.openrouter.analytics_query import Granularity, Operator, asked
from budget_guard.sandbox.openrouter.analytics_rows import groups, rows
from budget_guard.sandbox.openrouter.refusals import Refusal

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Analytics:
    """Answers for one account; every answer counts against the requests of a minute."""

    _account: "Account"
    _asked: deque[datetime] = field(default_factory=deque)

    def meta(self) -> dict[str, Any]:
        """Return the names that a query may use."""
        self._admit()
        return names(self._account.behaviour.analytics_unknown) | {
            "operators": [{"name": one.value, "value_type": one.takes} for one in Operator],
            "granularities": [
                {"name": one.value, "display_label": one.value.title()} for one in Granularity
            ],
        }

    def query(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return rows, whether there were more of them, and what could not be resolved."""
        self._admit()
        account, now = self._account, self._account.clock.now
        query = asked(body, account.behaviour, now)
        found = groups(account, query)
        shown = found[: query.limit]
        answer: dict[str, Any] = {
            "data": rows(account, query, shown),
            "metadata": {
                "query_time_ms": 12,
                "row_count": len(shown),
                "truncated": len(found) > len(shown),
            },
        }
        unresolved = warnings(account, query.filters)
        if unresolved:
            answer["warnings"] = unresolved
        if account.behaviour.analytics_cached:
            answer["cachedAt"] = int((now - account.behaviour.analytics_age).timestamp() * 1000)
        return answer

    def _admit(self) -> None:
        most, now = self._account.behaviour.analytics_per_minute, self._account.clock.now
        while self._asked and self._asked[0] <= now - MINUTE:
            self._asked.popleft()
        if most is not None and len(self._asked) >= most:
            wait = Decimal((self._asked[0] + MINUTE - now).total_seconds())
            seconds = wait.to_integral_value(ROUND_CEILING)
            raise Refusal(429, "Rate limit exceeded", retry_after=seconds)
        self._asked.append(now)
