"""The policy as it is shipped: judged when deploying, so functions read it without the judge.

Judging a file needs its model and every rule of it; a cold start would pay for making them.
"""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from budget_guard.domain.errors import BudgetsFileError
from budget_guard.domain.policy import Policy


def dumps(policy: Policy) -> str:
    """Return the policy as one JSON text; amounts are strings, every digit kept."""
    return _form().dump_json(policy).decode()


def loads(text: str | bytes) -> Policy:
    """Return the policy that `dumps` made this text of; else raise `BudgetsFileError`."""
    try:
        return _form().validate_json(text)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, one["loc"])) or "all" for one in error.errors()[:3])
        message = f"The budgets of this deployment are not readable ({places}); nothing was done. "
        raise BudgetsFileError(message + "Deploy the stack again.") from None


@cache
def _form() -> TypeAdapter[Policy]:
    return TypeAdapter(Policy)
