"""What answers about the account say; keys are in `keys.py`. Unknown fields are ignored.

Everything raises `ProviderConfusing` naming endpoint and field.
"""

from decimal import Decimal

from budget_guard.adapters.openrouter.answers import Answer, UnusableError
from budget_guard.adapters.openrouter.fields import (
    amount,
    data_of,
    fields_of,
    flag,
    identifier,
    text,
)
from budget_guard.domain.money import Usd
from budget_guard.domain.polls import Workspace


def is_management_key(answer: Answer) -> bool:
    """Return what `GET /key` says of the credential's kind, by its present or its former name."""
    with fields_of(answer) as own:
        former = "is_provisioning_key"
        return flag(
            own,
            former
            if own.get("is_management_key") is None and former in own
            else "is_management_key",
        )


def workspaces(answer: Answer) -> tuple[Workspace, ...]:
    """Return the workspaces of a page of `GET /workspaces`."""
    rows = data_of(answer)
    if not isinstance(rows, list):
        raise answer.unusable(field="data", why="Input should be a list")
    found: list[Workspace] = []
    try:
        found.extend(Workspace(identifier(row, "id"), text(row, "name")) for row in rows)
    except UnusableError as error:
        raise answer.unusable(field=f"data.{len(found)}{error.field}", why=error.why) from None
    except (KeyError, TypeError):
        raise answer.unusable(field=f"data.{len(found)}", why="Field required") from None
    return tuple(found)


def total_count(answer: Answer) -> int | None:
    """Return how many workspaces there are on all pages, if the answer says."""
    count = answer.body.get("total_count") if isinstance(answer.body, dict) else None
    if count is None:
        return None
    whole = int(count) if isinstance(count, Decimal) and count.is_finite() else -1
    if whole < 0 or whole != count:
        raise answer.unusable(field="total_count", why="Input should be a whole number")
    return whole


def balance(answer: Answer) -> Usd:
    """Return what was bought in the account's whole life, less what was used (USD)."""
    with fields_of(answer) as credits_:
        return amount(credits_, "total_credits") - amount(credits_, "total_usage")
