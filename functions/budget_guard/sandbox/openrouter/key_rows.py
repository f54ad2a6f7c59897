"""What the account shows of a key: as late and as stale as its behaviour says."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from budget_guard.sandbox.openrouter import wire
from budget_guard.sandbox.openrouter.behaviour import Staleness
from budget_guard.sandbox.openrouter.guardrails.layers import budgets
from budget_guard.sandbox.openrouter.key_budget import KeyBudget
from budget_guard.sandbox.openrouter.keys import SimulatedKey, Terms, counters, remaining

if TYPE_CHECKING:
    from budget_guard.sandbox.openrouter.account import Account


def shown_terms(account: "Account", key: SimulatedKey) -> Terms:
    """Return the terms that are shown: those enforced, where a PATCH is shown late."""
    late = account.behaviour.patch_shown_late
    return key.enforced(account.clock.now) if late else key.terms


def key_row(
    account: "Account",
    key: SimulatedKey,
    age: timedelta | None = None,
    terms: Terms | None = None,
) -> dict[str, Any]:
    """Return the Key object, its counters as they were `age` ago; `terms` if they are known."""
    behaviour, now = account.behaviour, account.clock.now
    seen = now - (behaviour.counters_age if age is None else age)
    calendar = seen if behaviour.staleness is Staleness.OLD_SNAPSHOT else now
    shown, tally = terms or shown_terms(account, key), account.books.tallies[key.hash]
    left = remaining(shown, tally, seen=seen, calendar=calendar)
    if left is not None and not behaviour.remaining_below_zero:
        left = max(left, Decimal(0))
    figures = counters(tally, seen=seen, calendar=calendar)
    return wire.key_row(key, shown.settings, figures, left, tally.last)


def current_row(account: "Account", key: SimulatedKey, age: timedelta | None) -> dict[str, Any]:
    """Return what GET /key says to this key."""
    row = key_row(account, key, age)
    return wire.current_row(row, account.clock.now, [*budgets(account, key), *_own_budget(row)])


def _own_budget(row: dict[str, Any]) -> list[KeyBudget]:
    if row["limit"] is None:
        return []
    return [
        KeyBudget(
            scope="key_limit",
            limit=row["limit"],
            spent=row["limit"] - row["limit_remaining"],
            reset=row["limit_reset"],
            include_byok=row["include_byok_in_limit"],
        )
    ]
